// Group normalisation of images x [N, pixels, C], whose channels make groups of `group` neighbours, tile family: a
// work-group normalises one group of one image. Its items stand in `columns` columns, a power of two: item i does
// channels i % columns, and so many further on, of every pixel of its turn.
//
// The variance takes a second pass and a correction for the rounding of the mean, so that a large mean does not cost it
// its digits.
#include "group_sum.cl"

// What a work-item does of its group of channels.
typedef struct {
  int first;          // of the image's first pixel, where the group's first channel is in x
  int column, pixel;  // its first channel and its first pixel
  int step;           // pixels from one of its pixels to the next
  int index;          // of the group among all
} group_item;

INLINE group_item find_group_item(const int pixels, const int C, const int group, const int columns) {
  const int id = (int)get_local_id(0), of_image = (int)get_group_id(0), image = (int)get_group_id(1);
  group_item item;
  item.first = image * pixels * C + of_image * group;
  item.column = id % columns;
  item.pixel = id / columns;
  item.step = (int)get_local_size(0) / columns;
  item.index = image * (C / group) + of_image;
  return item;
}

// Channel c of GROUP_SUM_ROWS pixels from `pixel` on; past the end those of the last one.
INLINE void load_pixels(
    float values[GROUP_SUM_ROWS], global const float *x, const group_item item, const int pixel, const int pixels,
    const int C, const int c) {
#pragma unroll
  for (int k = 0; k < GROUP_SUM_ROWS; k++) {
    values[k] = x[item.first + min(pixel + k * item.step, pixels - 1) * C + c];
  }
}

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, of which weight and bias [C] may be missing. Statistics
// [N, C / group, 2] hold the mean and 1 / sqrt(variance + epsilon) of each group.
// Work-group (i, n): group i of image n.
kernel void group_norm_forward_tile(
    global const float *x, global float *y, global const float *weight, global const float *bias,
    global float *statistics, int pixels, int C, int group, int columns, float epsilon, int has_weight, int has_bias) {
  local float room[GROUP_SUM_ITEMS];
  const group_item item = find_group_item(pixels, C, group, columns);
  const int first_channel = (int)get_group_id(0) * group;
  const float count = (float)pixels * (float)group;
  float values[GROUP_SUM_ROWS], sum = 0.0f, rest = 0.0f, squares = 0.0f;
  for (int c = item.column; c < group; c += columns) {
    for (int pixel = item.pixel; pixel < pixels; pixel += GROUP_SUM_ROWS * item.step) {
      load_pixels(values, x, item, pixel, pixels, C, c);
#pragma unroll
      for (int k = 0; k < GROUP_SUM_ROWS; k++) sum += pixel + k * item.step < pixels ? values[k] : 0.0f;
    }
  }
  const float rough = sum_group(room, sum) / count;
  for (int c = item.column; c < group; c += columns) {
    for (int pixel = item.pixel; pixel < pixels; pixel += GROUP_SUM_ROWS * item.step) {
      load_pixels(values, x, item, pixel, pixels, C, c);
#pragma unroll
      for (int k = 0; k < GROUP_SUM_ROWS; k++) {
        const float d = pixel + k * item.step < pixels ? values[k] - rough : 0.0f;
        rest += d;
        squares = MULTIPLY_ADD(d, d, squares);
      }
    }
  }
  rest = sum_group(room, rest);
  squares = sum_group(room, squares);
  const float correction = rest / count, mean = rough + correction;
  const float scale = 1.0f / sqrt((squares - rest * correction) / count + epsilon);
  if (get_local_id(0) == 0) {
    statistics[item.index * 2] = mean;
    statistics[item.index * 2 + 1] = scale;
  }
  for (int c = item.column; c < group; c += columns) {
    const float factor = has_weight ? scale * weight[first_channel + c] : scale;
    const float shift = has_bias ? bias[first_channel + c] : 0.0f;
    for (int pixel = item.pixel; pixel < pixels; pixel += GROUP_SUM_ROWS * item.step) {
      load_pixels(values, x, item, pixel, pixels, C, c);
#pragma unroll
      for (int k = 0; k < GROUP_SUM_ROWS; k++) {
        const int at = pixel + k * item.step;
        if (at < pixels) y[item.first + at * C + c] = MULTIPLY_ADD(values[k] - mean, factor, shift);
      }
    }
  }
}

// With z = (x - mean) * scale: the sums over the pixels of dy and of dy * z, both [N, C], and unless it is to be
// skipped dx = scale * (dy * weight - the means over the group of dy * weight and, times z, of dy * weight * z).
// Work-group (i, n): group i of image n.
kernel void group_norm_backward_tile(
    global const float *dy, global const float *x, global const float *weight, global const float *statistics,
    global float *dx, global float *sums, global float *products, int pixels, int C, int group, int columns,
    int has_weight, int wants_dx) {
  local float room[GROUP_SUM_ITEMS];
  const group_item item = find_group_item(pixels, C, group, columns);
  const int id = (int)get_local_id(0), first_channel = (int)get_group_id(0) * group;
  const float count = (float)pixels * (float)group;
  const float mean = statistics[item.index * 2], scale = statistics[item.index * 2 + 1];
  float gradients[GROUP_SUM_ROWS], values[GROUP_SUM_ROWS], total = 0.0f, total_product = 0.0f;
  for (int begin = 0; begin < group; begin += columns) {
    // Items without a channel load the last one, and add nothing.
    const int is_inside = begin + item.column < group, c = min(begin + item.column, group - 1);
    float sum = 0.0f, product = 0.0f;
    for (int pixel = item.pixel; pixel < pixels; pixel += GROUP_SUM_ROWS * item.step) {
      load_pixels(gradients, dy, item, pixel, pixels, C, c);
      load_pixels(values, x, item, pixel, pixels, C, c);
#pragma unroll
      for (int k = 0; k < GROUP_SUM_ROWS; k++) {
        const float g = pixel + k * item.step < pixels ? gradients[k] : 0.0f;
        sum += g;
        product = MULTIPLY_ADD(g, (values[k] - mean) * scale, product);
      }
    }
    sum = sum_columns(room, sum, columns);
    product = sum_columns(room, product, columns);
    if (id < columns && is_inside) {
      const int to = (int)get_group_id(1) * C + first_channel + c;
      sums[to] = sum;
      products[to] = product;
      const float w = has_weight ? weight[first_channel + c] : 1.0f;
      total = MULTIPLY_ADD(sum, w, total);
      total_product = MULTIPLY_ADD(product, w, total_product);
    }
  }
  const float a = sum_group(room, total) / count, b = sum_group(room, total_product) / count;
  if (!wants_dx) return;
  for (int c = item.column; c < group; c += columns) {
    const float w = has_weight ? weight[first_channel + c] : 1.0f;
    for (int pixel = item.pixel; pixel < pixels; pixel += GROUP_SUM_ROWS * item.step) {
      load_pixels(gradients, dy, item, pixel, pixels, C, c);
      load_pixels(values, x, item, pixel, pixels, C, c);
#pragma unroll
      for (int k = 0; k < GROUP_SUM_ROWS; k++) {
        const int at = pixel + k * item.step;
        const float d = (MULTIPLY_ADD(gradients[k], w, -a) - (values[k] - mean) * scale * b) * scale;
        if (at < pixels) dx[item.first + at * C + c] = d;
      }
    }
  }
}

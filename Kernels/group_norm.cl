// Group normalisation of images x [N, pixels, C], whose channels make groups of `group` neighbours: each group of each
// image is normalised by its own mean and variance.
//
// A work-item does groups of one image, as many as fit in 16 lanes, or one that is larger. It sums over the pixels in
// 16 lanes, channel i of the item in lane i mod 16, whatever the vector's width, and then over the lanes of each
// group. The variance takes a second pass and a correction for the rounding of the mean, so that a large mean does
// not cost it its digits.
#include "common.cl"

// What a work-item does: `channels` of an image from `start` on; lanes of `size` belong to one group.
typedef struct {
  int start, image, channels, size;
  int at;  // of the first channel of the first pixel in x
} group_item;

// The item of a work-item; without channels past the end of the grid.
INLINE group_item find_group_item(int N, int pixels, int C, int group) {
  group_item item;
  const int most = group < SUM_LANES ? SUM_LANES / group * group : group;
  item.start = (int)get_global_id(0) * most;
  item.image = (int)get_global_id(1);
  item.channels = item.image < N ? min(most, C - item.start) : 0;
  item.size = min(group, SUM_LANES);
  item.at = item.channels > 0 ? item.image * pixels * C + item.start : 0;
  return item;
}

// The first n elements of v, zeros behind them.
INLINE floatv first_elements(floatv v, int n) {
  if (n >= VECTOR_WIDTH) return v;
  float lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = max(0, n); i < VECTOR_WIDTH; i++) lanes[i] = 0.0f;
  return LOADV(lanes);
}

// Each of 16 lanes becomes the sum over its group, `size` lanes, halves first.
INLINE void sum_groups(floatv *lanes, int size) {
  float values[SUM_LANES];
  for (int v = 0; v < SUM_VECTORS; v++) STOREV(lanes[v], values + v * VECTOR_WIDTH);
  for (int first = 0; first < SUM_LANES; first += size) {
    float tree[SUM_LANES];
    const int count = min(size, SUM_LANES - first);
    for (int i = 0; i < SUM_LANES; i++) tree[i] = i < count ? values[first + i] : 0.0f;
    for (int gap = SUM_LANES / 2; gap > 0; gap /= 2) {
      for (int i = 0; i < gap; i++) tree[i] += tree[i + gap];
    }
    for (int i = 0; i < count; i++) values[first + i] = tree[0];
  }
  for (int v = 0; v < SUM_VECTORS; v++) lanes[v] = LOADV(values + v * VECTOR_WIDTH);
}

// The numbers of the item's groups in an array [N, C / group, 2], one for each lane; which: 0 the mean, 1 what
// deviations from it are multiplied by.
INLINE void load_groups(floatv *lanes, global const float *statistics, group_item item, int C, int group, int which) {
  const int first = (item.image * C + item.start) / group, count = item.channels / group;
  float values[SUM_LANES];
  for (int i = 0; i < SUM_LANES; i++) values[i] = statistics[(first + min(i / item.size, count - 1)) * 2 + which];
  for (int v = 0; v < SUM_VECTORS; v++) lanes[v] = LOADV(values + v * VECTOR_WIDTH);
}

INLINE void store_groups(
    const floatv *lanes, global float *statistics, group_item item, int C, int group, int which) {
  const int first = (item.image * C + item.start) / group, count = item.channels / group;
  float values[SUM_LANES];
  for (int v = 0; v < SUM_VECTORS; v++) STOREV(lanes[v], values + v * VECTOR_WIDTH);
  for (int i = 0; i < count; i++) statistics[(first + i) * 2 + which] = values[i * item.size];
}

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, of which weight and bias [C] may be missing. Statistics
// [N, C / group, 2] hold the mean and 1 / sqrt(variance + epsilon) of each group.
kernel void group_norm_forward(
    global const float *x, global float *y, global const float *weight, global const float *bias,
    global float *statistics, int N, int pixels, int C, int group, float epsilon, int has_weight, int has_bias) {
  const group_item item = find_group_item(N, pixels, C, group);
  if (item.channels <= 0) return;
  const float count = (float)pixels * (float)group;
  floatv mean[SUM_VECTORS], rest[SUM_VECTORS], squares[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) mean[v] = rest[v] = squares[v] = SPLAT(0.0f);
  for (int pixel = 0; pixel < pixels; pixel++) {
    global const float *in = x + item.at + pixel * C;
    for (int c = 0; c < item.channels; c += SUM_LANES) {
      for (int v = 0; v < SUM_VECTORS; v++) {
        const int at = c + v * VECTOR_WIDTH, n = item.channels - at;
        if (n > 0) mean[v] += load_part(in + at, n);
      }
    }
  }
  sum_groups(mean, item.size);
  for (int v = 0; v < SUM_VECTORS; v++) mean[v] /= count;
  for (int pixel = 0; pixel < pixels; pixel++) {
    global const float *in = x + item.at + pixel * C;
    for (int c = 0; c < item.channels; c += SUM_LANES) {
      for (int v = 0; v < SUM_VECTORS; v++) {
        const int at = c + v * VECTOR_WIDTH, n = item.channels - at;
        if (n <= 0) continue;
        const floatv d = first_elements(load_part(in + at, n) - mean[v], n);
        rest[v] += d;
        squares[v] = MULTIPLY_ADD(d, d, squares[v]);
      }
    }
  }
  sum_groups(rest, item.size);
  sum_groups(squares, item.size);
  floatv scale[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) {
    const floatv correction = rest[v] / count;
    mean[v] += correction;
    scale[v] = SPLAT(1.0f) / sqrt((squares[v] - rest[v] * correction) / count + epsilon);
  }
  store_groups(mean, statistics, item, C, group, 0);
  store_groups(scale, statistics, item, C, group, 1);
  for (int c = 0; c < item.channels; c += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = c + v * VECTOR_WIDTH, n = item.channels - at;
      if (n <= 0) continue;
      const floatv factor = has_weight ? scale[v] * load_part(weight + item.start + at, n) : scale[v];
      const floatv shift = has_bias ? load_part(bias + item.start + at, n) : SPLAT(0.0f);
      for (int pixel = 0; pixel < pixels; pixel++) {
        const int to = item.at + pixel * C + at;
        store_part(MULTIPLY_ADD(load_part(x + to, n) - mean[v], factor, shift), y + to, n);
      }
    }
  }
}

// With z = (x - mean) * scale: the sums over the pixels of dy and of dy * z, both [N, C], and unless it is to be
// skipped dx = scale * (dy * weight - the means over the group of dy * weight and, times z, of dy * weight * z).
kernel void group_norm_backward(
    global const float *dy, global const float *x, global const float *weight, global const float *statistics,
    global float *dx, global float *sums, global float *products, int N, int pixels, int C, int group, int has_weight,
    int wants_dx) {
  const group_item item = find_group_item(N, pixels, C, group);
  if (item.channels <= 0) return;
  const float count = (float)pixels * (float)group;
  floatv mean[SUM_VECTORS], scale[SUM_VECTORS], total[SUM_VECTORS], total_product[SUM_VECTORS];
  load_groups(mean, statistics, item, C, group, 0);
  load_groups(scale, statistics, item, C, group, 1);
  for (int v = 0; v < SUM_VECTORS; v++) total[v] = total_product[v] = SPLAT(0.0f);
  for (int c = 0; c < item.channels; c += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = c + v * VECTOR_WIDTH, n = item.channels - at;
      if (n <= 0) continue;
      floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
      for (int pixel = 0; pixel < pixels; pixel++) {
        const int from = item.at + pixel * C + at;
        const floatv g = load_part(dy + from, n);
        sum += g;
        product = MULTIPLY_ADD(g, (load_part(x + from, n) - mean[v]) * scale[v], product);
      }
      const int to = item.image * C + item.start + at;
      store_part(sum, sums + to, n);
      store_part(product, products + to, n);
      const floatv w = has_weight ? load_part(weight + item.start + at, n) : SPLAT(1.0f);
      total[v] = MULTIPLY_ADD(sum, w, total[v]);
      total_product[v] = MULTIPLY_ADD(product, w, total_product[v]);
    }
  }
  if (!wants_dx) return;
  sum_groups(total, item.size);
  sum_groups(total_product, item.size);
  for (int c = 0; c < item.channels; c += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = c + v * VECTOR_WIDTH, n = item.channels - at;
      if (n <= 0) continue;
      const floatv w = has_weight ? load_part(weight + item.start + at, n) : SPLAT(1.0f);
      const floatv a = total[v] / count, b = total_product[v] / count;
      for (int pixel = 0; pixel < pixels; pixel++) {
        const int to = item.at + pixel * C + at;
        const floatv z = (load_part(x + to, n) - mean[v]) * scale[v];
        store_part((MULTIPLY_ADD(load_part(dy + to, n), w, -a) - z * b) * scale[v], dx + to, n);
      }
    }
  }
}

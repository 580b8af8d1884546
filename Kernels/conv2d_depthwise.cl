// Depthwise convolutions: each channel has a filter of its own (as many groups as channels, in and out). Images,
// outputs and filters [KH, KW, C] hold the channels of a pixel side by side, so vectors are of channels and no sum
// crosses lanes. Sizes, strides, paddings and filters are pairs of height and width (common.cl).
//
// Memory bounds these passes: a work-item streams rows of all channels, and finds the rows around it in the cache.
// Filters of three columns, with stride and dilation 1 along a row, slide: each column of the input is loaded once and
// goes into the three outputs whose windows hold it, with the filter in registers. Others add tap by tap.
#include "activation.cl"

// The taps `first` ... `first + count - 1` of a filter's column that lie within an image.
typedef struct {
  int first, count;
} tap_range;

// Those of a window of `taps` rows whose first is row `top` of `height`.
INLINE tap_range taps_within(int top, int taps, int dilation, int height) {
  tap_range range;
  range.first = top < 0 ? (-top + dilation - 1) / dilation : 0;
  const int end = top < height ? min(taps, (height - 1 - top) / dilation + 1) : 0;
  range.count = max(0, end - range.first);
  return range;
}

// Whether a row's outputs slide over it: for whole vectors, and filters of three columns side by side.
INLINE int slides(int channels_left, int kernel_size, int stride, int dilation) {
  return channels_left >= VECTOR_WIDTH && WIDTH(kernel_size) == 3 && WIDTH(stride) == 1 && WIDTH(dilation) == 1;
}

// Calls a function whose last argument is a constant number of rows, at most three.
#define BY_ROWS(rows, function, ...)              \
  switch (rows) {                                 \
    case 1: function(__VA_ARGS__, 1); break;      \
    case 2: function(__VA_ARGS__, 2); break;      \
    case 3: function(__VA_ARGS__, 3); break;      \
  }

// A row of outputs c < out_width of VECTOR_WIDTH channels:
// y[c] = epilogue(bias + sum over r < rows, t < 3 of x[r][left + c + t] * w[r][t]), with zeros outside x.
// x_row and w_row lead from one row to the next, `channels` from one column of x to the next, w_column of w.
INLINE void slide_row(
    global const float *x, int x_row, global const float *w, int w_row, int w_column, floatv bias, global float *y,
    global const float *postactivation, int activation, float slope, int width, int out_width, int left, int channels,
    const int rows) {
  floatv filter[3][3];
#pragma unroll
  for (int r = 0; r < rows; r++) {
#pragma unroll
    for (int t = 0; t < 3; t++) filter[r][t] = LOADV(w + r * w_row + t * w_column);
  }
  // Column left + c + 2 of x is the last tap of output c, the middle one of c + 1 and the first of c + 2.
  floatv last = bias, middle = bias;
  for (int c = -2; c < out_width; c++) {
    const int column = left + c + 2;
    floatv first = bias;
    if (column >= 0 && column < width) {
#pragma unroll
      for (int r = 0; r < rows; r++) {
        const floatv value = LOADV(x + r * x_row + column * channels);
        last = MULTIPLY_ADD(value, filter[r][2], last);
        middle = MULTIPLY_ADD(value, filter[r][1], middle);
        first = MULTIPLY_ADD(value, filter[r][0], first);
      }
    }
    if (c >= 0) {
      const int at = c * channels;
      STOREV(apply_epilogue(last, postactivation + at, VECTOR_WIDTH, activation, slope), y + at);
    }
    last = middle;
    middle = first;
  }
}


// y = epilogue(convolution of x with w + bias), see activation.cl.
// Work-item (x, y): row x of y of image y, all channels.
kernel void conv2d_depthwise(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int size,
    int channels, int out_size, int kernel_size, int stride, int padding, int dilation,
    global const float *postactivation, int activation, float slope) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(out_size) || image >= batch) return;
  const int row_step = WIDTH(size) * channels, filter_step = WIDTH(kernel_size) * channels;
  const int top = row * HEIGHT(stride) - HEIGHT(padding);
  const tap_range taps = taps_within(top, HEIGHT(kernel_size), HEIGHT(dilation), HEIGHT(size));
  const int first_row = taps.count > 0 ? top + taps.first * HEIGHT(dilation) : 0;
  global const float *source = x + ((long)image * HEIGHT(size) + first_row) * row_step;
  global const float *filter = w + taps.first * filter_step;
  const long to = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * channels;
  for (int channel = 0; channel < channels; channel += VECTOR_WIDTH) {
    const int n = channels - channel;
    const floatv start = load_part(bias + channel, n);
    if (slides(n, kernel_size, stride, dilation) && taps.count > 0 && taps.count <= 3) {
      BY_ROWS(
          taps.count, slide_row, source + channel, HEIGHT(dilation) * row_step, filter + channel, filter_step, channels, start,
          y + to + channel, postactivation + to + channel, activation, slope, WIDTH(size), WIDTH(out_size),
          -WIDTH(padding), channels)
      continue;
    }
    for (int column = 0; column < WIDTH(out_size); column++) {
      const int left = column * WIDTH(stride) - WIDTH(padding);
      floatv sum = start;
      for (int i = 0; i < taps.count; i++) {
        global const float *from = source + i * HEIGHT(dilation) * row_step + channel;
        for (int j = 0; j < WIDTH(kernel_size); j++) {
          const int l = left + j * WIDTH(dilation);
          if (l < 0 || l >= WIDTH(size)) continue;
          const floatv tap = load_part(filter + i * filter_step + j * channels + channel, n);
          sum = MULTIPLY_ADD(load_part(from + l * channels, n), tap, sum);
        }
      }
      const long at = to + column * channels + channel;
      store_part(apply_epilogue(sum, postactivation + at, n, activation, slope), y + at, n);
    }
  }
}

// The row or column of y that tap `tap` takes a row or column of x to; -1 where it takes it to none.
INLINE int depthwise_target(int position, int tap, int stride, int padding, int dilation, int count) {
  const int distance = position + padding - tap * dilation;
  if (distance < 0) return -1;
  const int target = stride == 1 ? distance : distance / stride;
  return target < count && target * stride == distance ? target : -1;
}

// x = epilogue(transposed convolution of y with w + bias), see activation.cl. With stride 1 that is a convolution with
// the filter turned round.
// Work-item (x, y): row x of x of image y, all channels.
kernel void conv2d_depthwise_transposed(
    global const float *y, global const float *w, global const float *bias, global float *x, int batch, int size,
    int channels, int out_size, int kernel_size, int stride, int padding, int dilation,
    global const float *postactivation, int activation, float slope) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(size) || image >= batch) return;
  const int row_step = WIDTH(out_size) * channels, filter_step = WIDTH(kernel_size) * channels;
  global const float *source = y + (long)image * HEIGHT(out_size) * row_step;
  const long to = ((long)image * HEIGHT(size) + row) * WIDTH(size) * channels;
  // Of the filter turned round, whose last row is w's first.
  const int top = row + HEIGHT(padding) - (HEIGHT(kernel_size) - 1) * HEIGHT(dilation);
  const tap_range taps = taps_within(top, HEIGHT(kernel_size), HEIGHT(dilation), HEIGHT(out_size));
  const int is_dense = HEIGHT(stride) == 1 && taps.count > 0 && taps.count <= 3;
  for (int channel = 0; channel < channels; channel += VECTOR_WIDTH) {
    const int n = channels - channel;
    const floatv start = load_part(bias + channel, n);
    if (is_dense && slides(n, kernel_size, stride, dilation)) {
      BY_ROWS(
          taps.count, slide_row, source + (top + taps.first * HEIGHT(dilation)) * row_step + channel,
          HEIGHT(dilation) * row_step, w + (HEIGHT(kernel_size) - taps.first) * filter_step - channels + channel,
          -filter_step, -channels, start, x + to + channel, postactivation + to + channel, activation, slope,
          WIDTH(out_size), WIDTH(size), WIDTH(padding) - 2, channels)
      continue;
    }
    for (int column = 0; column < WIDTH(size); column++) {
      floatv sum = start;
      for (int i = 0; i < HEIGHT(kernel_size); i++) {
        const int h = depthwise_target(
            row, i, HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation), HEIGHT(out_size));
        if (h < 0) continue;
        for (int j = 0; j < WIDTH(kernel_size); j++) {
          const int l = depthwise_target(column, j, WIDTH(stride), WIDTH(padding), WIDTH(dilation), WIDTH(out_size));
          if (l < 0) continue;
          const floatv tap = load_part(w + i * filter_step + j * channels + channel, n);
          sum = MULTIPLY_ADD(load_part(source + h * row_step + l * channels + channel, n), tap, sum);
        }
      }
      const long at = to + column * channels + channel;
      store_part(apply_epilogue(sum, postactivation + at, n, activation, slope), x + at, n);
    }
  }
}

// Adds the column of x at `x` to the sums [r][t] of three taps a row: last, middle and first are the gradients of the
// outputs whose tap t = 2, 1 and 0 it is; those that are not there are not to be added.
INLINE void add_gradient_column(
    floatv sums[3][3], global const float *x, int x_row, floatv last, floatv middle, floatv first, const int has_last,
    const int has_middle, const int has_first, const int rows) {
#pragma unroll
  for (int r = 0; r < rows; r++) {
    const floatv value = LOADV(x + r * x_row);
    if (has_last) sums[r][2] = MULTIPLY_ADD(value, last, sums[r][2]);
    if (has_middle) sums[r][1] = MULTIPLY_ADD(value, middle, sums[r][1]);
    if (has_first) sums[r][0] = MULTIPLY_ADD(value, first, sums[r][0]);
  }
}

// dw[r][t] += sum over c < out_width of x[r][left + c + t] * dy[c] for r < rows, t < 3 and VECTOR_WIDTH channels, with
// zeros outside x. Steps between rows and columns are as in slide_row.
INLINE void slide_gradient_row(
    global const float *x, int x_row, global const float *dy, global float *dw, int w_row, int width, int out_width,
    int left, int channels, const int rows) {
  floatv sums[3][3];
#pragma unroll
  for (int r = 0; r < rows; r++) {
#pragma unroll
    for (int t = 0; t < 3; t++) sums[r][t] = LOADV(dw + r * w_row + t * channels);
  }
  // Column left + c + 2 of x is the last tap of output c, the middle one of c + 1 and the first of c + 2. All three are
  // there for begin <= c < end.
  const int begin = max(0, -left - 2), end = min(out_width, width - left) - 2;
  floatv last = SPLAT(0.0f), middle = SPLAT(0.0f);
  for (int c = -2; c < out_width; c++) {
    for (; c >= begin && c < end; c++) {
      const floatv first = LOADV(dy + (c + 2) * channels);
      add_gradient_column(sums, x + (left + c + 2) * channels, x_row, last, middle, first, 1, 1, 1, rows);
      last = middle;
      middle = first;
    }
    const int column = left + c + 2;
    const floatv first = c + 2 < out_width ? LOADV(dy + (c + 2) * channels) : SPLAT(0.0f);
    if (column >= 0 && column < width) {
      add_gradient_column(
          sums, x + column * channels, x_row, last, middle, first, c >= 0 && c < out_width,
          c + 1 >= 0 && c + 1 < out_width, c + 2 < out_width, rows);
    }
    last = middle;
    middle = first;
  }
#pragma unroll
  for (int r = 0; r < rows; r++) {
#pragma unroll
    for (int t = 0; t < 3; t++) STOREV(sums[r][t], dw + r * w_row + t * channels);
  }
}

// The same for a row of a filter of any width, stride and dilation, and the first n channels.
INLINE void add_gradient_row(
    global const float *x, global const float *dy, global float *dw, int width, int out_width, int kernel_width,
    int stride, int padding, int dilation, int channels, int n) {
  for (int j = 0; j < kernel_width; j++) {
    // The columns whose window has this tap within the image.
    const int offset = j * dilation - padding, room = width - 1 - offset;
    const int begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const int end = room < 0 ? 0 : min(out_width, room / stride + 1);
    floatv sum = load_part(dw + j * channels, n);
    for (int c = begin; c < end; c++) {
      const floatv value = load_part(x + (c * stride + offset) * channels, n);
      sum = MULTIPLY_ADD(value, load_part(dy + c * channels, n), sum);
    }
    store_part(sum, dw + j * channels, n);
  }
}

// The parts of the gradient of w, [parts, KH, KW, C], each from a share of the images. Sums are kept in dw, which the
// cache holds, and in registers along a row.
// Work-item x: part x.
kernel void conv2d_depthwise_weight_gradient(
    global const float *x, global const float *dy, global float *dw, int batch, int size, int channels, int out_size,
    int kernel_size, int stride, int padding, int dilation, int parts) {
  const int part = (int)get_global_id(0);
  if (part >= parts) return;
  const int row_step = WIDTH(size) * channels, out_step = WIDTH(out_size) * channels;
  const int tap_step = HEIGHT(dilation) * row_step, filter_step = WIDTH(kernel_size) * channels;
  global float *sums = dw + (long)part * HEIGHT(kernel_size) * filter_step;
  for (int i = 0; i < HEIGHT(kernel_size) * filter_step; i++) sums[i] = 0.0f;
  const int begin = (int)((long)batch * part / parts), end = (int)((long)batch * (part + 1) / parts);
  for (int image = begin; image < end; image++) {
    for (int row = 0; row < HEIGHT(out_size); row++) {
      const int top = row * HEIGHT(stride) - HEIGHT(padding);
      const tap_range taps = taps_within(top, HEIGHT(kernel_size), HEIGHT(dilation), HEIGHT(size));
      if (taps.count == 0) continue;
      const int first_row = top + taps.first * HEIGHT(dilation);
      for (int channel = 0; channel < channels; channel += VECTOR_WIDTH) {
        global const float *from = x + ((long)image * HEIGHT(size) + first_row) * row_step + channel;
        global const float *gradient = dy + ((long)image * HEIGHT(out_size) + row) * out_step + channel;
        global float *total = sums + taps.first * filter_step + channel;
        if (slides(channels - channel, kernel_size, stride, dilation) && taps.count <= 3) {
          BY_ROWS(
              taps.count, slide_gradient_row, from, tap_step, gradient, total, filter_step, WIDTH(size),
              WIDTH(out_size), -WIDTH(padding), channels)
          continue;
        }
        for (int i = 0; i < taps.count; i++) {
          add_gradient_row(
              from + i * tap_step, gradient, total + i * filter_step, WIDTH(size), WIDTH(out_size), WIDTH(kernel_size),
              WIDTH(stride), WIDTH(padding), WIDTH(dilation), channels, channels - channel);
        }
      }
    }
  }
}

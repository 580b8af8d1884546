// Pooling of images [N, H, W, C] over windows KH x KW with strides SH, SW and padding PH, PW; outputs are [N, HO, WO,
// C].
//
// A work-item computes VECTOR_WIDTH channels of one pixel. Dimension 0 of the grid counts the pixels of a row, and
// within them the vectors of channels; dimension 1 counts the rows of all images. Gradients gather: an input looks up
// the windows that cover it, in row order, so that sums have a fixed order and nothing is added atomically. For
// windows that tile the image, which neither overlap nor leave gaps nor touch padding (KH = SH, KW = SW), there are
// gradient kernels in which a work-item writes all inputs of a window.
//
// A window has at most POOL_NO_ARGMAX positions; the caller refuses larger ones.
#include "argmax.cl"

#define CHANNEL_VECTORS ((C + VECTOR_WIDTH - 1) / VECTOR_WIDTH)

// y = the largest value of each window, padding excluded, and its argmax, the position row * KW + column in the
// window, which is stored as `keep`, POOL_KEEP_..., says.
kernel void pool_max_forward(
    global const float *x, global float *y, global ushort *argmax, int N, int H, int W, int C, int HO, int WO, int KH,
    int KW, int SH, int SW, int PH, int PW, int keep) {
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= WO * CHANNEL_VECTORS || row >= N * HO) return;
  const int wo = column / CHANNEL_VECTORS, c = (column - wo * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / HO, ho = row - n * HO;
  const int top = ho * SH - PH, left = wo * SW - PW;
  const int first_row = max(0, -top), last_row = min(KH, H - top);
  const int first_column = max(0, -left), last_column = min(KW, W - left);
  const int channels = C - c;
  floatv largest = SPLAT(-INFINITY);
  intv position = (intv)(first_row * KW + first_column);
  for (int r = first_row; r < last_row; r++) {
    for (int s = first_column; s < last_column; s++) {
      const floatv v = load_columns(x + ((n * H + top + r) * W + left + s) * C + c, C, channels);
      update_max(v, r * KW + s, &largest, &position);
    }
  }
  const int at = (row * WO + wo) * C + c;
  store_columns(largest, y + at, C, channels);
  if (keep == POOL_KEEP_POSITIVE_ARGMAX) position = positive_argmax(largest, position);
  if (keep) store_argmax(position, argmax + at, channels);
}

// pool_max_forward for windows and strides of 2 without padding.
kernel void pool_max_forward_2x2(
    global const float *x, global float *y, global ushort *argmax, int N, int H, int W, int C, int HO, int WO,
    int keep) {
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= WO * CHANNEL_VECTORS || row >= N * HO) return;
  const int wo = column / CHANNEL_VECTORS, c = (column - wo * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / HO, ho = row - n * HO;
  const int channels = C - c;
  global const float *corner = x + ((n * H + 2 * ho) * W + 2 * wo) * C + c;
  floatv values[4];
  if (channels >= VECTOR_WIDTH) {
    values[0] = load_columns(corner, C, channels);
    values[1] = load_columns(corner + C, C, channels);
    values[2] = load_columns(corner + W * C, C, channels);
    values[3] = load_columns(corner + W * C + C, C, channels);
  } else {
    for (int k = 0; k < 4; k++) values[k] = load_columns(corner + ((k >> 1) * W + (k & 1)) * C, C, channels);
  }
  intv position;
  const floatv largest = max_of_four(values, &position);
  const int at = (row * WO + wo) * C + c;
  store_columns(largest, y + at, C, channels);
  if (keep == POOL_KEEP_POSITIVE_ARGMAX) position = positive_argmax(largest, position);
  if (keep) store_argmax(position, argmax + at, channels);
}

// Writes the gradients of the rows x columns inputs of one window; rows of the image are `pitch` apart.
INLINE void write_window(
    global float *corner, const floatv gradient, const intv position, const int pitch, const int C, const int channels,
    const int rows, const int columns, const int KW) {
  if (KW == 2 && rows == 2 && columns == 2 && channels >= VECTOR_WIDTH) {
    store_columns(CHOOSEV(position == 0, gradient, SPLAT(0.0f)), corner, C, channels);
    store_columns(CHOOSEV(position == 1, gradient, SPLAT(0.0f)), corner + C, C, channels);
    store_columns(CHOOSEV(position == 2, gradient, SPLAT(0.0f)), corner + pitch, C, channels);
    store_columns(CHOOSEV(position == 3, gradient, SPLAT(0.0f)), corner + pitch + C, C, channels);
    return;
  }
  for (int r = 0; r < rows; r++) {
    for (int s = 0; s < columns; s++) {
      store_columns(CHOOSEV(position == r * KW + s, gradient, SPLAT(0.0f)), corner + r * pitch + s * C, C, channels);
    }
  }
}

// dx = the sum of dy over the windows whose argmax this input is.
kernel void pool_max_backward(
    global const float *dy, global const ushort *argmax, global float *dx, int N, int H, int W, int C, int HO, int WO,
    int KH, int KW, int SH, int SW, int PH, int PW) {
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= W * CHANNEL_VECTORS || row >= N * H) return;
  const int w = column / CHANNEL_VECTORS, c = (column - w * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / H, h = row - n * H;
  const int channels = C - c;
  // Windows that begin at or before this input and end at or behind it.
  const int last_row = min(HO - 1, (h + PH) / SH), last_column = min(WO - 1, (w + PW) / SW);
  const int first_row = max(0, h + PH - KH + SH) / SH, first_column = max(0, w + PW - KW + SW) / SW;
  floatv sum = SPLAT(0.0f);
  for (int ho = first_row; ho <= last_row; ho++) {
    for (int wo = first_column; wo <= last_column; wo++) {
      const int at = ((n * HO + ho) * WO + wo) * C + c;
      const int position = (h + PH - ho * SH) * KW + w + PW - wo * SW;
      const intv is_argmax = load_argmax(argmax + at, channels) == position;
      sum += CHOOSEV(is_argmax, load_columns(dy + at, C, channels), SPLAT(0.0f));
    }
  }
  store_columns(sum, dx + (row * W + w) * C + c, C, channels);
}

// pool_max_backward of dy * scale for windows that tile the image; inputs past the last whole window get zero.
// Work-item (x, y): vectors of channels x * columns ..< (x + 1) * columns of row y of windows. The grid covers
// ceil(H / KH) x ceil(W / KW) windows.
kernel void pool_max_backward_tiling(
    global const float *dy, global const ushort *argmax, global float *dx, int N, int H, int W, int C, int HO, int WO,
    int KH, int KW, int columns, float scale) {
  const int window_rows = (H + KH - 1) / KH, row_columns = (W + KW - 1) / KW * CHANNEL_VECTORS;
  const int first = (int)get_global_id(0) * columns, row = (int)get_global_id(1);
  if (first >= row_columns || row >= N * window_rows) return;
  const int n = row / window_rows, ho = row - n * window_rows;
  int wo = first / CHANNEL_VECTORS, c = (first - wo * CHANNEL_VECTORS) * VECTOR_WIDTH;
  for (int column = first; column < min(row_columns, first + columns); column++) {
    const int channels = C - c;
    floatv gradient = SPLAT(0.0f);
    intv position = (intv)(-1);
    if (ho < HO && wo < WO) {
      const int at = ((n * HO + ho) * WO + wo) * C + c;
      gradient = load_columns(dy + at, C, channels) * scale;
      position = load_argmax(argmax + at, channels);
    }
    write_window(
        dx + ((n * H + ho * KH) * W + wo * KW) * C + c, gradient, position, W * C, C, channels,
        min(KH, H - ho * KH), min(KW, W - wo * KW), KW);
    c += VECTOR_WIDTH;
    if (c >= C) c = 0, wo++;
  }
}

// The number of elements that an average divides by: all of the window, or those that are not padding.
INLINE float pool_divisor(
    int ho, int wo, int H, int W, int KH, int KW, int SH, int SW, int PH, int PW, int count_padding) {
  // In floats: a window that is mostly padding may have more positions than an int counts.
  if (count_padding) return (float)KH * (float)KW;
  const int top = ho * SH - PH, left = wo * SW - PW;
  return (float)((min(KH, H - top) - max(0, -top)) * (min(KW, W - left) - max(0, -left)));
}

// y = the average of each window.
kernel void pool_average_forward(
    global const float *x, global float *y, int N, int H, int W, int C, int HO, int WO, int KH, int KW, int SH, int SW,
    int PH, int PW, int count_padding) {
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= WO * CHANNEL_VECTORS || row >= N * HO) return;
  const int wo = column / CHANNEL_VECTORS, c = (column - wo * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / HO, ho = row - n * HO;
  const int top = ho * SH - PH, left = wo * SW - PW;
  const int first_row = max(0, -top), last_row = min(KH, H - top);
  const int first_column = max(0, -left), last_column = min(KW, W - left);
  const int channels = C - c;
  floatv sum = SPLAT(0.0f);
  for (int r = first_row; r < last_row; r++) {
    for (int s = first_column; s < last_column; s++) {
      sum += load_columns(x + ((n * H + top + r) * W + left + s) * C + c, C, channels);
    }
  }
  const float divisor = pool_divisor(ho, wo, H, W, KH, KW, SH, SW, PH, PW, count_padding);
  store_columns(sum / divisor, y + (row * WO + wo) * C + c, C, channels);
}

// dx = the sum of dy / divisor over the windows that cover this input.
kernel void pool_average_backward(
    global const float *dy, global float *dx, int N, int H, int W, int C, int HO, int WO, int KH, int KW, int SH,
    int SW, int PH, int PW, int count_padding) {
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= W * CHANNEL_VECTORS || row >= N * H) return;
  const int w = column / CHANNEL_VECTORS, c = (column - w * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / H, h = row - n * H;
  const int channels = C - c;
  const int last_row = min(HO - 1, (h + PH) / SH), last_column = min(WO - 1, (w + PW) / SW);
  const int first_row = max(0, h + PH - KH + SH) / SH, first_column = max(0, w + PW - KW + SW) / SW;
  floatv sum = SPLAT(0.0f);
  for (int ho = first_row; ho <= last_row; ho++) {
    for (int wo = first_column; wo <= last_column; wo++) {
      const float divisor = pool_divisor(ho, wo, H, W, KH, KW, SH, SW, PH, PW, count_padding);
      sum += load_columns(dy + ((n * HO + ho) * WO + wo) * C + c, C, channels) / divisor;
    }
  }
  store_columns(sum, dx + (row * W + w) * C + c, C, channels);
}

// pool_average_backward for windows that tile the image, one a work-item, as in pool_max_backward_tiling.
kernel void pool_average_backward_tiling(
    global const float *dy, global float *dx, int N, int H, int W, int C, int HO, int WO, int KH, int KW) {
  const int window_rows = (H + KH - 1) / KH, window_columns = (W + KW - 1) / KW;
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= window_columns * CHANNEL_VECTORS || row >= N * window_rows) return;
  const int wo = column / CHANNEL_VECTORS, c = (column - wo * CHANNEL_VECTORS) * VECTOR_WIDTH;
  const int n = row / window_rows, ho = row - n * window_rows;
  const int channels = C - c;
  floatv gradient = SPLAT(0.0f);
  if (ho < HO && wo < WO) {
    gradient = load_columns(dy + ((n * HO + ho) * WO + wo) * C + c, C, channels) / (float)(KH * KW);
  }
  const int rows = min(KH, H - ho * KH), columns = min(KW, W - wo * KW);
  for (int r = 0; r < rows; r++) {
    for (int s = 0; s < columns; s++) {
      store_columns(gradient, dx + ((n * H + ho * KH + r) * W + wo * KW + s) * C + c, C, channels);
    }
  }
}

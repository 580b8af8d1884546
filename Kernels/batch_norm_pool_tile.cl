// Batch normalisation, its activation, and 2 x 2 pooling in one pass, tile family: what batch_norm_pool.cl describes. A
// work-item computes VECTOR_WIDTH channels of one window, whose inputs it loads before it stores the first output.
#include "argmax.cl"
#include "norm_columns.cl"

#define WINDOWS 2  // that a work-item of batch_norm_average_chunk_gradients_tile loads at once

// A work-item's window: `columns` windows a row, `window_rows` rows of them an image. Dimension 0 of the grid counts the
// vectors of channels of a row of windows, dimension 1 the rows of all images.
typedef struct {
  column_item item;
  int n, ho, wo;
} window_item;

INLINE window_item find_window(const int N, const int C, const int window_rows, const int columns) {
  const int vectors = (C + VECTOR_WIDTH - 1) / VECTOR_WIDTH;
  const int x = (int)get_global_id(0), row = (int)get_global_id(1);
  window_item window;
  window.wo = x / vectors;
  window.n = row / window_rows;
  window.ho = row - window.n * window_rows;
  window.item.c = (x - window.wo * vectors) * VECTOR_WIDTH;
  window.item.channels = row < N * window_rows && window.wo < columns ? C - window.item.c : 0;
  window.item.row = window.item.end = window.item.step = 0;
  return window;
}

// The four inputs of window (ho, wo) of image n in row order; those past the edge are others of the image.
INLINE void load_window(
    floatv values[4], global const float *x, const int H, const int W, const int C, const column_item item, const int n,
    const int ho, const int wo) {
  int rows[4];
#pragma unroll
  for (int k = 0; k < 4; k++) rows[k] = (n * H + min(2 * ho + (k >> 1), H - 1)) * W + min(2 * wo + (k & 1), W - 1);
  load_rows_at(values, x, C, item, rows);
}

// y = the largest value of each window or, where `average` is 1, the mean. Where `keep` is 1, the argmax and x there,
// in `selected`, are stored, for the gradient.
kernel void batch_norm_pool_forward_tile(
    global const float *x, global float *y, global ushort *argmax, global float *selected, global const float *mean,
    global const float *variance, global const float *weight, global const float *bias, int N, int H, int W, int C,
    float epsilon, int activation, float slope, int average, int keep) {
  const int HO = H / 2, WO = W / 2;
  const window_item window = find_window(N, C, HO, WO);
  const column_item item = window.item;
  if (item.channels <= 0) return;
  floatv inputs[4], values[4];
  load_window(inputs, x, H, W, C, item, window.n, window.ho, window.wo);
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
#pragma unroll
  for (int k = 0; k < 4; k++) {
    values[k] = activate(MULTIPLY_ADD(inputs[k] - norm.mean, norm.factor, norm.shift), activation, slope);
  }
  const int at = ((window.n * HO + window.ho) * WO + window.wo) * C + item.c;
  if (average) {
    store_columns((values[0] + values[1] + values[2] + values[3]) * 0.25f, y + at, C, item.channels);
    return;
  }
  intv position;
  const floatv largest = max_of_four(values, &position);
  store_columns(largest, y + at, C, item.channels);
  if (!keep) return;
  store_columns(select_of_four(inputs, position), selected + at, C, item.channels);
  store_argmax(position, argmax + at, item.channels);
}

// sums, products [chunks, C] for average-pooling, from the pooled dy, over chunks of windows: see
// batch_norm_average_chunk_gradients.
// Work-group (i, j): `vectors` vectors of channels from i * vectors on, of chunk j.
kernel void batch_norm_average_chunk_gradients_tile(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global float *sums, global float *products, int windows,
    int H, int W, int C, int windows_per_chunk, int vectors, float epsilon, int activation, float slope) {
  local floatv room[GROUP_SUM_ITEMS];
  const column_item item = find_column_item(windows, C, windows_per_chunk, vectors);
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
  const int HO = H / 2, WO = W / 2, c = item.channels > 0 ? item.c : 0;
  floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
  for (int first = item.row; first < item.end; first += WINDOWS * item.step) {
    floatv shares[WINDOWS], values[WINDOWS][4];
#pragma unroll
    for (int i = 0; i < WINDOWS; i++) {
      const int at = min(first + i * item.step, item.end - 1), row = at / WO, n = row / HO;
      shares[i] = load_columns(dy + at * C + c, C, C - c);
      load_window(values[i], x, H, W, C, item, n, row - n * HO, at - row * WO);
    }
#pragma unroll
    for (int i = 0; i < WINDOWS; i++) {
      const floatv share = first + i * item.step < item.end ? shares[i] * 0.25f : SPLAT(0.0f);
#pragma unroll
      for (int k = 0; k < 4; k++) {
        const floatv centred = values[i][k] - norm.mean;
        const floatv g = preactivation_gradient(share, centred, norm.factor, norm.shift, activation, slope);
        sum += g;
        product = MULTIPLY_ADD(g, centred, product);
      }
    }
  }
  store_chunk_gradients(room, sum, product, sums, products, C, item, variance, epsilon, vectors);
}

// batch_norm_backward from the pooled dy. Windows are ceil(H / 2) x ceil(W / 2) an image; inputs past the last whole
// window have no gradient from the pooling.
// Work-group (i, j): `vectors` vectors of channels from i * vectors on, of every so many windows.
kernel void batch_norm_pool_backward_tile(
    global const float *dy, global const ushort *argmax, global const float *x, global const float *mean,
    global const float *variance, global const float *weight, global const float *bias, global const float *sums,
    global const float *products, int chunks, global float *dx, int N, int H, int W, int C, int vectors, float epsilon,
    int activation, float slope, int average) {
  local floatv room[GROUP_SUM_ITEMS];
  const int HO = H / 2, WO = W / 2, down = (H + 1) / 2, across = (W + 1) / 2, windows = N * down * across;
  const norm_item mine = find_gradient_item(windows, C, 1, vectors);
  const column_item item = mine.item;
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
  floatv mean_gradient, slope_gradient;
  sum_means(
      &mean_gradient, &slope_gradient, room, sums, products, chunks, C, item, norm, vectors, (float)(N * H * W));
  for (int window = item.row; window < item.end; window += mine.turn) {
    const int row = window / across, wo = window - row * across, n = row / down, ho = row - n * down;
    floatv gradient = SPLAT(0.0f);
    intv position = (intv)(-1);
    if (ho < HO && wo < WO) {
      const int at = ((n * HO + ho) * WO + wo) * C + item.c;
      gradient = load_columns(dy + at, C, item.channels);
      if (average) gradient *= 0.25f;
      else position = load_argmax(argmax + at, item.channels);
    }
#pragma unroll 1
    for (int h = 2 * ho; h < min(2 * ho + 2, H); h++) {
      // Of four inputs only the first two are used, and loaded.
      const int first = (n * H + h) * W + 2 * wo, next = first + (2 * wo + 1 < W);
      const int rows[4] = {first, next, next, next};
      floatv inputs[4];
      load_rows_at(inputs, x, C, item, rows);
#pragma unroll
      for (int k = 0; k < 2; k++) {
        const floatv centred = inputs[k] - norm.mean;
        floatv g = average ? gradient : CHOOSEV(position == 2 * (h - 2 * ho) + k, gradient, SPLAT(0.0f));
        g = preactivation_gradient(g, centred, norm.factor, norm.shift, activation, slope);
        const floatv d = (g - mean_gradient - centred * slope_gradient) * norm.factor;
        if (2 * wo + k < W) store_columns(d, dx + (first + k) * C + item.c, C, item.channels);
      }
    }
  }
}

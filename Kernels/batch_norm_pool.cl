// Batch normalisation, its activation, and 2 x 2 pooling in one pass: the normalised image, four times the size of the
// pooled one, is never in memory, nor is its gradient. The statistics are those of batch_norm.cl.
//
// Images are [N, H, W, C], pooled ones [N, H / 2, W / 2, C]. A work-item computes VECTOR_WIDTH channels (dimension 0
// of the grid), forward and backward of a row of windows (dimension 1, which counts those of all images).
#include "activation.cl"
#include "argmax.cl"

// The offset in x of element k of a window, in row order, from the first.
#define WINDOW_ELEMENT(k) (((k) >> 1) * W * C + ((k) & 1) * C)

// y = the largest value of each window or, where `average` is 1, the mean. Where `keep` is 1, the argmax and x there,
// in `selected`, are stored, for the gradient.
kernel void batch_norm_pool_forward(
    global const float *x, global float *y, global ushort *argmax, global float *selected, global const float *mean,
    global const float *variance, global const float *weight, global const float *bias, int N, int H, int W, int C,
    float epsilon, int activation, float slope, int average, int keep) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1);
  const int HO = H / 2, WO = W / 2, channels = C - c;
  if (channels <= 0 || row >= N * HO) return;
  const int n = row / HO, ho = row - n * HO;
  const floatv m = load_part(mean + c, channels), shift = load_part(bias + c, channels);
  const floatv factor = load_part(weight + c, channels) / sqrt(load_part(variance + c, channels) + epsilon);
  for (int wo = 0; wo < WO; wo++) {
    global const float *corner = x + ((n * H + 2 * ho) * W + 2 * wo) * C + c;
    floatv inputs[4], values[4];
#pragma unroll
    for (int k = 0; k < 4; k++) {
      inputs[k] = load_part(corner + WINDOW_ELEMENT(k), channels);
      values[k] = activate(MULTIPLY_ADD(inputs[k] - m, factor, shift), activation, slope);
    }
    const int at = (row * WO + wo) * C + c;
    if (average) {
      store_part((values[0] + values[1] + values[2] + values[3]) * 0.25f, y + at, channels);
      continue;
    }
    intv position;
    const floatv largest = max_of_four(values, &position);
    store_part(largest, y + at, channels);
    if (!keep) continue;
    store_part(select_of_four(inputs, position), selected + at, channels);
    store_argmax(position, argmax + at, channels);
  }
}

// batch_norm_chunk_gradients for average-pooling, from the pooled dy, over chunks of windows, of which there are
// `windows`. For max-pooling, batch_norm_chunk_gradients itself takes `selected` for x: the rest of a window has no
// gradient.
kernel void batch_norm_average_chunk_gradients(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global float *sums, global float *products, int windows,
    int H, int W, int C, int windows_per_chunk, float epsilon, int activation, float slope) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int channels = C - c, first = chunk * windows_per_chunk;
  if (channels <= 0 || first >= windows) return;
  const int end = min(windows, first + windows_per_chunk);
  const int HO = H / 2, WO = W / 2;
  const floatv m = load_part(mean + c, channels), shift = load_part(bias + c, channels);
  const floatv factor = load_part(weight + c, channels) / sqrt(load_part(variance + c, channels) + epsilon);
  floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
  for (int window = first; window < end; window++) {
    const int row = window / WO, wo = window - row * WO;
    const int n = row / HO, ho = row - n * HO;
    global const float *corner = x + ((n * H + 2 * ho) * W + 2 * wo) * C + c;
    const floatv share = load_part(dy + window * C + c, channels) * 0.25f;
#pragma unroll
    for (int k = 0; k < 4; k++) {
      const floatv centred = load_part(corner + WINDOW_ELEMENT(k), channels) - m;
      const floatv g = preactivation_gradient(share, centred, factor, shift, activation, slope);
      sum += g;
      product = MULTIPLY_ADD(g, centred, product);
    }
  }
  store_part(sum, sums + chunk * C + c, channels);
  store_part(product, products + chunk * C + c, channels);
}

// batch_norm_backward from the pooled dy. Dimension 1 of the grid counts ceil(H / 2) rows of windows an image; inputs
// past the last whole window have no gradient from the pooling.
kernel void batch_norm_pool_backward(
    global const float *dy, global const ushort *argmax, global const float *x, global const float *mean,
    global const float *variance, global const float *weight, global const float *bias, global const float *totals,
    global float *dx, int N, int H, int W, int C, float epsilon, int training, int activation, float slope,
    int average) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1);
  const int HO = H / 2, WO = W / 2, channels = C - c;
  const int window_rows = (H + 1) / 2, window_columns = (W + 1) / 2;
  if (channels <= 0 || row >= N * window_rows) return;
  const int n = row / window_rows, ho = row - n * window_rows;
  const floatv m = load_part(mean + c, channels), square = load_part(variance + c, channels) + epsilon;
  const floatv factor = load_part(weight + c, channels) / sqrt(square), shift = load_part(bias + c, channels);
  floatv mean_gradient = SPLAT(0.0f), slope_gradient = SPLAT(0.0f);
  if (training) {
    const float rows = (float)(N * H * W);
    mean_gradient = load_part(totals + c, channels) / rows;
    slope_gradient = load_part(totals + C + c, channels) / (square * rows);
  }
  for (int wo = 0; wo < window_columns; wo++) {
    const int corner = ((n * H + 2 * ho) * W + 2 * wo) * C + c;
    floatv gradient = SPLAT(0.0f);
    intv position = (intv)(-1);
    if (ho < HO && wo < WO) {
      const int at = ((n * HO + ho) * WO + wo) * C + c;
      gradient = load_part(dy + at, channels);
      if (average) gradient *= 0.25f;
      else position = load_argmax(argmax + at, channels);
    }
#pragma unroll
    for (int k = 0; k < 4; k++) {
      if (2 * ho + (k >> 1) >= H || 2 * wo + (k & 1) >= W) continue;
      const int at = corner + WINDOW_ELEMENT(k);
      const floatv centred = load_part(x + at, channels) - m;
      floatv g = average ? gradient : CHOOSEV(position == k, gradient, SPLAT(0.0f));
      g = preactivation_gradient(g, centred, factor, shift, activation, slope);
      if (training) g = g - mean_gradient - centred * slope_gradient;
      store_part(g * factor, dx + at, channels);
    }
  }
}

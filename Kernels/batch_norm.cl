// Batch normalisation over the rows of x [rows, C]: all pixels of all images, with C channels.
//
// Statistics have two passes: over chunks of rows, whose length depends on the number of rows only, then over the
// chunks. A chunk's mean and M2, the sum of squared deviations from it, are computed in two passes over its rows, the
// second from the cache, with a correction for the rounding of the mean; chunks are combined after Chan, Golub and
// LeVeque (1983). So a large mean does not cost the variance its digits. A work-item computes VECTOR_WIDTH channels.
#include "activation.cl"
#include "batch_norm.h"

// means, m2 [chunks, C] = mean and M2 of each chunk.
kernel void batch_norm_chunk_statistics(
    global const float *x, global float *means, global float *m2, int rows, int C, int rows_per_chunk) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int channels = C - c, first = chunk * rows_per_chunk;
  if (channels <= 0 || first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  const float count = (float)(end - first);
  floatv sum = SPLAT(0.0f);
  for (int row = first; row < end; row++) sum += load_part(x + row * C + c, channels);
  const floatv mean = sum / count;
  floatv rest = SPLAT(0.0f), squares = SPLAT(0.0f);
  for (int row = first; row < end; row++) {
    const floatv d = load_part(x + row * C + c, channels) - mean;
    rest += d;
    squares = MULTIPLY_ADD(d, d, squares);
  }
  const floatv correction = rest / count;
  store_part(mean + correction, means + chunk * C + c, channels);
  store_part(squares - rest * correction, m2 + chunk * C + c, channels);
}

// mean, variance [C] = the mean and the biased variance, from the chunks; running statistics [C] are updated:
// running = (1 - momentum) * running + momentum * new, with the unbiased variance.
kernel void batch_norm_statistics(
    global const float *means, global const float *m2, global float *mean, global float *variance,
    global float *running_mean, global float *running_variance, int rows, int C, int rows_per_chunk, float momentum) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH;
  const int channels = C - c;
  if (channels <= 0) return;
  const int chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  const floatv origin = load_part(means + c, channels);
  floatv sum = SPLAT(0.0f);
  for (int i = 0; i < chunks; i++) {
    const float count = (float)(min(rows, (i + 1) * rows_per_chunk) - i * rows_per_chunk);
    sum = MULTIPLY_ADD(load_part(means + i * C + c, channels) - origin, SPLAT(count), sum);
  }
  const floatv m = origin + sum / (float)rows;
  floatv squares = SPLAT(0.0f);
  for (int i = 0; i < chunks; i++) {
    const float count = (float)(min(rows, (i + 1) * rows_per_chunk) - i * rows_per_chunk);
    const floatv d = load_part(means + i * C + c, channels) - m;
    squares += MULTIPLY_ADD(d * count, d, load_part(m2 + i * C + c, channels));
  }
  store_part(m, mean + c, channels);
  store_part(squares / (float)rows, variance + c, channels);
  const floatv unbiased = squares / (float)(rows - 1);
  const floatv old_mean = load_part(running_mean + c, channels);
  const floatv old_variance = load_part(running_variance + c, channels);
  store_part(MULTIPLY_ADD(m - old_mean, SPLAT(momentum), old_mean), running_mean + c, channels);
  store_part(MULTIPLY_ADD(unbiased - old_variance, SPLAT(momentum), old_variance), running_variance + c, channels);
}

// y = activation((x - mean) / sqrt(variance + epsilon) * weight + bias).
// Work-item (i, j): VECTOR_WIDTH channels i of BATCH_NORM_ROWS rows j.
kernel void batch_norm_forward(
    global const float *x, global float *y, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, int rows, int C, float epsilon, int activation, float slope) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, first = (int)get_global_id(1) * BATCH_NORM_ROWS;
  const int channels = C - c;
  if (channels <= 0 || first >= rows) return;
  const int end = min(rows, first + BATCH_NORM_ROWS);
  const floatv m = load_part(mean + c, channels), shift = load_part(bias + c, channels);
  const floatv factor = load_part(weight + c, channels) / sqrt(load_part(variance + c, channels) + epsilon);
  for (int row = first; row < end; row++) {
    const floatv v = MULTIPLY_ADD(load_part(x + row * C + c, channels) - m, factor, shift);
    store_part(activate(v, activation, slope), y + row * C + c, channels);
  }
}

// sums, products [chunks, C] = the sums over each chunk of g and of g * (x - mean), where g is dy * activation'.
kernel void batch_norm_chunk_gradients(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global float *sums, global float *products, int rows, int C,
    int rows_per_chunk, float epsilon, int activation, float slope) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int channels = C - c, first = chunk * rows_per_chunk;
  if (channels <= 0 || first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  const floatv m = load_part(mean + c, channels), shift = load_part(bias + c, channels);
  const floatv factor = load_part(weight + c, channels) / sqrt(load_part(variance + c, channels) + epsilon);
  floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
  for (int row = first; row < end; row++) {
    const int at = row * C + c;
    const floatv centred = load_part(x + at, channels) - m;
    const floatv g =
        preactivation_gradient(load_part(dy + at, channels), centred, factor, shift, activation, slope);
    sum += g;
    product = MULTIPLY_ADD(g, centred, product);
  }
  store_part(sum, sums + chunk * C + c, channels);
  store_part(product, products + chunk * C + c, channels);
}

// Combines the chunks: totals [2, C] = the sums of g and of g * (x - mean), for batch_norm_backward. The gradient of
// bias is the first, that of weight the second over sqrt(variance + epsilon); modes are BATCH_NORM_GRADIENT_....
kernel void batch_norm_parameter_gradients(
    global const float *sums, global const float *products, global const float *variance, global float *totals,
    global float *dweight, global float *dbias, int chunks, int C, float epsilon, int weight_mode, int bias_mode) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH;
  const int channels = C - c;
  if (channels <= 0) return;
  floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
  for (int i = 0; i < chunks; i++) {
    sum += load_part(sums + i * C + c, channels);
    product += load_part(products + i * C + c, channels);
  }
  store_part(sum, totals + c, channels);
  store_part(product, totals + C + c, channels);
  if (weight_mode != BATCH_NORM_GRADIENT_SKIP) {
    floatv d = product / sqrt(load_part(variance + c, channels) + epsilon);
    if (weight_mode == BATCH_NORM_GRADIENT_ADD) d += load_part(dweight + c, channels);
    store_part(d, dweight + c, channels);
  }
  if (bias_mode != BATCH_NORM_GRADIENT_SKIP) {
    floatv d = sum;
    if (bias_mode == BATCH_NORM_GRADIENT_ADD) d += load_part(dbias + c, channels);
    store_part(d, dbias + c, channels);
  }
}

// dx = weight / s * (g - mean of g - (x - mean) * mean of g * (x - mean) / s^2) with s^2 = variance + epsilon; in
// evaluation (training is 0), where mean and variance are constants, dx = weight / s * g.
kernel void batch_norm_backward(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global const float *totals, global float *dx, int rows,
    int C, float epsilon, int training, int activation, float slope) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, first = (int)get_global_id(1) * BATCH_NORM_ROWS;
  const int channels = C - c;
  if (channels <= 0 || first >= rows) return;
  const int end = min(rows, first + BATCH_NORM_ROWS);
  const floatv m = load_part(mean + c, channels), square = load_part(variance + c, channels) + epsilon;
  const floatv factor = load_part(weight + c, channels) / sqrt(square), shift = load_part(bias + c, channels);
  floatv mean_gradient = SPLAT(0.0f), slope_gradient = SPLAT(0.0f);
  if (training) {
    mean_gradient = load_part(totals + c, channels) / (float)rows;
    slope_gradient = load_part(totals + C + c, channels) / (square * (float)rows);
  }
  for (int row = first; row < end; row++) {
    const int at = row * C + c;
    const floatv centred = load_part(x + at, channels) - m;
    floatv g = preactivation_gradient(load_part(dy + at, channels), centred, factor, shift, activation, slope);
    if (training) g = g - mean_gradient - centred * slope_gradient;
    store_part(g * factor, dx + at, channels);
  }
}

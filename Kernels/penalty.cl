// Terms of a loss that layers add to it.
#include "activation.cl"
#include "normal.cl"
#include "penalty.h"
#include "philox_block.cl"
#include "step_values.h"

// terms = |x| * scale, and their derivatives by x. A work-item: VECTOR_WIDTH elements.
kernel void absolute_terms(global const float *x, global float *terms, global float *gradient, int count, float scale) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, n = count - first;
  if (n <= 0) return;
  const floatv v = load_aligned(x + first, n);
  const floatv sign = CHOOSEV(v < SPLAT(0.0f), SPLAT(-scale), SPLAT(scale));
  store_aligned(AS_FLOATV(AS_INTV(v) & 0x7fffffff) * scale, terms + first, n);
  store_aligned(CHOOSEV(v == SPLAT(0.0f), SPLAT(0.0f), CHOOSEV(v == v, sign, v)), gradient + first, n);
}

// Row r of z [rows, features] is drawn from the normal distribution that row r of x [rows, 2 * features] tells, means in
// front of logarithms of variances: z = mean + e^(log variance / 2) noise. terms [rows, features] = the Kullback-Leibler
// divergences from the standard normal distribution, (mean^2 + variance - 1 - log variance) / 2, times scale.
//
// The noise is the quantile at (number + 1/2) / 65536. Element e of a row takes number e % 8 of block e / 8 of
// Philox4x32-10 with the counter (block, row + 1, layer, step).
// Work-item (j, r) samples elements j * SAMPLED_ELEMENTS ..< (j + 1) * SAMPLED_ELEMENTS of row r.
kernel void sample_normal(
    global const float *x, global float *z, global float *terms, global const uint *step_values, int rows, int features,
    uint key0, uint key1, uint layer, float scale) {
  const int first = (int)get_global_id(0) * SAMPLED_ELEMENTS, row = (int)get_global_id(1);
  if (first >= features || row >= rows) return;
  uint numbers[SAMPLED_ELEMENTS];
  float noise[SAMPLED_ELEMENTS];
  const uint step = step_values[STEP_VALUE_DROPOUT];
#pragma unroll
  for (int i = 0; i < SAMPLED_ELEMENTS; i += PHILOX_BLOCK_NUMBERS) {
    draw_block(
        numbers + i, (uint)((first + i) / PHILOX_BLOCK_NUMBERS), (uint)row + 1u, layer, step, key0, key1);
  }
#pragma unroll
  for (int i = 0; i < SAMPLED_ELEMENTS; i++) noise[i] = (float)(2 * (int)numbers[i] - 65535) * 1.52587890625e-5f;
#pragma unroll
  for (int i = 0; i < SAMPLED_ELEMENTS; i += VECTOR_WIDTH) {
    const int at = first + i, n = features - at;
    if (n <= 0) break;
    global const float *from = x + row * 2 * features + at;
    const floatv mean = load_part(from, n), log_variance = load_part(from + features, n);
    const floatv deviation = expv(log_variance * 0.5f);
    const floatv squares = MULTIPLY_ADD(deviation, deviation, mean * mean);
    store_part(MULTIPLY_ADD(deviation, normal_quantile(LOADV(noise + i)), mean), z + row * features + at, n);
    store_part((squares - SPLAT(1.0f) - log_variance) * (0.5f * scale), terms + row * features + at, n);
  }
}

// dx from dz: the gradient of a mean is dz, that of the logarithm of a variance dz (z - mean) / 2.
// Work-item (j, r): VECTOR_WIDTH elements of row r.
kernel void sample_normal_gradient(
    global const float *dz, global const float *x, global const float *z, global float *dx, int rows, int features) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1), n = features - first;
  if (n <= 0 || row >= rows) return;
  global float *to = dx + row * 2 * features + first;
  const floatv mean = load_part(x + row * 2 * features + first, n);
  const floatv gradient = load_part(dz + row * features + first, n);
  const floatv sampled = load_part(z + row * features + first, n);
  store_part(gradient, to, n);
  store_part(0.5f * gradient * (sampled - mean), to + features, n);
}

// The derivatives of sample_normal's terms: mean * scale, and (variance - 1) / 2 * scale.
// Work-item (j, r): VECTOR_WIDTH elements of row r.
kernel void divergence_gradient(global const float *x, global float *dx, int rows, int features, float scale) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1), n = features - first;
  if (n <= 0 || row >= rows) return;
  global const float *from = x + row * 2 * features + first;
  global float *to = dx + row * 2 * features + first;
  store_part(load_part(from, n) * scale, to, n);
  store_part((expv(load_part(from + features, n)) - SPLAT(1.0f)) * (0.5f * scale), to + features, n);
}

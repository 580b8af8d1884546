// Clipping gradients by their norm.
#include "common.cl"

// Sums of squares of consecutive elements: work-item j sums x[j * length ..< (j + 1) * length]^2 into y[j].
kernel void square_sum(global const float *x, global float *y, int count, int length) {
  const int chunk = (int)get_global_id(0), first = chunk * length;
  if (first >= count) return;
  const int end = min(count, first + length);
  floatv sums[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = first; i < end; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH;
      if (at >= end) continue;
      const floatv part = load_part(x + at, end - at);
      sums[v] = MULTIPLY_ADD(part, part, sums[v]);
    }
  }
  y[chunk] = sum_lanes(sums);
}

// factor[0] = what gradients are multiplied by, so that their norm is at most `limit`: min(1, limit / (norm + 1e-6)), as
// torch has it. squares: the sums of the chunks' squares.
// Work-item: one does all.
kernel void clip_factor(global const float *squares, global float *factor, int chunks, float limit) {
  if (get_global_id(0) > 0) return;
  floatv sums[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = 0; i < chunks; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH;
      if (at < chunks) sums[v] += load_part(squares + at, chunks - at);
    }
  }
  factor[0] = fmin(1.0f, limit / (sqrt(sum_lanes(sums)) + 1e-6f));
}

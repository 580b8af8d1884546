// Clipping gradients by their norm.
#include "common.cl"

// x = x * min(1, limit / (norm + 1e-6)), as torch has it, where square_sum[0] is the norm's square. A work-item:
// VECTOR_WIDTH elements.
kernel void clip_to_norm(global float *x, global const float *square_sum, int count, float limit) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, n = count - first;
  if (n <= 0) return;
  const float factor = fmin(1.0f, limit / (sqrt(square_sum[0]) + 1e-6f));
  store_aligned(load_aligned(x + first, n) * factor, x + first, n);
}

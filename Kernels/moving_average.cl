// Running averages of parameters.
#include "common.cl"

// average = average + (x - average) * share. A work-item: VECTOR_WIDTH elements.
kernel void moving_average(global const float *x, global float *average, int count, float share) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, n = count - first;
  if (n <= 0) return;
  const floatv old = load_aligned(average + first, n);
  store_aligned(MULTIPLY_ADD(load_aligned(x + first, n) - old, SPLAT(share), old), average + first, n);
}

// Sums of all elements, tile family: over chunks, a work-group each, and then over the chunks.
#include "group_sum.cl"

// Sums of consecutive elements: work-group j sums x[j * length ..< (j + 1) * length] * scale into y[j]. VECTOR_WIDTH
// divides length.
kernel void chunk_sum_tile(global const float *x, global float *y, int count, int length, float scale, int accumulate) {
  local float room[GROUP_SUM_ITEMS];
  const int chunk = (int)get_group_id(0), first = chunk * length;
  const float sum = sum_group(room, sum_elements(x, first, min(count, first + length))) * scale;
  if (get_local_id(0) > 0) return;
  y[chunk] = accumulate ? y[chunk] + sum : sum;
}

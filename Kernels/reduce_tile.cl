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

// Sums of squares of consecutive elements: work-group j sums x[j * length ..< (j + 1) * length]^2 into y[j]. VECTOR_WIDTH
// divides length.
kernel void chunk_square_sum_tile(global const float *x, global float *y, int count, int length) {
  local float room[GROUP_SUM_ITEMS];
  const int id = (int)get_local_id(0), chunk = (int)get_group_id(0), step = (int)get_local_size(0) * VECTOR_WIDTH;
  const int first = chunk * length, end = min(count, first + length);
  floatv sums = SPLAT(0.0f);
#pragma unroll 4
  for (int at = first + id * VECTOR_WIDTH; at < end; at += step) {
    const floatv part = load_aligned(x + at, end - at);
    sums = MULTIPLY_ADD(part, part, sums);
  }
  const float sum = sum_group(room, (sums.x + sums.y) + (sums.z + sums.w));
  if (id == 0) y[chunk] = sum;
}

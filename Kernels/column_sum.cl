// Column sums of a matrix, for the gradients of biases, in two passes: over chunks of rows, then over the chunks. The
// length of a chunk depends on the number of rows only, so the order of additions is the same on every device and for
// any number of threads. add_parts is also the last pass of weight gradients that are summed in parts.
#include "common.cl"

// y [chunks, C] (+)= column sums of x [rows, C] over chunks of rows; `accumulate` adds to y.
// Work-item (i, j): VECTOR_WIDTH columns i of chunk j, in four interleaved sums.
kernel void column_sum(
    global const float *x, global float *y, int rows, int C, int rows_per_chunk, int accumulate) {
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int channels = C - c, first = chunk * rows_per_chunk;
  if (channels <= 0 || first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  floatv s0 = SPLAT(0.0f), s1 = SPLAT(0.0f), s2 = SPLAT(0.0f), s3 = SPLAT(0.0f);
  int row = first;
  for (; row + 4 <= end; row += 4) {
    global const float *p = x + row * C + c;
    s0 += load_part(p, channels);
    s1 += load_part(p + C, channels);
    s2 += load_part(p + 2 * C, channels);
    s3 += load_part(p + 3 * C, channels);
  }
  for (; row < end; row++) s0 += load_part(x + row * C + c, channels);
  floatv sum = (s0 + s1) + (s2 + s3);
  global float *to = y + chunk * C + c;
  if (accumulate) sum += load_part(to, channels);
  store_part(sum, to, channels);
}

// sum (+)= parts[0] + parts[1] + ..., in that order; parts are [part_count, count].
// Work-item: VECTOR_WIDTH elements.
kernel void add_parts(global const float *parts, global float *sum, int count, int part_count, int accumulate) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  floatv total = load_part(parts + first, n);
  for (int part = 1; part < part_count; part++) total += load_part(parts + (long)part * count + first, n);
  if (accumulate) total += load_part(sum + first, n);
  store_part(total, sum + first, n);
}

// Sums of all elements, and argmax of rows.
//
// A sum has two passes: over chunks of the input, then over the chunks. The length of a chunk depends on the input's
// size only, so the order of additions is the same on every device and for any number of threads.
#include "common.cl"

// Sums of consecutive elements: work-item j sums x[j * length ..< (j + 1) * length] * scale into y[j].
kernel void chunk_sum(global const float *x, global float *y, int count, int length, float scale, int accumulate) {
  const int chunk = (int)get_global_id(0), first = chunk * length;
  if (first >= count) return;
  const int end = min(count, first + length);
  floatv sums[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = first; i < end; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH;
      if (at < end) sums[v] += load_part(x + at, end - at);
    }
  }
  const float sum = sum_lanes(sums) * scale;
  y[chunk] = accumulate ? y[chunk] + sum : sum;
}

// Sums of squares of consecutive elements: work-item j sums x[j * length ..< (j + 1) * length]^2 into y[j].
kernel void chunk_square_sum(global const float *x, global float *y, int count, int length) {
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

// Argmax of a row of `columns` values: the first of equal ones; NaN counts as the largest.
INLINE int row_argmax(global const float *row, int columns) {
  int best = 0;
  float value = row[0];
  for (int c = 1; c < columns; c++) {
    const float v = row[c];
    if (v > value || (isnan(v) && !isnan(value))) {
      value = v;
      best = c;
    }
  }
  return best;
}

// index[r] = argmax of row r of x [rows, columns].
kernel void argmax(global const float *x, global int *index, int rows, int columns) {
  const int r = (int)get_global_id(0);
  if (r >= rows) return;
  index[r] = row_argmax(x + r * columns, columns);
}

// hits[j] = the number of rows of chunk j whose argmax is the label.
kernel void count_correct(
    global const float *x, global const int *labels, global int *hits, int rows, int columns, int rows_per_chunk) {
  const int chunk = (int)get_global_id(0), first = chunk * rows_per_chunk;
  if (first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  int sum = 0;
  for (int r = first; r < end; r++) sum += row_argmax(x + r * columns, columns) == labels[r] ? 1 : 0;
  hits[chunk] = sum;
}

// Column sums of a matrix, tile family, as column_sum.cl has them for the vector family: gradients of biases, and the
// parts of weight gradients added up. Over chunks of rows and then over the chunks, or at once.
#include "group_sum.cl"

// y [chunks, C] (+)= column sums of x [rows, C] over chunks of rows; `accumulate` adds to y.
// Work-group (i, j): `vectors` vectors of columns from i * vectors on, of chunk j.
kernel void column_sum_tile(
    global const float *x, global float *y, int rows, int C, int rows_per_chunk, int vectors, int accumulate) {
  local floatv room[GROUP_SUM_ITEMS];
  const column_item item = find_column_item(rows, C, rows_per_chunk, vectors);
  floatv sum = sum_items(room, sum_rows(x, C, item), vectors);
  if ((int)get_local_id(0) >= vectors || item.channels <= 0) return;
  global float *to = y + (int)get_group_id(1) * C + item.c;
  if (accumulate) sum += load_columns(to, C, item.channels);
  store_columns(sum, to, C, item.channels);
}

// Columns of one matrix put into another.
#include "common.cl"

// Columns to_first ..< to_first + columns of to [rows, to_columns] = columns from_first ..< from_first + columns of from
// [rows, from_columns]. Work-item (j, r): VECTOR_WIDTH elements of row r.
kernel void copy_columns(
    global const float *from, global float *to, int rows, int columns, int from_columns, int from_first, int to_columns,
    int to_first) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1), n = columns - first;
  if (n <= 0 || row >= rows) return;
  store_part(load_part(from + row * from_columns + from_first + first, n), to + row * to_columns + to_first + first, n);
}

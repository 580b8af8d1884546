// Sums over the rows of a matrix, for the gradients of biases, in two passes: parts of the rows, then the parts in their
// order. Add_parts also ends the other reductions in parts.

// partial[part][column] = the sum of x over rows part * part_rows ..< (part + 1) * part_rows.
// Work-item (x, y): VECTOR_WIDTH columns x, part y. A single column is summed along its length, in vectors.
kernel void column_sum(global const float *x, global float *partial, int rows, int columns, int part_rows) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH;
  const int first = (int)get_global_id(1) * part_rows;
  const int n = columns - column;
  if (n <= 0 || first >= rows) return;
  const int last = min(rows, first + part_rows);
  floatv sum = SPLAT(0.0f);
  if (columns == 1) {
    for (int row = first; row < last; row += VECTOR_WIDTH) sum += load_part(x + row, last - row);
    partial[get_global_id(1)] = sumv(sum);
    return;
  }
  for (int row = first; row < last; row++) sum += load_part(x + (long)row * columns + column, n);
  store_part(sum, partial + (long)get_global_id(1) * columns + column, n);
}

// sum (+)= parts[0] + parts[1] + ..., in that order: the second pass of a reduction.
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

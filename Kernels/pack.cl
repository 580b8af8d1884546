// Packs a matrix into column panels: panel j holds columns j * width ... of every row, zeros past the end, so that the
// register tile reads it in one stream.

// packed[j][p][i] = b[p * row_step + (j * width + i) * column_step], for p < k and j * width + i < n, else 0.
// Work-item (x, y): row x of panel y. With column_step 1 a row is copied, otherwise B is transposed on the way.
kernel void pack_panels(
    global const float *b, global float *packed, int k, int n, int row_step, int column_step, int width) {
  const int p = (int)get_global_id(0);
  const int j = (int)get_global_id(1);
  if (p >= k || j * width >= n) return;
  global float *to = packed + ((long)j * k + p) * width;
  global const float *from = b + (long)p * row_step + (long)j * width * column_step;
  const int columns = min(width, n - j * width);
  if (column_step == 1 && columns == width && width % VECTOR_WIDTH == 0) {
    for (int i = 0; i < width; i += VECTOR_WIDTH) STOREV(LOADV(from + i), to + i);
    return;
  }
  for (int i = 0; i < columns; i++) to[i] = from[(long)i * column_step];
  for (int i = columns; i < width; i++) to[i] = 0.0f;
}

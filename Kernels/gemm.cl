// General matrix multiplication, vector family: a work-item owns a register tile and walks down a strip of them.

#ifndef K_BLOCK
#define K_BLOCK 512  // rows of B at a time
#endif

// out = activation(alpha * A B + beta * C + bias); A is m x k, B k x n, out and C m x n with contiguous rows.
//
// Elements (i, p) of A and (p, j) of B are a[i * a_row + p * a_step] and b[p * b_step + j * b_column]; a step of each is
// 1, so that neither needs a copy to be transposed. C is read only where beta is not 0; it may be out. bias has n
// elements.
// Work-item (x, y, z): column tile x, rows y * strip * ROWS ... of strip tiles, of product z: of several products with
// the same A, each B lies b_batch behind the one before, out and C m * n. The sum over k goes in blocks: B's block is
// packed and stays in the first cache, or the second, while A passes; between blocks the sums rest in out.
kernel void TILED(gemm)(
    global const float *a, global const float *b, global const float *c, global const float *bias, global float *out,
    int m, int n, int k, int a_row, int a_step, int b_step, int b_column, int b_batch, int strip, float alpha,
    float beta, int activation, float slope) {
  const int column = (int)get_global_id(0) * COLUMNS;
  const int first = (int)get_global_id(1) * strip * ROWS;
  const int columns = min(COLUMNS, n - column);
  if (columns <= 0 || first >= m) return;
  const int last = min(m, first + strip * ROWS);
  const long product = (long)get_global_id(2) * m * n;
  b += (long)get_global_id(2) * b_batch;
  floatv panel[K_BLOCK * VECTORS];
  int offsets[K_BLOCK];
  for (int p = 0; p < min(K_BLOCK, k); p++) offsets[p] = p * a_step;
  for (int block = 0; block == 0 || block < k; block += K_BLOCK) {
    const int count = min(K_BLOCK, k - block);
    const int is_last = block + K_BLOCK >= k;
    global const float *from = b + (long)block * b_step + (long)column * b_column;
    if (b_column == 1) {
      TILED(pack_rows)(panel, from, b_step, count, columns);
    } else {
      TILED(pack_columns)(panel, from, b_column, count, columns);
    }
    for (int row = first; row < last; row += ROWS) {
      global const float *pointers[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) pointers[r] = a + (long)min(row + r, last - 1) * a_row + (long)block * a_step;
      floatv sums[ROWS][VECTORS];
      TILED(clear)(sums);
      if (a_step == 1) {
        TILED(multiply_rows)(sums, pointers, panel, count);
      } else {
        TILED(multiply_scattered)(sums, pointers, offsets, panel, count);
      }
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        if (row + r < last) {
          const long at = product + (long)(row + r) * n + column;
#pragma unroll
          for (int v = 0; v < VECTORS; v++) {
            const int width = columns - v * VECTOR_WIDTH;
            if (width > 0) {
              const long place = at + v * VECTOR_WIDTH;
              floatv y = sums[r][v] * SPLAT(alpha);
              if (block > 0) y += load_part(out + place, width);
              else if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_part(c + place, width), y);
              if (is_last) {
                y = activate(y + load_part(bias + column + v * VECTOR_WIDTH, width), activation, slope);
              }
              store_part(y, out + place, width);
            }
          }
        }
      }
    }
  }
}

// General matrix multiplication, vector family: a work-item owns a register tile and walks down a strip of them.

// Vectors whose elements lie `step` apart; 1 is the usual case.
#ifndef STRIDED_ACCESS  // this file may stand twice in a program, for two tiles
#define STRIDED_ACCESS
INLINE floatv load_strided(global const float *p, int step, int n) {
  if (step == 1) return load_part(p, n);
  float lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[(long)i * step] : 0.0f;
  return LOADV(lanes);
}

INLINE void store_strided(floatv v, global float *p, int step, int n) {
  if (step == 1) {
    store_part(v, p, n);
    return;
  }
  float lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < min(n, VECTOR_WIDTH); i++) p[(long)i * step] = lanes[i];
}
#endif

// out = activation(alpha * A B + beta * C + bias); A is m x k, B k x n, out and C m x n. Element (i, j) of out and of C
// is at i * out_row + j * out_step: n and 1, or 1 and m for a transposed result.
//
// A's element (i, p) is a[i * a_row + p * a_step], so that a transposed A needs no copy. B's rows are contiguous within
// a column tile: tile j starts at b + j * b_panel and its row p at p * b_step; a B packed into panels has
// b_step = COLUMNS, one used as it lies has b_panel = COLUMNS and b_step = n. b_count is the number of elements in b.
// C is read only where beta is not 0; it may be out. bias has n elements.
// Work-item (x, y): column tile x, rows y * strip * ROWS ... of strip tiles. The sum over k goes in blocks of K_BLOCK,
// so that B's block stays in the second cache while A passes; between blocks the sums rest in out.
#ifndef K_BLOCK
#define K_BLOCK 1024  // rows of B at a time: fewer cost more in sums put down and taken up than they save in reads
#endif

kernel void TILED(gemm)(
    global const float *a, global const float *b, global const float *c, global const float *bias, global float *out,
    int m, int n, int k, int a_row, int a_step, int b_panel, int b_step, int b_count, int b_is_packed, int out_row,
    int out_step, int strip, float alpha,
    float beta, int activation, float slope) {
  const int column = (int)get_global_id(0) * COLUMNS;
  const int first = (int)get_global_id(1) * strip * ROWS;
  const int columns = min(COLUMNS, n - column);
  if (columns <= 0 || first >= m) return;
  const int last = min(m, first + strip * ROWS);
  global const float *panel = b + (long)get_global_id(0) * b_panel;
  // A packed panel is padded, so all its columns can be read.
  const int readable = b_is_packed ? COLUMNS : columns;
  for (int block = 0; block == 0 || block < k; block += K_BLOCK) {
    const int count = min(K_BLOCK, k - block);
    const int is_last = block + K_BLOCK >= k;
    for (int row = first; row < last; row += ROWS) {
      const int rows = min(ROWS, last - row);
      global const float *pointers[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) pointers[r] = a + (long)(row + min(r, rows - 1)) * a_row + (long)block * a_step;
      floatv sums[ROWS][VECTORS];
      TILED(clear)(sums);
      TILED(multiply)(sums, pointers, a_step, panel + (long)block * b_step, b_step, count, readable, b + b_count);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        if (r < rows) {
          const long at = (long)(row + r) * out_row + (long)column * out_step;
#pragma unroll
          for (int v = 0; v < VECTORS; v++) {
            const int width = columns - v * VECTOR_WIDTH;
            if (width > 0) {
              const long place = at + (long)v * VECTOR_WIDTH * out_step;
              floatv y = sums[r][v] * SPLAT(alpha);
              if (block > 0) y += load_strided(out + place, out_step, width);
              else if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_strided(c + place, out_step, width), y);
              if (is_last) {
                y = activate(y + load_part(bias + column + v * VECTOR_WIDTH, width), activation, slope);
              }
              store_strided(y, out + place, out_step, width);
            }
          }
        }
      }
    }
  }
}

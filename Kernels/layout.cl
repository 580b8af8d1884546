// Layout changes: NHWC to NCHW and back are transposes of each image's matrix [H * W, C].
#include "common.cl"
#include "layout.h"

// Transposes each of N matrices: y [N, columns, rows] from x [N, rows, columns].
// Work-item (i, j): VECTOR_WIDTH columns i of LAYOUT_TRANSPOSE_ROWS rows j, counted through all matrices.
kernel void transpose_batch(global const float *x, global float *y, int N, int rows, int columns) {
  const int blocks = (rows + LAYOUT_TRANSPOSE_ROWS - 1) / LAYOUT_TRANSPOSE_ROWS;
  const int c = (int)get_global_id(0) * VECTOR_WIDTH, block = (int)get_global_id(1);
  if (c >= columns || block >= N * blocks) return;
  const int n = block / blocks, first = (block - n * blocks) * LAYOUT_TRANSPOSE_ROWS;
  const int end = min(rows, first + LAYOUT_TRANSPOSE_ROWS), lanes_used = min(VECTOR_WIDTH, columns - c);
  global const float *from = x + n * rows * columns + c;
  global float *to = y + n * rows * columns + c * rows;
  for (int r = first; r < end; r += VECTOR_WIDTH) {
    floatv square[VECTOR_WIDTH];
    load_square(square, from + r * columns, columns, end - r, lanes_used);
    transpose_square(square);
    for (int i = 0; i < lanes_used; i++) store_part(square[i], to + i * rows + r, end - r);
  }
}

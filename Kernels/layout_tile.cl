// Layout changes, tile family: each image's matrix is transposed in squares, by way of local memory, so that neighbouring
// work-items load neighbours and store neighbours.
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif
#include "common.cl"
#include "layout.h"

// Transposes each of some matrices: y [matrices, columns, rows] from x [matrices, rows, columns].
// Work-group (i, j, n): square (i, j) of LAYOUT_TILE columns and rows of matrix n.
kernel void transpose_batch_tile(global const float *x, global float *y, int rows, int columns) {
  // A column more than the square has: otherwise a column would lie in one bank.
  local float square[LAYOUT_TILE * (LAYOUT_TILE + 1)];
  const int id = (int)get_local_id(0), items = (int)get_local_size(0);
  const int c = (int)get_group_id(0) * LAYOUT_TILE, r = (int)get_group_id(1) * LAYOUT_TILE;
  const int matrix = (int)get_group_id(2) * rows * columns;
  x += matrix;
  y += matrix;
#pragma unroll 4
  for (int e = id; e < LAYOUT_TILE * LAYOUT_TILE; e += items) {
    const int i = e / LAYOUT_TILE, j = e % LAYOUT_TILE;
    square[i * (LAYOUT_TILE + 1) + j] = x[min(r + i, rows - 1) * columns + min(c + j, columns - 1)];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int e = id; e < LAYOUT_TILE * LAYOUT_TILE; e += items) {
    const int i = e / LAYOUT_TILE, j = e % LAYOUT_TILE;
    if (c + i < columns && r + j < rows) y[(c + i) * rows + r + j] = square[j * (LAYOUT_TILE + 1) + i];
  }
}

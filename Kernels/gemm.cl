// General matrix multiplication, vector family: a work-item owns a register tile and walks down a strip of row tiles.
//
// gemm packs the columns of B that a work-item needs itself. For large products, gemm_pack packs both operands first,
// once, into panels that gemm_packed reads in one stream: those of B are a column tile wide, with zeros past the last
// column, and those of A hold a row tile's elements of one k after another. A block of B's panel then stays in the L1
// or L2 cache while rows of A pass, and a block of A's in the L2 cache while the panels of some column tiles pass.
#include "register_tile.cl"
#include "gemm.h"

#ifndef GEMM_BLOCK
#define GEMM_BLOCK 512  // rows of B that gemm packs at a time
#endif
#define GEMM_PACK_AHEAD 16  // rows of B that are prefetched ahead of packing
#define GEMM_PACK_BLOCK 64  // columns of a transposed B that gemm_pack packs at a time

// A column tile's biases, zeros past the last of n columns. There are `count` biases, which the columns take in turn.
INLINE void TILED(load_biases)(
    floatv biases[VECTORS], global const float *bias, const int count, const int column, const int n) {
  for (int v = 0; v < VECTORS; v++) {
    const int at = column + v * VECTOR_WIDTH, width = max(0, n - at);
    if (count == n) {
      biases[v] = width > 0 ? load_part(bias + at, width) : SPLAT(0.0f);
    } else {
      float lanes[VECTOR_WIDTH];
      for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < width ? bias[(at + i) % count] : 0.0f;
      biases[v] = LOADV(lanes);
    }
  }
}

// Multiplies a tile and stores it: rows of A, whose elements are contiguous or lie at `offsets`, by a panel of B.
OUTLINE void TILED(multiply_tile)(
    global const float *const pointers[ROWS], const int is_contiguous, const int *offsets, const floatv *panel,
    const int count, global float *out, global const float *c, const floatv biases[VECTORS], const long targets[ROWS],
    const int rows, const int columns, const int is_first, const int is_last, const float alpha, const float beta,
    global const float *postactivation, const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  global const float *a[ROWS];
  TILED(clear)(t);
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = pointers[r];
  if (is_contiguous) {
    MULTIPLY_PANEL(t, a, k, panel, count)
  } else {
    MULTIPLY_PANEL(t, a, offsets[k], panel, count)
  }
  TILED(store_product)(
      t, out, c, biases, targets, rows, columns, is_first, is_last, alpha, beta, postactivation, activation, slope);
}

// sums[r][v] += sum over k < count of a[r][offsets[k]] * b[k * step + v], for the first row tile, and packs these
// rows of B, which it has loaded, for the others.
OUTLINE void TILED(multiply_packing)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const int *offsets, global const float *from,
    const int step, floatv *panel, const int count) {
  TILE_IN_REGISTERS(sums, pointers)
  floatv b[VECTORS];
  UNROLL_STEPS
  for (long k = 0; k < count; k++) {
    const long at = offsets[k];
    prefetch(from + (long)GEMM_PACK_AHEAD * step, COLUMNS);
#pragma unroll
    for (int v = 0; v < VECTORS; v++) panel[v] = b[v] = LOADV(from + v * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, at, b)
    from += step;
    panel += VECTORS;
  }
  COPY_TILE(sums, t)
}

// out = epilogue(alpha * A B + beta * C + bias), see activation.cl; A is m x k, B k x n.
//
// Elements (i, p) of A and (p, j) of B are a[i * a_row + p * a_step] and b[p * b_step + j * b_column]; one step of
// each is 1, so that neither needs a copy to be transposed. C is read only where beta is not 0; it may be out. bias
// has bias_count elements, which the columns take in turn. There are several products with the same A; each B lies
// b_batch after the one before. Rows of out and C are contiguous and interleaved: run_rows rows of the first product,
// as many of the second and so on, then the next run_rows rows of each. m is a multiple of run_rows.
// Work-item (x, y, z): column tile x of rows y * strip * ROWS ... of `strip` row tiles, of product z. The sum over k
// goes in blocks: B's block is packed and stays in the L1 or L2 cache while A passes; between blocks the sums rest in
// out.
kernel void TILED(gemm)(
    global const float *a, global const float *b, global const float *c, global const float *bias, global float *out,
    int m, int n, int k, int a_row, int a_step, int b_step, int b_column, int b_batch, int products, int run_rows,
    int bias_count, int strip, float alpha, float beta, global const float *postactivation, int activation,
    float slope) {
  const int column = (int)get_global_id(0) * COLUMNS;
  const int first = (int)get_global_id(1) * strip * ROWS, product = (int)get_global_id(2);
  const int columns = min(COLUMNS, n - column);
  if (columns <= 0 || first >= m || product >= products) return;
  const int last = min(m, first + strip * ROWS);
  b += (long)product * b_batch;
  floatv panel[GEMM_BLOCK * VECTORS], biases[VECTORS];
  TILED(load_biases)(biases, bias, bias_count, column, n);
  int offsets[GEMM_BLOCK];
  for (int p = 0; p < min(GEMM_BLOCK, k); p++) offsets[p] = p * a_step;
  const long other_products = (long)(products - 1) * run_rows * n;
  for (int block = 0; block == 0 || block < k; block += GEMM_BLOCK) {
    const int count = min(GEMM_BLOCK, k - block);
    const int is_first = block == 0, is_last = block + GEMM_BLOCK >= k;
    global const float *from = b + (long)block * b_step + (long)column * b_column;
    if (b_column != 1) TILED(pack_columns)(panel, from, b_column, count, columns);
    int in_run = first % run_rows;
    long target = (first / run_rows * (long)products + product) * run_rows * n + (long)in_run * n + column;
    for (int row = first; row < last; row += ROWS) {
      const int rows = min(ROWS, last - row);
      global const float *pointers[ROWS];
      long targets[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        pointers[r] = a + (long)min(row + r, last - 1) * a_row + (long)block * a_step;
        targets[r] = target;
        in_run++;
        target += in_run == run_rows ? n + other_products : n;
        in_run = in_run == run_rows ? 0 : in_run;
      }
      if (row > first || b_column != 1) {
        TILED(multiply_tile)(
            pointers, a_step == 1, offsets, panel, count, out, c, biases, targets, rows, columns, is_first, is_last,
            alpha, beta, postactivation, activation, slope);
        continue;
      }
      // Whole vectors read into the next row where columns end, so the last rows are packed with zeros past their end.
      const int short_rows = (COLUMNS - columns + b_step - 1) / b_step;
      const int whole = max(0, min(count, k - short_rows - block));
      floatv *rest = panel + whole * VECTORS;
      floatv sums[ROWS][VECTORS];
      TILED(clear)(sums);
      TILED(multiply_packing)(sums, pointers, offsets, from, b_step, panel, whole);
      if (whole < count) {
        TILED(pack_rows)(rest, from + (long)whole * b_step, b_step, count - whole, columns);
        TILED(multiply_scattered)(sums, pointers, offsets + whole, rest, count - whole);
      }
      TILED(store_sums)(
          sums, out, c, biases, targets, rows, columns, is_first, is_last, alpha, beta, postactivation, activation,
          slope);
    }
  }
}

// Which of `parts` the work-item packs, -1 for none: they are spread evenly over the last dimension of the grid.
INLINE int TILED(part_to_pack)(const int parts) {
  const long z = get_global_id(2), size = get_global_size(2);
  const int part = (int)(z * parts / size);
  return z > 0 && (int)((z - 1) * parts / size) == part ? -1 : part;
}

// Packs A and B into panels: a_panels [row tile, k, ROWS], b_panels [column tile, k, COLUMNS].
// Work-item (x, 0, z): rows x * GEMM_PACK_STEPS ... of GEMM_PACK_TILES panels of B; (x, 1, z): columns x *
// GEMM_PACK_STEPS ... of a panel of A. z counts those that are more numerous. Threads take ranges of the last
// dimension here and in gemm_packed, so a thread packs about those rows of A that it multiplies, and finds them in
// its core's cache.
kernel void TILED(gemm_pack)(
    global const float *a, global const float *b, global float *a_panels, global float *b_panels, int m, int n, int k,
    int a_row, int a_step, int b_step, int b_column) {
  const int first = (int)get_global_id(0) * GEMM_PACK_STEPS;
  const int count = min(GEMM_PACK_STEPS, k - first);
  if (count <= 0) return;
  if (get_global_id(1) == 0) {
    const int part = TILED(part_to_pack)((n + GEMM_PACK_TILES * COLUMNS - 1) / (GEMM_PACK_TILES * COLUMNS));
    if (part < 0) return;
    const int column = part * GEMM_PACK_TILES * COLUMNS;
    const int columns = min(GEMM_PACK_TILES * COLUMNS, n - column);
    global const float *from = b + (long)first * b_step + (long)column * b_column;
    global float *to = b_panels + (long)column * k + (long)first * COLUMNS;
    if (b_column == 1) {
      // Row by row, so that what is read is contiguous.
      for (int p = 0; p < count; p++) {
        for (int i = 0; i < columns; i += COLUMNS) {
          global const float *source = from + (long)p * b_step + i;
          global float *target = to + (long)i * k + p * COLUMNS;
          if (columns - i >= COLUMNS) {
            if (p + GEMM_PACK_AHEAD < count) prefetch(source + (long)GEMM_PACK_AHEAD * b_step, COLUMNS);
#pragma unroll
            for (int v = 0; v < COLUMNS; v += VECTOR_WIDTH) STOREV(LOADV(source + v), target + v);
          } else {
            for (int v = 0; v < COLUMNS; v += VECTOR_WIDTH) {
              STOREV(load_part(source + v, max(0, columns - i - v)), target + v);
            }
          }
        }
      }
    } else {
      for (int i = 0; i < columns; i += COLUMNS) {
        for (int p = 0; p < count; p += GEMM_PACK_BLOCK) {
          const int rows = min(GEMM_PACK_BLOCK, count - p);
          floatv panel[GEMM_PACK_BLOCK * VECTORS];
          TILED(pack_columns)(panel, from + (long)i * b_column + p, b_column, rows, min(COLUMNS, columns - i));
          for (int v = 0; v < rows * VECTORS; v++) STOREV(panel[v], to + (long)i * k + p * COLUMNS + v * VECTOR_WIDTH);
        }
      }
    }
  } else {
    const int part = TILED(part_to_pack)((m + ROWS - 1) / ROWS);
    if (part < 0) return;
    const int row = part * ROWS;
    global float *to = a_panels + (long)row * k + (long)first * ROWS;
    global const float *pointers[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) pointers[r] = a + (long)min(row + r, m - 1) * a_row + (long)first * a_step;
    if (a_step == 1) {
      for (long p = 0; p < count; p++) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) to[p * ROWS + r] = pointers[r][p];
      }
    } else {
      for (long p = 0; p < count; p++) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) to[p * ROWS + r] = pointers[r][p * a_step];
      }
    }
  }
}

// Multiplies a tile and stores it: `count` steps of k of a panel of A by as many rows of a panel of B.
OUTLINE void TILED(multiply_panels)(
    global const float *a_panel, global const float *b_panel, const int count, global float *out,
    global const float *c, const floatv biases[VECTORS], const long targets[ROWS], const int rows, const int columns,
    const int is_first, const int is_last, const float alpha, const float beta, global const float *postactivation,
    const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  global const float *a[ROWS];
  TILED(clear)(t);
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = a_panel + r;
  MULTIPLY_WEIGHTS(t, a, ROWS, b_panel, count)
  TILED(store_product)(
      t, out, c, biases, targets, rows, columns, is_first, is_last, alpha, beta, postactivation, activation, slope);
}

// out = epilogue(alpha * A B + beta * C + bias) as by gemm, from the panels of gemm_pack; one product, bias has n
// elements.
// Work-item (x, y): column tiles x * tiles ... of `tiles`, and row tiles y * strip ... of `strip`; k in blocks of
// `k_block`.
kernel void TILED(gemm_packed)(
    global const float *a_panels, global const float *b_panels, global const float *c, global const float *bias,
    global float *out, int m, int n, int k, int tiles, int strip, int k_block, float alpha, float beta,
    global const float *postactivation, int activation, float slope) {
  const int first_column = (int)get_global_id(0) * tiles * COLUMNS;
  const int first = (int)get_global_id(1) * strip * ROWS;
  if (first_column >= n || first >= m) return;
  const int last_column = min(n, first_column + tiles * COLUMNS), last = min(m, first + strip * ROWS);
  for (int block = 0; block < k; block += k_block) {
    const int count = min(k_block, k - block);
    for (int column = first_column; column < last_column; column += COLUMNS) {
      global const float *b_panel = b_panels + (long)column * k + (long)block * COLUMNS;
      floatv biases[VECTORS];
      TILED(load_biases)(biases, bias, n, column, n);
      for (int row = first; row < last; row += ROWS) {
        const int rows = min(ROWS, last - row);
        long targets[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) targets[r] = (long)(row + r) * n + column;
        // Loaded into the L1 cache while the products are summed.
        for (int r = 0; r < rows; r++) prefetch(out + targets[r], COLUMNS);
        TILED(multiply_panels)(
            a_panels + (long)row * k + (long)block * ROWS, b_panel, count, out, c, biases, targets, rows,
            min(COLUMNS, n - column), block == 0, block + k_block >= k, alpha, beta, postactivation, activation, slope);
      }
    }
  }
}

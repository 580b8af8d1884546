// General matrix multiplication, vector family: a work-item owns a register tile and walks down a strip of them.

#ifndef K_BLOCK
#define K_BLOCK 512  // rows of B at a time
#endif
#define PACK_AHEAD 16   // rows of B that are asked for before they are packed
#define PACK_STEPS 512  // of k: what a work-item packs
#define PACK_TILES 2    // column tiles of B that it packs
#define PACK_BLOCK 64   // columns of a transposed B that it packs at a time

// Finishes a tile: alpha times the sums over a block of k, added to what out holds of the blocks before it. The first
// block adds beta * C instead, the last one adds the bias, whose elements begin with those of column 0, and is finished
// (common.cl). The tile begins at element `at` of out and C.
INLINE void TILED(store_product)(
    floatv sums[ROWS][VECTORS], global float *out, global const float *c, global const float *bias, const long at,
    const int n, const int rows, const int columns, const int column, const int is_first, const int is_last,
    const float alpha, const float beta, global const float *activated, const int activation, const float slope) {
  for (int r = 0; r < rows; r++) {
    const long place = at + (long)r * n;
    if (columns == COLUMNS) {
      floatv y[VECTORS];
#pragma unroll
      for (int v = 0; v < VECTORS; v++) y[v] = sums[r][v] * SPLAT(alpha);
      if (!is_first) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) y[v] += LOADV(out + place + v * VECTOR_WIDTH);
      } else if (beta != 0.0f) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          y[v] = MULTIPLY_ADD(SPLAT(beta), LOADV(c + place + v * VECTOR_WIDTH), y[v]);
        }
      }
      if (is_last) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          y[v] += LOADV(bias + column + v * VECTOR_WIDTH);
          y[v] = finish(y[v], activated + place + v * VECTOR_WIDTH, VECTOR_WIDTH, activation, slope);
        }
      }
#pragma unroll
      for (int v = 0; v < VECTORS; v++) STOREV(y[v], out + place + v * VECTOR_WIDTH);
    } else {
      for (int v = 0; v * VECTOR_WIDTH < columns; v++) {
        const int width = columns - v * VECTOR_WIDTH;
        const long part = place + v * VECTOR_WIDTH;
        floatv y = sums[r][v] * SPLAT(alpha);
        if (!is_first) y += load_part(out + part, width);
        else if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_part(c + part, width), y);
        if (is_last) {
          y += load_part(bias + column + v * VECTOR_WIDTH, width);
          y = finish(y, activated + part, width, activation, slope);
        }
        store_part(y, out + part, width);
      }
    }
  }
}

// sums[r][v] += sum over k < count of a[r][offsets[k]] * b[k * step + v], and packs those rows of B on the way: the first
// row tile has the loads that packing needs.
OUTLINE void TILED(multiply_packing)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const int *offsets, global const float *from,
    const int step, floatv *panel, const int count) {
  TILE_IN_REGISTERS(sums, pointers)
  UNROLL_STEPS
  for (long k = 0; k < count; k++) {
    const long at = offsets[k];
    prefetch(from + (long)PACK_AHEAD * step, COLUMNS);
#pragma unroll
    for (int v = 0; v < VECTORS; v++) panel[v] = b[v] = LOADV(from + v * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, at, b)
    from += step;
    panel += VECTORS;
  }
  COPY_TILE(sums, t)
}

// out = alpha * A B + beta * C + bias, finished (common.cl); A is m x k, B k x n, out and C m x n with contiguous rows.
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
    float beta, global const float *activated, int activation, float slope) {
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
    if (b_column != 1) TILED(pack_columns)(panel, from, b_column, count, columns);
    for (int row = first; row < last; row += ROWS) {
      global const float *pointers[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) pointers[r] = a + (long)min(row + r, last - 1) * a_row + (long)block * a_step;
      floatv sums[ROWS][VECTORS];
      TILED(clear)(sums);
      if (row == first && b_column == 1) {
        // Whole vectors reach into the next row where columns end; the last rows have none that may be read.
        const int short_rows = (COLUMNS - columns + b_step - 1) / b_step, whole = max(0, min(count, k - short_rows - block));
        floatv *rest = panel + whole * VECTORS;
        TILED(multiply_packing)(sums, pointers, offsets, from, b_step, panel, whole);
        if (whole < count) {
          TILED(pack_rows)(rest, from + (long)whole * b_step, b_step, count - whole, columns);
          TILED(multiply_scattered)(sums, pointers, offsets + whole, rest, count - whole);
        }
      } else if (a_step == 1) {
        TILED(multiply_rows)(sums, pointers, panel, count);
      } else {
        TILED(multiply_scattered)(sums, pointers, offsets, panel, count);
      }
      TILED(store_product)(
          sums, out, c, bias, product + (long)row * n + column, n, min(ROWS, last - row), columns, column, block == 0,
          is_last, alpha, beta, activated, activation, slope);
    }
  }
}

// For large products. A and B are packed once, by gemm_pack, into panels that the tiles read in one stream: B's are a
// column tile wide, zeros behind the last column, and A's hold a row tile's elements of each k behind one another. A
// block of B's panel then stays in the first cache, or the second, while rows of A pass, and a block of A's in the second
// while the panels of some column tiles pass.

// Which of `parts` the work-item packs by its place in the last dimension, over which they are spread evenly; -1 for none.
INLINE int TILED(part_to_pack)(const int parts) {
  const long z = get_global_id(2), size = get_global_size(2);
  const int part = (int)(z * parts / size);
  return z > 0 && (int)((z - 1) * parts / size) == part ? -1 : part;
}

// Work-item (x, 0, z): rows x * PACK_STEPS ... of PACK_TILES of B's panels; (x, 1, z): columns x * PACK_STEPS ... of one
// of A's. z has as many places as there are of the more numerous. A thread that takes a range of z packs about those rows
// of A that it multiplies in gemm_packed, where rows go with the last dimension too, so they lie in its core's cache.
kernel void TILED(gemm_pack)(
    global const float *a, global const float *b, global float *a_panels, global float *b_panels, int m, int n, int k,
    int a_row, int a_step, int b_step, int b_column) {
  const int first = (int)get_global_id(0) * PACK_STEPS;
  const int count = min(PACK_STEPS, k - first);
  if (count <= 0) return;
  if (get_global_id(1) == 0) {
    const int part = TILED(part_to_pack)((n + PACK_TILES * COLUMNS - 1) / (PACK_TILES * COLUMNS));
    if (part < 0) return;
    const int column = part * PACK_TILES * COLUMNS;
    const int columns = min(PACK_TILES * COLUMNS, n - column);
    global const float *from = b + (long)first * b_step + (long)column * b_column;
    global float *to = b_panels + (long)column * k + (long)first * COLUMNS;
    if (b_column == 1) {
      // Along the rows, so that what is read lies behind one another.
      for (int p = 0; p < count; p++) {
        for (int i = 0; i < columns; i += COLUMNS) {
          global const float *source = from + (long)p * b_step + i;
          global float *target = to + (long)i * k + p * COLUMNS;
          if (columns - i >= COLUMNS) {
            if (p + PACK_AHEAD < count) prefetch(source + (long)PACK_AHEAD * b_step, COLUMNS);
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
        for (int p = 0; p < count; p += PACK_BLOCK) {
          const int rows = min(PACK_BLOCK, count - p);
          floatv panel[PACK_BLOCK * VECTORS];
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

// sums = the products of `count` k of a panel of A with as many rows of a panel of B.
OUTLINE void TILED(multiply_panels)(
    floatv sums[ROWS][VECTORS], global const float *a_panel, global const float *b_panel, const int count) {
  floatv t[ROWS][VECTORS], b[VECTORS];
  global const float *a[ROWS];
  TILED(clear)(t);
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = a_panel + r;
  UNROLL_STEPS
  for (long k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) b[v] = LOADV(b_panel + v * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, k * ROWS, b)
    b_panel += COLUMNS;
  }
  COPY_TILE(sums, t)
}

// out = alpha * A B + beta * C + bias, finished (common.cl), from the panels of gemm_pack; otherwise as gemm.
// Work-item (x, y): column tiles x * tiles ... of `tiles`, and row tiles y * strip ... of `strip`; k in blocks of
// `k_block`.
kernel void TILED(gemm_packed)(
    global const float *a_panels, global const float *b_panels, global const float *c, global const float *bias,
    global float *out, int m, int n, int k, int tiles, int strip, int k_block, float alpha, float beta,
    global const float *activated, int activation, float slope) {
  const int first_column = (int)get_global_id(0) * tiles * COLUMNS;
  const int first = (int)get_global_id(1) * strip * ROWS;
  if (first_column >= n || first >= m) return;
  const int last_column = min(n, first_column + tiles * COLUMNS), last = min(m, first + strip * ROWS);
  for (int block = 0; block < k; block += k_block) {
    const int count = min(k_block, k - block);
    for (int column = first_column; column < last_column; column += COLUMNS) {
      global const float *b_panel = b_panels + (long)column * k + (long)block * COLUMNS;
      for (int row = first; row < last; row += ROWS) {
        const long at = (long)row * n + column;
        const int rows = min(ROWS, last - row);
        // On its way to the first cache while the products are summed.
        for (int r = 0; r < rows; r++) prefetch(out + at + (long)r * n, COLUMNS);
        floatv sums[ROWS][VECTORS];
        TILED(multiply_panels)(sums, a_panels + (long)row * k + (long)block * ROWS, b_panel, count);
        TILED(store_product)(
            sums, out, c, bias, at, n, rows, min(COLUMNS, n - column), column, block == 0, block + k_block >= k, alpha,
            beta, activated, activation, slope);
      }
    }
  }
}

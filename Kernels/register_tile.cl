// The register tile that GEMM and the convolutions of the vector family share: ROWS x (VECTORS * VECTOR_WIDTH) sums
// that are held in registers while products are added to them.
//
// What depends on the size of the tile has a name that ends in it, TILED(name), for example gemm_6x2: a clone (see
// Sources/CKernels) includes this file and the kernels behind it once for each of its tiles.
#ifndef REGISTER_TILE_CL
#define REGISTER_TILE_CL
#include "activation.cl"

#ifndef ROWS
#define ROWS 6  // rows of the tile
#endif
#ifndef VECTORS
#define VECTORS 2  // vectors in a row of the tile
#endif
#if ROWS < 1 || VECTORS < 1
#error "ROWS and VECTORS must be positive"
#endif

#ifndef TILED
#define TILED_(name, rows, vectors) name##_##rows##x##vectors
#define TILED_EXPAND(name, rows, vectors) TILED_(name, rows, vectors)
#define TILED(name) TILED_EXPAND(name, ROWS, VECTORS)
#define COLUMNS (VECTORS * VECTOR_WIDTH)
#endif

// Loops over the vectors [r][v] of a tile. They are unrolled: with constant indices, the compiler keeps a tile in
// registers.
#define FOR_TILE                                   \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++)

INLINE void TILED(clear)(floatv sums[ROWS][VECTORS]) {
  FOR_TILE sums[r][v] = SPLAT(0.0f);
}

// For the loops over k: with a branch in each step, a core whose two threads are busy fetches too few instructions.
#define UNROLL_STEPS _Pragma("unroll 4")

// sums[r][v] += a[r][offset] * b[v].
#define MULTIPLY_STEP(sums, a, offset, b)                                                                      \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                           \
    const floatv scalar = SPLAT((a)[r][offset]);                                                               \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sums[r][v] = MULTIPLY_ADD(scalar, (b)[v], sums[r][v]); \
  }

// The steps of a tile: sums[r] += sum over count steps of a[r][step * a_step] * row `step` of B, whose rows are a
// tile wide and behind one another.
#define MULTIPLY_WEIGHTS(sums, a, a_step, b, count)                                                    \
  {                                                                                                    \
    global const float *from = (b);                                                                    \
    floatv wide[VECTORS];                                                                              \
    UNROLL_STEPS                                                                                       \
    for (long step = 0; step < (count); step++) {                                                      \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++) wide[v] = LOADV(from + v * VECTOR_WIDTH);    \
      MULTIPLY_STEP(sums, a, step * (a_step), wide)                                                    \
      from += COLUMNS;                                                                                 \
    }                                                                                                  \
  }

// The same with rows of B in private memory, and a[r][offset], where `offset` is an expression in the step k.
#define MULTIPLY_PANEL(sums, a, offset, panel, count)                                                  \
  {                                                                                                    \
    const floatv *from = (panel);                                                                      \
    floatv wide[VECTORS];                                                                              \
    UNROLL_STEPS                                                                                       \
    for (long k = 0; k < (count); k++) {                                                               \
      const long at = (offset);                                                                        \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++) wide[v] = from[v];                           \
      MULTIPLY_STEP(sums, a, at, wide)                                                                 \
      from += VECTORS;                                                                                 \
    }                                                                                                  \
  }

// Copies between a tile in memory and one in registers.
#define COPY_TILE(to, from) FOR_TILE (to)[r][v] = (from)[r][v];

// The tile in registers while products are added: t for the sums, a for where its rows of A begin.
#define TILE_IN_REGISTERS(sums, pointers)  \
  floatv t[ROWS][VECTORS];                 \
  global const float *a[ROWS];             \
  COPY_TILE(t, sums)                       \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) a[r] = (pointers)[r];

// The inner loops are separate functions, so that each can use all registers. B is packed into a panel in private
// memory, its rows a tile wide and contiguous: unpacked, rows whose length is a power of two would fall into few sets
// of the L1 cache.

// sums[r][v] += sum over k < count of a[r][offsets[k]] * panel[k][v]. A table of offsets takes the place of loops
// over rows and columns of an image: the end of one long loop is predicted, those of many short ones are not.
OUTLINE void TILED(multiply_scattered)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const int *offsets, const floatv *panel,
    const int count) {
  TILE_IN_REGISTERS(sums, pointers)
  MULTIPLY_PANEL(t, a, offsets[k], panel, count)
  COPY_TILE(sums, t)
}

// A panel of `count` rows whose `columns` elements are contiguous, `step` from one row to the next; zeros behind them.
INLINE void TILED(pack_rows)(floatv *panel, global const float *b, const int step, const int count, const int columns) {
  for (int k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      const int width = columns - v * VECTOR_WIDTH;
      panel[k * VECTORS + v] = width > 0 ? load_part(b + (long)k * step + v * VECTOR_WIDTH, width) : SPLAT(0.0f);
    }
  }
}

// The same of a transposed matrix, whose columns are contiguous, `step` from one to the next.
INLINE void TILED(pack_columns)(
    floatv *panel, global const float *b, const int step, const int count, const int columns) {
  for (int v = 0; v < VECTORS; v++) {
    const int width = columns - v * VECTOR_WIDTH;
    for (int k = 0; k < count; k += VECTOR_WIDTH) {
      transpose_part(
          panel + k * VECTORS + v, VECTORS, b + (long)v * VECTOR_WIDTH * step + k, step, width, count - k);
    }
  }
}

// The biases and, returned, the weights of a column tile, as packed by pack_taps (conv2d_prepare.cl).
INLINE global const float *TILED(find_panel)(
    floatv biases[VECTORS], global const float *packed, const int panel, const int kernel_size, const int k) {
  packed += (long)panel * (1 + HEIGHT(kernel_size) * WIDTH(kernel_size) * k) * COLUMNS;
#pragma unroll
  for (int v = 0; v < VECTORS; v++) biases[v] = LOADV(packed + v * VECTOR_WIDTH);
  return packed + COLUMNS;
}

// Stores a tile: alpha times the sums over a block of k, added to those of the blocks before it in out. The first
// block adds beta * C instead; the last one adds the bias and applies the epilogue (activation.cl). Row r of the tile
// begins at element targets[r] of out, C and `postactivation`; the first `rows` and `columns` are stored.
OUTLINE void TILED(store_sums)(
    floatv sums[ROWS][VECTORS], global float *out, global const float *c, const floatv biases[VECTORS],
    const long targets[ROWS], const int rows, const int columns, const int is_first, const int is_last,
    const float alpha, const float beta, global const float *postactivation, const int activation, const float slope) {
  for (int r = 0; r < rows; r++) {
    for (int v = 0; v * VECTOR_WIDTH < columns; v++) {
      const int width = columns - v * VECTOR_WIDTH;
      const long at = targets[r] + v * VECTOR_WIDTH;
      floatv y = sums[r][v] * SPLAT(alpha);
      if (!is_first) y += load_part(out + at, width);
      else if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_part(c + at, width), y);
      if (is_last) y = apply_epilogue(y + biases[v], postactivation + at, width, activation, slope);
      store_part(y, out + at, width);
    }
  }
}

// The same of sums in registers, where they stay if the tile is whole and the epilogue is none or ReLU; otherwise
// they go through memory to store_sums.
INLINE void TILED(store_product)(
    floatv t[ROWS][VECTORS], global float *out, global const float *c, const floatv biases[VECTORS],
    const long targets[ROWS], const int rows, const int columns, const int is_first, const int is_last,
    const float alpha, const float beta, global const float *postactivation, const int activation, const float slope) {
  const int is_sum = alpha == 1.0f && (!is_first || beta == 0.0f);
  const int is_simple = activation == ACTIVATION_NONE || activation == ACTIVATION_RELU;
  if (rows < ROWS || columns < COLUMNS || !is_sum || (is_last && !is_simple)) {
    floatv sums[ROWS][VECTORS];
    COPY_TILE(sums, t)
    TILED(store_sums)(
        sums, out, c, biases, targets, rows, columns, is_first, is_last, alpha, beta, postactivation, activation,
        slope);
    return;
  }
  if (!is_first) {
    FOR_TILE t[r][v] += LOADV(out + targets[r] + v * VECTOR_WIDTH);
  }
  if (is_last) {
    FOR_TILE t[r][v] += biases[v];
    if (activation == ACTIVATION_RELU) {
      FOR_TILE t[r][v] = activate(t[r][v], ACTIVATION_RELU, slope);
    }
  }
  FOR_TILE STOREV(t[r][v], out + targets[r] + v * VECTOR_WIDTH);
}

// The same of sums over all of k, with nothing to add but the bias.
INLINE void TILED(store_outputs)(
    floatv t[ROWS][VECTORS], global float *y, const floatv biases[VECTORS], const long targets[ROWS], const int rows,
    const int columns, global const float *postactivation, const int activation, const float slope) {
  TILED(store_product)(t, y, y, biases, targets, rows, columns, 1, 1, 1.0f, 0.0f, postactivation, activation, slope);
}

#endif

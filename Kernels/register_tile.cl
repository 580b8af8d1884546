// The register tile that GEMM and the convolutions of the vector family share: ROWS x (VECTORS * VECTOR_WIDTH) sums
// held in vectors while products are added to them. It stands before the kernels' own text, once for each tile size;
// names end in the size, for example multiply_6x2.
#ifndef REGISTER_TILE_CL
#define REGISTER_TILE_CL
#include "common.cl"

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

// What follows, for each vector [r][v] of a tile; where all indices are constants, the compiler keeps it in registers.
#define FOR_TILE                                   \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++)

INLINE void TILED(clear)(floatv sums[ROWS][VECTORS]) {
  FOR_TILE sums[r][v] = SPLAT(0.0f);
}

// Before the loops over steps: where something else runs on the core's other thread, the processor fetches half as many
// instructions, too few for a branch behind each step.
#define UNROLL_STEPS _Pragma("unroll 4")

// One step of multiply: sums[r][v] += a[r][offset] * b[v].
#define MULTIPLY_STEP(sums, a, offset, b)                                                              \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                   \
    const floatv scalar = SPLAT((a)[r][offset]);                                                       \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sums[r][v] = MULTIPLY_ADD(scalar, (b)[v], sums[r][v]); \
  }

// The steps of a tile: sums[r] += sum over count steps of a[r][step * a_step] * row `step` of B, whose rows are a tile wide
// and behind one another.
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

// The same with rows of B in private memory, and a[r][offset], where `offset` follows from the step k.
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

// The inner loops are functions of their own, so that each has all the registers. B is a panel in private memory, its
// rows a tile wide and behind one another: read where it lies, a matrix with rows of a power of two of elements would
// fall into few sets of the first cache.

// sums[r][v] += sum over k < count of a[r][offsets[k]] * panel[k][v]. A table of offsets instead of loops over lines and
// places: the processor foresees the end of one long loop, but not those of many short ones.
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

// The same of a transposed matrix: elements of a column are contiguous, `step` from one column to the next.
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

// A column tile's biases and weights in what pack_taps packs (conv2d_prepare.cl): returns where the weights are.
INLINE global const float *TILED(find_panel)(
    floatv biases[VECTORS], global const float *packed, const int panel, const int kernel_size, const int k) {
  packed += (long)panel * (1 + HEIGHT(kernel_size) * WIDTH(kernel_size) * k) * COLUMNS;
#pragma unroll
  for (int v = 0; v < VECTORS; v++) biases[v] = LOADV(packed + v * VECTOR_WIDTH);
  return packed + COLUMNS;
}

// Stores a tile: alpha times the sums over a block of k, added to what out holds of the blocks before it. The first
// block adds beta * C instead, the last one adds the bias and is finished (common.cl). Row r of the tile begins at element
// places[r] of out, C and `activated`; the first `rows` and `columns` are stored.
OUTLINE void TILED(store_sums)(
    floatv sums[ROWS][VECTORS], global float *out, global const float *c, const floatv biases[VECTORS],
    const long places[ROWS], const int rows, const int columns, const int is_first, const int is_last,
    const float alpha, const float beta, global const float *activated, const int activation, const float slope) {
  for (int r = 0; r < rows; r++) {
    for (int v = 0; v * VECTOR_WIDTH < columns; v++) {
      const int width = columns - v * VECTOR_WIDTH;
      const long at = places[r] + v * VECTOR_WIDTH;
      floatv y = sums[r][v] * SPLAT(alpha);
      if (!is_first) y += load_part(out + at, width);
      else if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_part(c + at, width), y);
      if (is_last) y = finish(y + biases[v], activated + at, width, activation, slope);
      store_part(y, out + at, width);
    }
  }
}

// The same of sums in registers, where they stay if the tile is a whole one and there is little to do: where few products
// were added, their way through memory takes a fifth of the time.
INLINE void TILED(store_product)(
    floatv t[ROWS][VECTORS], global float *out, global const float *c, const floatv biases[VECTORS],
    const long places[ROWS], const int rows, const int columns, const int is_first, const int is_last,
    const float alpha, const float beta, global const float *activated, const int activation, const float slope) {
  const int is_sum = alpha == 1.0f && (!is_first || beta == 0.0f);
  const int is_simple = activation == ACTIVATION_NONE || activation == ACTIVATION_RELU;
  if (rows < ROWS || columns < COLUMNS || !is_sum || (is_last && !is_simple)) {
    floatv sums[ROWS][VECTORS];
    COPY_TILE(sums, t)
    TILED(store_sums)(
        sums, out, c, biases, places, rows, columns, is_first, is_last, alpha, beta, activated, activation, slope);
    return;
  }
  if (!is_first) {
    FOR_TILE t[r][v] += LOADV(out + places[r] + v * VECTOR_WIDTH);
  }
  if (is_last) {
    FOR_TILE t[r][v] += biases[v];
    if (activation == ACTIVATION_RELU) {
      FOR_TILE t[r][v] = activate(t[r][v], ACTIVATION_RELU, slope);
    }
  }
  FOR_TILE STOREV(t[r][v], out + places[r] + v * VECTOR_WIDTH);
}

// The same of sums with nothing to add but the bias.
INLINE void TILED(store_finished)(
    floatv t[ROWS][VECTORS], global float *y, const floatv biases[VECTORS], const long places[ROWS], const int rows,
    const int columns, global const float *activated, const int activation, const float slope) {
  TILED(store_product)(t, y, y, biases, places, rows, columns, 1, 1, 1.0f, 0.0f, activated, activation, slope);
}

#endif

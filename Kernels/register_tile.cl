// The register tile that GEMM and the convolutions of the vector family share: ROWS x (VECTORS * VECTOR_WIDTH) sums
// held in vectors while products are added to them. It stands before the kernels' own text, once for each tile size;
// names end in the size, for example multiply_6x2.

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

INLINE void TILED(clear)(floatv sums[ROWS][VECTORS]) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) sums[r][v] = SPLAT(0.0f);
  }
}

// One step of multiply: sums[r][v] += a[r][offset] * b[v].
#define MULTIPLY_STEP(sums, a, offset, b)                                                              \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                   \
    const floatv scalar = SPLAT((a)[r][offset]);                                                       \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sums[r][v] = MULTIPLY_ADD(scalar, (b)[v], sums[r][v]); \
  }

// Copies between a tile in memory and one whose indices are all constants, which the compiler keeps in registers.
#define COPY_TILE(to, from)                                                        \
  _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                               \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) (to)[r][v] = (from)[r][v]; \
  }

// The three loops of multiply are functions of their own, so that each has all the registers: b whole and a_step 1,
// b whole, and b in parts.
OUTLINE void TILED(multiply_rows)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], global const float *b, const int b_step,
    const int count) {
  floatv t[ROWS][VECTORS], bv[VECTORS];
  global const float *a[ROWS];
  COPY_TILE(t, sums)
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = pointers[r];
  for (long k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) bv[v] = LOADV(b + v * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, k, bv)
    b += b_step;
  }
  COPY_TILE(sums, t)
}

OUTLINE void TILED(multiply_strided)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const int a_step, global const float *b,
    const int b_step, const int count) {
  floatv t[ROWS][VECTORS], bv[VECTORS];
  global const float *a[ROWS];
  COPY_TILE(t, sums)
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = pointers[r];
  long offset = 0;
  for (int k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) bv[v] = LOADV(b + v * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, offset, bv)
    b += b_step;
    offset += a_step;
  }
  COPY_TILE(sums, t)
}

OUTLINE void TILED(multiply_part)(
    floatv sums[ROWS][VECTORS], global const float *const a[ROWS], const int a_step, global const float *b,
    const int b_step, const int count, const int columns) {
  floatv bv[VECTORS];
  for (int k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) bv[v] = load_part(b + v * VECTOR_WIDTH, columns - v * VECTOR_WIDTH);
    const long offset = (long)k * a_step;
    MULTIPLY_STEP(sums, a, offset, bv)
    b += b_step;
  }
}

// sums[r][v] += sum over k < count of a[r][k * a_step] * b[k * b_step + v * VECTOR_WIDTH ...].
//
// Columns from `columns` on are not wanted and may hold anything, but nothing is read at or past b_end: whole vectors
// are loaded where they end before it, parts of them in the last rows.
INLINE void TILED(multiply)(
    floatv sums[ROWS][VECTORS], global const float *const a[ROWS], const int a_step, global const float *b,
    const int b_step, const int count, const int columns, global const float *b_end) {
  int whole = count;
  if (columns < COLUMNS) {
    const long room = (b_end - b) - COLUMNS;
    whole = room < 0 ? 0 : (int)min((long)count, room / b_step + 1);
  }
  if (a_step == 1) {
    TILED(multiply_rows)(sums, a, b, b_step, whole);
  } else {
    TILED(multiply_strided)(sums, a, a_step, b, b_step, whole);
  }
  if (whole < count) {
    global const float *rest[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) rest[r] = a[r] + (long)whole * a_step;
    TILED(multiply_part)(sums, rest, a_step, b + (long)whole * b_step, b_step, count - whole, columns);
  }
}

// y[0 ..< columns] = activation(sums + bias) for one row of the tile.
INLINE void TILED(store_activated)(
    const floatv sums[VECTORS], global const float *bias, global float *y, int columns, int activation, float slope) {
#pragma unroll
  for (int v = 0; v < VECTORS; v++) {
    const int n = columns - v * VECTOR_WIDTH;
    if (n <= 0) break;
    store_part(
        activate(sums[v] + load_part(bias + v * VECTOR_WIDTH, n), activation, slope), y + v * VECTOR_WIDTH, n);
  }
}

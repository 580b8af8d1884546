// The tile that GEMM and the convolutions of the tile family share, for GPUs.
//
// A work-group computes TILE_M x TILE_N sums of products of A (rows by k) and B (k by columns). It walks along k in
// steps of TILE_K: the tiles of A and B of a step lie in local memory while every work-item adds their products to the
// ITEM_M x ITEM_N sums that it holds in registers, and while the next step's tiles are on their way from global memory
// to registers. Local memory holds two steps, so one barrier a step is enough.
//
// Deep tiles, whose TILE_K is above 16, are cut into slices along k: each slice has work-items of its own, which hold
// sums for the whole tile, and the slices' sums meet in local memory. So products of few rows and columns, whose k is
// not long enough to be cut for groups of their own, still occupy a unit, and take one launch.
//
// Local memory: k-th row of a tile first, its TILE_M (TILE_N) elements in vectors of four, and one vector more, so that
// rows of k start in different banks. Rows and columns past the edges of a matrix are loaded from within it, and their
// sums never stored; what lies past the end of k is loaded as zero. So any size works.
// A work-group has GROUP_ITEMS work-items in its first dimension.
#ifndef LOCAL_TILE_CL
#define LOCAL_TILE_CL
#include "quad.cl"

#ifndef TILE_M
#define TILE_M 64  // rows a work-group
#endif
#ifndef TILE_N
#define TILE_N 64  // columns a work-group
#endif
#ifndef TILE_K
#define TILE_K 16  // products a step
#endif
#ifndef ITEM_M
#define ITEM_M 4  // rows a work-item
#endif
#ifndef ITEM_N
#define ITEM_N 4  // columns a work-item
#endif
#ifndef ALIGNED
#define ALIGNED 1  // flag: rows of operands and results start at multiples of 16 bytes and have whole vectors of four
#endif
#ifndef PIXELS_ALIGNED
#define PIXELS_ALIGNED ALIGNED  // flag: of convolutions, the same of the images that are gathered
#endif
#define GROUP_ROWS (TILE_M / ITEM_M)
#define GROUP_COLUMNS (TILE_N / ITEM_N)
#define SLICE_ITEMS (GROUP_ROWS * GROUP_COLUMNS)
#define SLICES (TILE_K > 16 ? 256 / SLICE_ITEMS : 1)
#define SLICE_K (TILE_K / SLICES)
#define GROUP_ITEMS (SLICE_ITEMS * SLICES)
#define ITEM_VECTORS (ITEM_N / 4)
#if ITEM_M % 4 || ITEM_N % 4 || TILE_M % ITEM_M || TILE_N % ITEM_N
#error "ITEM_M and ITEM_N must be multiples of 4, and TILE_M and TILE_N multiples of them"
#endif

// Qualifies a kernel. Without the group's size, compilers reserve registers for the largest group, and the sums spill.
// NVIDIA's takes a limit of registers as an option, and heeds it only without that size.
#ifdef HAS_REGISTER_LIMIT
#define GROUP_KERNEL kernel
#else
#define GROUP_KERNEL __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1))) kernel
#endif

// Vectors of a tile that a work-item loads in a step.
#define LOADS(tile) ((tile) * TILE_K / 4 / GROUP_ITEMS)
#if SLICE_K % 2 || TILE_K % 8 || TILE_M * TILE_K % (4 * GROUP_ITEMS) || TILE_N * TILE_K % (4 * GROUP_ITEMS)
#error "TILE_K must be a multiple of 8, SLICE_K of 2, and 4 * GROUP_ITEMS divide TILE_M * TILE_K and TILE_N * TILE_K"
#endif
#if GROUP_ITEMS % TILE_K || GROUP_ITEMS % (TILE_M / 4) || GROUP_ITEMS % (TILE_N / 4)
#error "TILE_K, TILE_M / 4 and TILE_N / 4 must divide GROUP_ITEMS"
#endif

// Vectors from one k to the next in local memory, of a step's two tiles, and of the memory itself: two steps, or room
// for a vector of each item (see FOR_EACH_SUM).
#define PITCH(tile) ((tile) / 4 + 1)
#define STEP_VECTORS (TILE_K * (PITCH(TILE_M) + PITCH(TILE_N)))
#define LOCAL_VECTORS (2 * STEP_VECTORS > GROUP_ITEMS ? 2 * STEP_VECTORS : GROUP_ITEMS)

// Which elements of a tile an item's q-th vector holds:
//   ALONG_K     four k of a row, for memory that is contiguous along k
//   ALONG_ROWS  four rows of a k, for memory that is contiguous along the rows
//   LANES       one k, the same in all vectors of an item, of four rows far apart
#define ALONG_K 0
#define ALONG_ROWS 1
#define LANES 2
#define ALONG_K_ROW(q) (((q) * GROUP_ITEMS + id) / (TILE_K / 4))
#define ALONG_K_K (id % (TILE_K / 4) * 4)
#define ALONG_ROWS_ROW(tile) (id % ((tile) / 4) * 4)
#define ALONG_ROWS_K(q, tile) (((q) * GROUP_ITEMS + id) / ((tile) / 4))
#define LANES_ROW(e) (id / TILE_K + (e) * (GROUP_ITEMS / TILE_K))
#define LANES_K (id % TILE_K)

// Elements at a place of a tensor counted in bytes from p: GPUs add a place of 32 bits to an address that all items
// share.
INLINE float load_element(global const float *p, const uint place) {
  return *(global const float *)((global const char *)p + place);
}
INLINE floatv load_vector(global const float *p, const uint place) {
  return *(global const floatv *)((global const char *)p + place);
}

// Quotient and remainder of numbers that are not negative, which take less than those of signed ones.
INLINE int quotient(const int a, const int b) { return (int)((uint)a / (uint)b); }
INLINE int modulo(const int a, const int b) { return (int)((uint)a % (uint)b); }

// Where an item's vectors of a tile begin in a matrix whose rows (ALONG_K) or k (ALONG_ROWS) are `pitch` elements
// apart. `matrix` is the first k of the tile's first row, with which the matrix has `rows` more rows: items past them
// load the last ones.
INLINE void find_vectors(
    global const float **vectors, global const float *matrix, const int along, const int tile, const int rows,
    const int pitch, const int id) {
#pragma unroll
  for (int q = 0; q < LOADS(tile); q++) {
    const int k = along == ALONG_K ? ALONG_K_K : ALONG_ROWS_K(q, tile);
    const int row = along == ALONG_K ? min(ALONG_K_ROW(q), rows - 1)
                                     : min(ALONG_ROWS_ROW(tile), rows - (ALIGNED ? 4 : 1));
    vectors[q] = matrix + (along == ALONG_K ? (long)row * pitch + k : (long)k * pitch + row);
  }
}

// Loads an item's vectors of a tile, the first `count` k of a step, and goes on by as many. Elements past the last row
// keep the values that they have.
INLINE void fetch(
    floatv *loaded, global const float **vectors, const int along, const int tile, const int rows, const int pitch,
    const int count, const int id) {
#pragma unroll
  for (int q = 0; q < LOADS(tile); q++) {
    global const float *p = vectors[q];
    const int k = along == ALONG_K ? ALONG_K_K : ALONG_ROWS_K(q, tile);
    const int is_inside = count == TILE_K || k < count;
    if (count != TILE_K) loaded[q] = SPLAT(0.0f);
    if (ALIGNED) {
      if (is_inside) loaded[q] = *(global const floatv *)p;
    } else {
      // How many of the vector's elements there are.
      const int n = along == ALONG_K ? (count == TILE_K ? 4 : count - k) : rows - ALONG_ROWS_ROW(tile);
      if (is_inside) loaded[q].x = p[0];
      if (is_inside && n > 1) loaded[q].y = p[1];
      if (is_inside && n > 2) loaded[q].z = p[2];
      if (is_inside && n > 3) loaded[q].w = p[3];
    }
    vectors[q] += along == ALONG_K ? count : count * pitch;
  }
}

// Stores an item's vectors of a tile in local memory.
INLINE void put(local floatv *to, const floatv *loaded, const int along, const int tile, const int id) {
#pragma unroll
  for (int q = 0; q < LOADS(tile); q++) {
    if (along == ALONG_ROWS) {
      to[ALONG_ROWS_K(q, tile) * PITCH(tile) + ALONG_ROWS_ROW(tile) / 4] = loaded[q];
    } else {
      const int is_along = along == ALONG_K;
      const int step = is_along ? PITCH(tile) * 4 : GROUP_ITEMS / TILE_K;
      local float *p =
          (local float *)to +
          (is_along ? ALONG_K_K * PITCH(tile) * 4 + ALONG_K_ROW(q) : LANES_K * PITCH(tile) * 4 + LANES_ROW(4 * q));
      p[0] = loaded[q].x;
      p[step] = loaded[q].y;
      p[2 * step] = loaded[q].z;
      p[3 * step] = loaded[q].w;
    }
  }
}

// Neighbouring items hold a block of up to 4 x 8 of the group's items: what a wave reads of either tile is then little
// more than a line of local memory.
#define BLOCK_COLUMNS (GROUP_COLUMNS < 8 ? GROUP_COLUMNS : 8)
#define BLOCK_ROWS (GROUP_ROWS < 4 ? GROUP_ROWS : 4)
#define BLOCK (BLOCK_ROWS * BLOCK_COLUMNS)
#define BLOCKS_ACROSS (GROUP_COLUMNS / BLOCK_COLUMNS)
#define SLICE (SLICES > 1 ? id / SLICE_ITEMS : 0)
#define SLICE_ID (SLICES > 1 ? id % SLICE_ITEMS : id)
#define ITEM_X (SLICE_ID / BLOCK % BLOCKS_ACROSS * BLOCK_COLUMNS + SLICE_ID % BLOCK_COLUMNS)
#define ITEM_Y (SLICE_ID / BLOCK / BLOCKS_ACROSS * BLOCK_ROWS + SLICE_ID % BLOCK / BLOCK_COLUMNS)
#if GROUP_COLUMNS % BLOCK_COLUMNS || GROUP_ROWS % BLOCK_ROWS
#error "TILE_M / ITEM_M must be below 4 or a multiple of it, and TILE_N / ITEM_N below 8 or a multiple of it"
#endif

INLINE void clear_sums(floatv sums[ITEM_M][ITEM_VECTORS]) {
#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) sums[i][j] = SPLAT(0.0f);
  }
}

// Adds the products of k from `begin` to below `end` of a step. a and b are at the item's first vectors.
INLINE void multiply_tiles(
    floatv sums[ITEM_M][ITEM_VECTORS], local const floatv *a, local const floatv *b, const int begin, const int end) {
#pragma unroll
  for (int k = begin; k < end; k++) {
    floatv rows[ITEM_M / 4], columns[ITEM_VECTORS];
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) columns[j] = b[k * PITCH(TILE_N) + j * GROUP_COLUMNS];
#pragma unroll
    for (int i = 0; i < ITEM_M / 4; i++) rows[i] = a[k * PITCH(TILE_M) + i * GROUP_ROWS];
#pragma unroll
    for (int i = 0; i < ITEM_M / 4; i++) {
#pragma unroll
      for (int j = 0; j < ITEM_VECTORS; j++) {
        sums[4 * i][j] = MULTIPLY_ADD(SPLAT(rows[i].x), columns[j], sums[4 * i][j]);
        sums[4 * i + 1][j] = MULTIPLY_ADD(SPLAT(rows[i].y), columns[j], sums[4 * i + 1][j]);
        sums[4 * i + 2][j] = MULTIPLY_ADD(SPLAT(rows[i].z), columns[j], sums[4 * i + 2][j]);
        sums[4 * i + 3][j] = MULTIPLY_ADD(SPLAT(rows[i].w), columns[j], sums[4 * i + 3][j]);
      }
    }
  }
}

// The k of the first step of a sum of `count` products, which is the short one where TILE_K does not divide them.
#define FIRST_STEP(count) (((count) - 1) % TILE_K + 1)

// The whole sum of `count` products, for kernels that have id, sums, tiles, a_loaded and b_loaded: FETCH(n) loads the
// next n k of both tiles, and zeros behind them up to TILE_K, and goes on by n.
//
// What a step multiplies, the step before has put into local memory in its middle, and loaded in the middle of the
// one before that: wherever a compiler moves the loads to, half a step is left to wait for them. What is put behind the
// last step is not read. A turn of the loop has two steps, so that each place in local memory is a constant.
// Every item of the group passes here with the same `count`.
#define MULTIPLY_STEPS(count, A_ALONG, B_ALONG, FETCH)              \
  {                                                                 \
    local floatv *a_item = tiles + SLICE * SLICE_K * PITCH(TILE_M) + ITEM_Y;          \
    local floatv *b_item = tiles + B_TILE + SLICE * SLICE_K * PITCH(TILE_N) + ITEM_X; \
    int left = (count) - FIRST_STEP(count);                         \
    FETCH(FIRST_STEP(count))                                        \
    put(tiles, a_loaded, A_ALONG, TILE_M, id);                      \
    put(tiles + B_TILE, b_loaded, B_ALONG, TILE_N, id);             \
    if (left > 0) {                                                 \
      FETCH(TILE_K)                                                 \
    }                                                               \
    barrier(CLK_LOCAL_MEM_FENCE);                                   \
    for (;;) {                                                      \
      MULTIPLY_STEP(0, STEP_VECTORS, A_ALONG, B_ALONG, FETCH)       \
      MULTIPLY_STEP(STEP_VECTORS, 0, A_ALONG, B_ALONG, FETCH)       \
    }                                                               \
  }
#define B_TILE (TILE_K * PITCH(TILE_M))
#define MULTIPLY_STEP(from, to, A_ALONG, B_ALONG, FETCH)                    \
  multiply_tiles(sums, a_item + (from), b_item + (from), 0, SLICE_K / 2);   \
  put(tiles + (to), a_loaded, A_ALONG, TILE_M, id);                         \
  put(tiles + (to) + B_TILE, b_loaded, B_ALONG, TILE_N, id);                \
  if (left > TILE_K) {                                                      \
    FETCH(TILE_K)                                                           \
  }                                                                         \
  multiply_tiles(sums, a_item + (from), b_item + (from), SLICE_K / 2, SLICE_K); \
  barrier(CLK_LOCAL_MEM_FENCE);                                             \
  if (left <= 0) break;                                                     \
  left -= TILE_K;

// Rows of an item's sums that pass through local memory together. Each item has places of its own there.
#define STAGED_ROOM (LOCAL_VECTORS / GROUP_ITEMS / ITEM_VECTORS)
#define STAGED_ROWS (STAGED_ROOM >= ITEM_M ? ITEM_M : STAGED_ROOM >= 4 ? 4 : STAGED_ROOM >= 2 ? 2 : 1)
#if STAGED_ROOM < 1
#error "local memory must hold ITEM_N elements of each item"
#endif

// A vector of the tile's sums from its `place` in local memory: the sum of those of the slices.
INLINE floatv sum_slices(local const floatv *tiles, const int place, const int id) {
  const int at = place * GROUP_ITEMS + SLICE_ID;
  floatv sum = tiles[at];
#pragma unroll
  for (int slice = 1; slice < SLICES; slice++) sum += tiles[at + slice * SLICE_ITEMS];
  return sum;
}

// Adds up the slices' sums, in the registers of all items. All items of the group call it, behind MULTIPLY_STEPS.
INLINE void add_slices(floatv sums[ITEM_M][ITEM_VECTORS], local floatv *tiles, const int id) {
  if (SLICES == 1) return;
#pragma unroll
  for (int pass = 0; pass < ITEM_M; pass += STAGED_ROWS) {
#pragma unroll
    for (int i = 0; i < STAGED_ROWS; i++) {
#pragma unroll
      for (int j = 0; j < ITEM_VECTORS; j++) tiles[(i * ITEM_VECTORS + j) * GROUP_ITEMS + id] = sums[pass + i][j];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < STAGED_ROWS; i++) {
#pragma unroll
      for (int j = 0; j < ITEM_VECTORS; j++) sums[pass + i][j] = sum_slices(tiles, i * ITEM_VECTORS + j, id);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

// Runs ROW(row) for each row of an item's sums in the tile, and then VECTOR(column, value) for each vector of the row,
// with its first column in the tile. Neighbouring items hold neighbouring vectors of a row, so that it is stored in one
// stream. Registers cannot be indexed by a loop: the sums pass through local memory, so that ROW and VECTOR stand in
// the code once and not ITEM_M times. Slices share out the rows.
#define FOR_EACH_SUM(ROW, VECTOR)                                                                         \
  _Pragma("unroll 1") for (int pass = 0; pass < ITEM_M; pass += STAGED_ROWS) {                            \
    _Pragma("unroll") for (int i = 0; i < ITEM_M; i++) {                                                  \
      if (i / STAGED_ROWS * STAGED_ROWS != pass) continue;                                                \
      _Pragma("unroll") for (int j = 0; j < ITEM_VECTORS; j++)                                            \
          tiles[(i % STAGED_ROWS * ITEM_VECTORS + j) * GROUP_ITEMS + id] = sums[i][j];                    \
    }                                                                                                     \
    if (SLICES > 1) barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    _Pragma("unroll 1") for (int i = SLICE; i < STAGED_ROWS; i += SLICES) {                               \
      ROW(((pass + i) / 4 * GROUP_ROWS + ITEM_Y) * 4 + (pass + i) % 4)                                    \
      _Pragma("unroll 1") for (int j = 0; j < ITEM_VECTORS; j++) {                                        \
        VECTOR((j * GROUP_COLUMNS + ITEM_X) * 4, sum_slices(tiles, i * ITEM_VECTORS + j, id))             \
      }                                                                                                   \
    }                                                                                                     \
    if (SLICES > 1 && STAGED_ROWS < ITEM_M) barrier(CLK_LOCAL_MEM_FENCE);                                 \
  }

#endif

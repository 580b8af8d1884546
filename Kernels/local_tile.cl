// The tile that GEMM and the convolutions of the tile family share, for GPUs.
//
// A work-group computes TILE_M x TILE_N sums of products of A (rows by k) and B (k by columns). It walks along k in
// steps of TILE_K: the tiles of A and B of a step lie in local memory while every work-item adds their products to the
// ITEM_M x ITEM_N sums that it holds in registers, and while the next step's tiles are on their way from global memory
// to registers. Local memory holds two steps, so one barrier a step is enough.
//
// Local memory: k-th row of a tile first, its TILE_M (TILE_N) elements in vectors of four, and one vector more, so that
// rows of k start in different banks. What lies past the edges of a matrix is loaded as zero, so any size works.
// A work-group has GROUP_ITEMS work-items in its first dimension.
#ifndef LOCAL_TILE_CL
#define LOCAL_TILE_CL
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif
#include "activation.cl"

#if VECTOR_WIDTH != 4
#error "the tile family needs vectors of four"
#endif

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
#define GROUP_ROWS (TILE_M / ITEM_M)
#define GROUP_COLUMNS (TILE_N / ITEM_N)
#define GROUP_ITEMS (GROUP_ROWS * GROUP_COLUMNS)
#define ITEM_VECTORS (ITEM_N / 4)
#if ITEM_M % 4 || ITEM_N % 4 || TILE_M % ITEM_M || TILE_N % ITEM_N
#error "ITEM_M and ITEM_N must be multiples of 4, and TILE_M and TILE_N multiples of them"
#endif

// Qualifies a kernel. Without the group's size, compilers reserve registers for the largest group, and the sums spill.
#define GROUP_KERNEL __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1))) kernel

// Elements of either tile that a work-item loads in a step.
#define A_LOADS (TILE_M * TILE_K / GROUP_ITEMS)
#define B_LOADS (TILE_N * TILE_K / GROUP_ITEMS)
#if TILE_M * TILE_K % (4 * GROUP_ITEMS) || TILE_N * TILE_K % (4 * GROUP_ITEMS)
#error "each work-item must load whole vectors: 4 * GROUP_ITEMS must divide TILE_M * TILE_K and TILE_N * TILE_K"
#endif
#if GROUP_ITEMS % TILE_K || GROUP_ITEMS % (TILE_M / 4) || GROUP_ITEMS % (TILE_N / 4)
#error "TILE_K, TILE_M / 4 and TILE_N / 4 must divide GROUP_ITEMS"
#endif

// Vectors from one k to the next in local memory.
#define PITCH(tile) ((tile) / 4 + 1)
#define LOCAL_TILES(name, tile) local floatv name[2][TILE_K * PITCH(tile)]

// Two ways to divide the loads of a tile of `tile` rows among the work-items, for memory that is contiguous along k
// and along the rows. Along k, an item loads one k of several rows; along the rows, four rows of one or more k.
#define LANE_K (id % TILE_K)
#define LANE_ROW(e) (id / TILE_K + (e) * (GROUP_ITEMS / TILE_K))
#define QUAD_K(q, tile) (id / ((tile) / 4) + (q) * (GROUP_ITEMS / ((tile) / 4)))
#define QUAD_ROW(tile) (id % ((tile) / 4) * 4)

// Stores elements loaded along k in local memory.
INLINE void put_lanes(local floatv *to, const float *loaded, const int tile, const int id) {
  local float *elements = (local float *)to;
#pragma unroll
  for (int e = 0; e < tile * TILE_K / GROUP_ITEMS; e++) elements[LANE_K * PITCH(tile) * 4 + LANE_ROW(e)] = loaded[e];
}

// Stores elements loaded along the rows in local memory.
INLINE void put_quads(local floatv *to, const float *loaded, const int tile, const int id) {
#pragma unroll
  for (int q = 0; q < tile * TILE_K / GROUP_ITEMS / 4; q++) {
    to[QUAD_K(q, tile) * PITCH(tile) + QUAD_ROW(tile) / 4] = LOADV(loaded + 4 * q);
  }
}

// The row, and the first of four columns, of a work-item's sums[i][j] in the tile. Neighbouring items hold neighbouring
// vectors, so that a row is stored in one stream.
#define ITEM_ROW(i) (((i) / 4 * GROUP_ROWS + id / GROUP_COLUMNS) * 4 + (i) % 4)
#define ITEM_COLUMN(j) (((j) * GROUP_COLUMNS + id % GROUP_COLUMNS) * 4)

INLINE void clear_sums(floatv sums[ITEM_M][ITEM_VECTORS]) {
#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) sums[i][j] = SPLAT(0.0f);
  }
}

// Adds the products of one step.
INLINE void multiply_tiles(
    floatv sums[ITEM_M][ITEM_VECTORS], local const floatv *a, local const floatv *b, const int id) {
#pragma unroll 4
  for (int k = 0; k < TILE_K; k++) {
    float rows[ITEM_M];
    floatv columns[ITEM_VECTORS];
#pragma unroll
    for (int i = 0; i < ITEM_M; i += 4) STOREV(a[k * PITCH(TILE_M) + ITEM_ROW(i) / 4], rows + i);
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) columns[j] = b[k * PITCH(TILE_N) + ITEM_COLUMN(j) / 4];
#pragma unroll
    for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
      for (int j = 0; j < ITEM_VECTORS; j++) sums[i][j] = MULTIPLY_ADD(SPLAT(rows[i]), columns[j], sums[i][j]);
    }
  }
}

// All steps of a tile, for kernels that have the sums, a_tiles and b_tiles: fetch(step) loads a step's tiles into
// registers and put(which) writes them to local memory. Every item of the group passes here with the same `steps`.
#define MULTIPLY_STEPS(steps, fetch, put)                                         \
  if ((steps) > 0) {                                                              \
    fetch(0);                                                                     \
    put(0);                                                                       \
  }                                                                               \
  barrier(CLK_LOCAL_MEM_FENCE);                                                   \
  for (int step = 0; step < (steps); step++) {                                    \
    const int more = step + 1 < (steps);                                          \
    if (more) {                                                                   \
      fetch(step + 1);                                                            \
    }                                                                             \
    multiply_tiles(sums, a_tiles[step & 1], b_tiles[step & 1], id);               \
    if (more) {                                                                   \
      put((step + 1) & 1);                                                        \
    }                                                                             \
    barrier(CLK_LOCAL_MEM_FENCE);                                                 \
  }

#endif

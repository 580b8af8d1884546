// General matrix multiplication, tile family: a work-group computes a tile of the product from tiles in local memory.
#include "local_tile.cl"

// Loads the elements (row, k) ... of a tile of `tile` rows, at p[row * row_step + k * k_step], zeros past the edges.
INLINE void fetch_strided(
    float *loaded, global const float *p, const int tile, int row, int rows, int k, int k_end, int row_step, int k_step,
    const int id) {
  if (k_step == 1) {
    const int at = k + LANE_K;
#pragma unroll
    for (int e = 0; e < tile * TILE_K / GROUP_ITEMS; e++) {
      const int r = row + LANE_ROW(e);
      loaded[e] = r < rows && at < k_end ? p[(long)r * row_step + at] : 0.0f;
    }
  } else {
#pragma unroll
    for (int q = 0; q < tile * TILE_K / GROUP_ITEMS / 4; q++) {
      const int at = k + QUAD_K(q, tile);
      const int r = row + QUAD_ROW(tile);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        loaded[4 * q + i] = r + i < rows && at < k_end ? p[(long)(r + i) * row_step + (long)at * k_step] : 0.0f;
      }
    }
  }
}

// out = epilogue(alpha * A B + beta * C + bias), see activation.cl, where A is m x k, B k x n, out and C m x n with
// contiguous rows.
//
// A's element (i, p) is a[i * a_row + p * a_step] and B's (p, j) b[p * b_step + j * b_column], so that neither needs a
// copy to be transposed. C is read only where beta is not 0; it may be out. bias has n elements.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ..., products z * chunk ... of k. With more than one
// chunk, group z writes the z-th of several m x n matrices at out, which sum_splits then adds up.
GROUP_KERNEL void gemm_tile(
    global const float *a, global const float *b, global const float *c, global const float *bias, global float *out,
    int m, int n, int k, int a_row, int a_step, int b_step, int b_column, int chunk, float alpha, float beta,
    global const float *postactivation, int activation, float slope) {
  LOCAL_TILES(a_tiles, TILE_M);
  LOCAL_TILES(b_tiles, TILE_N);
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int first = (int)get_group_id(2) * chunk;
  const int end = min(k, first + chunk);
  out += (long)get_group_id(2) * m * n;

  float a_loaded[A_LOADS], b_loaded[B_LOADS];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define FETCH(step)                                                                                        \
  fetch_strided(a_loaded, a, TILE_M, row, m, first + (step) * TILE_K, end, a_row, a_step, id);             \
  fetch_strided(b_loaded, b, TILE_N, column, n, first + (step) * TILE_K, end, b_column, b_step, id)
#define PUT(which)                                                  \
  if (a_step == 1) put_lanes(a_tiles[which], a_loaded, TILE_M, id); \
  else put_quads(a_tiles[which], a_loaded, TILE_M, id);             \
  if (b_step == 1) put_lanes(b_tiles[which], b_loaded, TILE_N, id); \
  else put_quads(b_tiles[which], b_loaded, TILE_N, id)
  MULTIPLY_STEPS((end - first + TILE_K - 1) / TILE_K, FETCH, PUT)
#undef FETCH
#undef PUT

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int r = row + ITEM_ROW(i);
    if (r >= m) continue;
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) {
      const int q = column + ITEM_COLUMN(j);
      if (q >= n) continue;
      const long at = (long)r * n + q;
      floatv y = sums[i][j] * SPLAT(alpha);
      if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_part(c + at, n - q), y);
      y += load_part(bias + q, n - q);
      store_part(apply_epilogue(y, postactivation + at, n - q, activation, slope), out + at, n - q);
    }
  }
}

// out = epilogue(alpha * (the sum of `splits` m x n matrices at parts, in their order) + beta * C + bias).
// Work-item (x, y): VECTOR_WIDTH columns x of row y.
kernel void sum_splits(
    global const float *parts, global const float *c, global const float *bias, global float *out, int m, int n,
    int splits, float alpha, float beta, global const float *postactivation, int activation, float slope) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH;
  const int row = (int)get_global_id(1);
  const int width = n - column;
  if (width <= 0 || row >= m) return;
  const long at = (long)row * n + column;
  floatv sum = load_part(parts + at, width);
  for (int s = 1; s < splits; s++) sum += load_part(parts + (long)s * m * n + at, width);
  sum *= SPLAT(alpha);
  if (beta != 0.0f) sum = MULTIPLY_ADD(SPLAT(beta), load_part(c + at, width), sum);
  sum += load_part(bias + column, width);
  store_part(apply_epilogue(sum, postactivation + at, width, activation, slope), out + at, width);
}

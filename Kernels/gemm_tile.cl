// General matrix multiplication, tile family: a work-group computes a tile of the product from tiles in local memory.
#include "epilogue_tile.cl"
#include "local_tile.cl"
#include "sums_beside.cl"

#ifndef A_IS_TRANSPOSED
#define A_IS_TRANSPOSED 0  // flag: A is contiguous along its rows' index, not along k
#endif
#ifndef B_IS_TRANSPOSED
#define B_IS_TRANSPOSED 0  // flag: B is contiguous along k, not along its columns' index
#endif
#define A_ALONG (A_IS_TRANSPOSED ? ALONG_ROWS : ALONG_K)
// Not the largest tile for rows that are not aligned, whose registers NVIDIA's compiler would spill.
#define HAS_SUMS_BESIDE (A_IS_TRANSPOSED && !B_IS_TRANSPOSED && (ALIGNED || ITEM_M * ITEM_N < 64))
#define B_ALONG (B_IS_TRANSPOSED ? ALONG_K : ALONG_ROWS)

// out = epilogue(alpha * A B + beta * C + bias), see epilogue_tile.cl, where A is m x k, B k x n, out and C m x n with
// contiguous rows.
//
// A's element (i, p) is a[i * a_pitch + p], or a[p * a_pitch + i] transposed; B's (p, j) is b[p * b_pitch + j], or
// b[j * b_pitch + p]: neither needs a copy to be transposed. ALIGNED: m, n and k are multiples of 4 where they are
// pitches. C is read only where beta is not 0; it may be out. bias has n elements.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ..., products z * chunk ... of k. With more than one
// chunk, group z writes the z-th of several m x n matrices at out, which sum_splits then adds up.
//
// Where A is transposed and B not, as in a weight gradient, groups x past the last row of the product sum the columns of
// B, whose pitch is then n: see sums_beside.cl. With more than one chunk, group z writes the z-th row of column_sums.
GROUP_KERNEL void gemm_tile(
    global const float *a, global const float *b, global const float *c, global const float *bias, global float *out,
    int m, int n, int k, int a_pitch, int b_pitch, int chunk, float alpha, float beta,
    global const float *postactivation, int activation, float slope, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold, global float *column_sums, int sum_vectors, int add_sums) {
  local floatv tiles[LOCAL_VECTORS];
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int first = (int)get_group_id(2) * chunk;
  const int end = min(k, first + chunk);
#if HAS_SUMS_BESIDE
  sum_beside(
      tiles, b, n, first, end, row >= m, sum_vectors, (int)get_group_id(1), column_sums + (long)get_group_id(2) * n,
      add_sums, id);
#endif
  const int count = HAS_SUMS_BESIDE && row >= m ? 0 : end - first;
  out += (long)get_group_id(2) * m * n;

  const int rows = m - row, columns = n - column;
  a += A_IS_TRANSPOSED ? (long)first * a_pitch + row : (long)row * a_pitch + first;
  b += B_IS_TRANSPOSED ? (long)column * b_pitch + first : (long)first * b_pitch + column;
  global const float *a_vectors[LOADS(TILE_M)], *b_vectors[LOADS(TILE_N)];
  find_vectors(a_vectors, a, A_ALONG, TILE_M, rows, a_pitch, id);
  find_vectors(b_vectors, b, B_ALONG, TILE_N, columns, b_pitch, id);
  floatv a_loaded[LOADS(TILE_M)], b_loaded[LOADS(TILE_N)];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define FETCH(count)                                                              \
  fetch(a_loaded, a_vectors, A_ALONG, TILE_M, rows, a_pitch, (count), id);        \
  fetch(b_loaded, b_vectors, B_ALONG, TILE_N, columns, b_pitch, (count), id);
  MULTIPLY_STEPS(count, A_ALONG, B_ALONG, FETCH)
#undef FETCH

  const Epilogue epilogue =
      make_epilogue(postactivation, activation, slope, key0, key1, layer, step_values, threshold);
#define ROW(tile_row)                            \
  const int r = row + (tile_row);                \
  if (r >= m) continue;
#define VECTOR(tile_column, sum)                                                                                   \
  const int q = column + (tile_column);                                                                            \
  if (q >= n) continue;                                                                                            \
  const long at = (long)r * n + q;                                                                                 \
  floatv y = (sum) * SPLAT(alpha);                                                                                 \
  if (beta != 0.0f) y = MULTIPLY_ADD(SPLAT(beta), load_quad(c + at, n - q, ALIGNED), y);                           \
  y += load_quad(bias + q, n - q, ALIGNED);                                                                        \
  y = apply_epilogue_at(y, at, n - q, &epilogue, ALIGNED);                                                         \
  store_quad(y, out + at, n - q, ALIGNED);
  FOR_EACH_SUM(ROW, VECTOR)
#undef ROW
#undef VECTOR
}

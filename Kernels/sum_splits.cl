// The last pass of products whose k is cut into splits, tile family.
#include "epilogue_tile.cl"
#include "sum_splits.h"

// out = epilogue(alpha * (the sum of `splits` matrices at parts) + beta * C + bias), see epilogue_tile.cl, for matrices of
// `count` elements in rows of n. C is read only where beta is not 0; it may be out. bias has n elements.
//
// Work-group of SUM_SPLITS_VECTORS x SUM_SPLITS_ITEMS work-items: a vector of consecutive elements for each x, of which
// item y sums the splits y, y + SUM_SPLITS_ITEMS, ... in their order; the first then adds up the items' sums in theirs.
kernel void sum_splits(
    global const float *parts, global const float *c, global const float *bias, global float *out, int count, int n,
    int splits, float alpha, float beta, global const float *postactivation, int activation, float slope, uint key0,
    uint key1, uint layer, global const uint *step_values, uint threshold) {
  local floatv sums[SUM_SPLITS_ITEMS][SUM_SPLITS_VECTORS];
  const int x = (int)get_local_id(0), item = (int)get_local_id(1);
  const int at = ((int)get_group_id(0) * SUM_SPLITS_VECTORS + x) * 4;
  const int width = count - at, is_aligned = count % 4 == 0;
  floatv sum = SPLAT(0.0f);
  if (width > 0) {
#pragma unroll 4
    for (int split = item; split < splits; split += SUM_SPLITS_ITEMS) {
      sum += load_quad(parts + ((long)split * count + at), width, is_aligned);
    }
  }
  sums[item][x] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item > 0 || width <= 0) return;
  for (int other = 1; other < SUM_SPLITS_ITEMS; other++) sum += sums[other][x];
  sum *= SPLAT(alpha);
  if (beta != 0.0f) sum = MULTIPLY_ADD(SPLAT(beta), load_quad(c + at, width, is_aligned), sum);
  const int column = at % n;
  if (n % 4 == 0) {
    sum += load_quad(bias + column, 4, 1);
  } else {
    sum.x += bias[column];
    sum.y += bias[(column + 1) % n];
    sum.z += bias[(column + 2) % n];
    sum.w += bias[(column + 3) % n];
  }
  const Epilogue epilogue =
      make_epilogue(postactivation, activation, slope, key0, key1, layer, step_values, threshold);
  store_quad(apply_epilogue_at(sum, at, width, &epilogue, is_aligned), out + at, width, is_aligned);
}

// Column sums beside a product, tile family: what a weight gradient's launch does for the gradient of the bias.
//
// The launch has more groups than the product has tiles. Those sum the columns of a matrix before they compute an empty
// product, which takes no register and no instruction from the product's loop, and no launch of its own. Group `block`
// sums 4 * `vectors` columns of a chunk of rows; `vectors` is a power of two that divides the
// group's items.
#ifndef SUMS_BESIDE_CL
#define SUMS_BESIDE_CL
#include "local_tile.cl"
#include "group_sum.cl"

// sums (+)= the sums of columns block * 4 * vectors ... of rows begin ..< end of x, a matrix with C columns, where the
// group is `wanted`. All items of all groups pass here, so that none misses a barrier.
INLINE void sum_beside(
    local floatv *tiles, global const float *x, const int C, const int begin, const int end, const int wanted,
    const int vectors, const int block, global float *sums, const int add, const int id) {
  column_item item;
  item.c = (block * vectors + id % vectors) * 4;
  item.channels = C - item.c;
  item.step = GROUP_ITEMS / vectors;
  item.row = begin + id / vectors;
  item.end = wanted ? end : begin;
  tiles[id] = sum_rows(x, C, item);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (wanted && id < vectors && item.channels > 0) {
    floatv sum = tiles[id];
#pragma unroll 4
    for (int lane = 1; lane < item.step; lane++) sum += tiles[lane * vectors + id];
    const int is_aligned = C % 4 == 0;
    if (add) sum += load_quad(sums + item.c, item.channels, is_aligned);
    store_quad(sum, sums + item.c, item.channels, is_aligned);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

#endif

// Dropout, tile family, with the masks that philox.cl describes: a work-item draws four neighbouring blocks of Philox,
// and does the 32 elements that they decide, eight vectors of four that lie PHILOX_LANES apart. Four neighbours do the
// 128 elements of a group.
#include "philox_tile.cl"
#include "dropout.h"
#include "step_values.h"

#define BLOCK_NUMBERS 8  // 16-bit numbers of a block
#if PHILOX_GROUP_ELEMENTS != PHILOX_LANES * BLOCK_NUMBERS || DROPOUT_TILE_GROUP_ITEMS * VECTOR_WIDTH != PHILOX_LANES
#error "a group has the eight numbers of 16 blocks, of which a work-item draws four"
#endif

// words[4 * i + k] = word k of block first_block + i. For tests of the generator.
// Work-item: four blocks.
kernel void philox_blocks_tile(
    global uint *words, int blocks, uint first_block, uint counter1, uint layer, uint step, uint key0, uint key1) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  if (first >= blocks) return;
  uintv drawn[4];
  draw_blocks(drawn, four_from(first_block + (uint)first), counter1, layer, step, key0, key1);
#pragma unroll
  for (int k = 0; k < 4; k++) {
    global uint *to = words + 4 * first + k;
    to[0] = drawn[k].x;
    if (first + 1 < blocks) to[4] = drawn[k].y;
    if (first + 2 < blocks) to[8] = drawn[k].z;
    if (first + 3 < blocks) to[12] = drawn[k].w;
  }
}

// y = x * scale where kept, x * 0 elsewhere, so that NaN and infinity stay visible; with DROPOUT_RELU, of relu(x).
kernel void dropout_forward_tile(
    global const float *x, global float *y, int count, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold, float scale, int mode) {
  const int item = (int)get_global_id(0), group = item / DROPOUT_TILE_GROUP_ITEMS;
  const int first = group * PHILOX_GROUP_ELEMENTS + item % DROPOUT_TILE_GROUP_ITEMS * VECTOR_WIDTH;
  if (first >= count) return;
  floatv values[BLOCK_NUMBERS];
  // A whole group has no branch around each load.
  const int is_whole = first + (BLOCK_NUMBERS - 1) * PHILOX_LANES + VECTOR_WIDTH <= count;
  if (is_whole) {
#pragma unroll
    for (int i = 0; i < BLOCK_NUMBERS; i++) values[i] = *(global const floatv *)(x + first + i * PHILOX_LANES);
  } else {
#pragma unroll
    for (int i = 0; i < BLOCK_NUMBERS; i++) {
      const int at = first + i * PHILOX_LANES;
      values[i] = load_aligned(x + at, count - at);
    }
  }
  uintv words[4];
  draw_blocks(words, four_from((uint)(item * VECTOR_WIDTH)), 0u, layer, step_values[STEP_VALUE_DROPOUT], key0, key1);
#pragma unroll
  for (int i = 0; i < BLOCK_NUMBERS; i++) {
    const uintv number = i % 2 == 0 ? words[i / 2] & 0xffffu : words[i / 2] >> 16;
    const intv keep = number >= (uintv)(threshold);
    if (mode == DROPOUT_RELU) values[i] = activate(values[i], ACTIVATION_RELU, 0.0f);
    values[i] *= AS_FLOATV(AS_INTV(SPLAT(scale)) & keep);
  }
#pragma unroll
  for (int i = 0; i < BLOCK_NUMBERS; i++) {
    const int at = first + i * PHILOX_LANES;
    if (is_whole) *(global floatv *)(y + at) = values[i];
    else store_aligned(values[i], y + at, count - at);
  }
}

// The generator of dropout masks, philox.cl, by vectors of four blocks, for the kernels of the tile family.
#ifndef PHILOX_TILE_CL
#define PHILOX_TILE_CL
#include "quad.cl"
#include "philox.h"

// first, first + 1, ...
INLINE uintv four_from(const uint first) {
  uintv v = (uintv)(first);
  v.y += 1u;
  v.z += 2u;
  v.w += 3u;
  return v;
}

// The lower and upper words of words * m, from products of 64 bits: one driver's mul_hi has been wrong.
INLINE void multiply_words(const uintv words, const uint m, uintv *low, uintv *high) {
  const ulong4 product = convert_ulong4(words) * (ulong4)((ulong)m);
  *low = convert_uint4(product);
  *high = convert_uint4(product >> 32);
}

// A round on the counter's words c0 ... c3 of four blocks, and the key's next words.
#define PHILOX_ROUND                                \
  {                                                 \
    uintv low0, high0, low1, high1;                 \
    multiply_words(c0, PHILOX_M0, &low0, &high0);   \
    multiply_words(c2, PHILOX_M1, &low1, &high1);   \
    c0 = high1 ^ c1 ^ key0;                         \
    c1 = low1;                                      \
    c2 = high0 ^ c3 ^ key1;                         \
    c3 = low0;                                      \
    key0 += PHILOX_W0;                              \
    key1 += PHILOX_W1;                              \
  }

// The four words of four blocks: words[k], element i is word k of the i-th block.
INLINE void draw_blocks(
    uintv words[4], const uintv blocks, const uint counter1, const uint layer, const uint step, uint key0,
    uint key1) {
  uintv c0 = blocks, c1 = (uintv)(counter1), c2 = (uintv)(layer), c3 = (uintv)(step);
#pragma unroll
  for (int round = 0; round < 10; round++) PHILOX_ROUND
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

// What a dropout's mask is drawn from: see philox.cl.
typedef struct {
  uint key0, key1, layer, step, threshold;
} Mask;

// Which of elements first, first + 1, ... of a tensor the mask keeps: bits 0 ... 3. A block is drawn for each, and one
// of its eight numbers is used: that is less than reading and writing the elements once more. The rounds are a loop, so
// that kernels which store products stay small.
INLINE uint draw_kept(const uint first, const Mask *mask) {
  const uintv elements = four_from(first), number = elements / PHILOX_LANES % 8u;
  uint key0 = mask->key0, key1 = mask->key1;
  uintv c0 = elements / PHILOX_GROUP_ELEMENTS * PHILOX_LANES + elements % PHILOX_LANES;
  uintv c1 = (uintv)(0u), c2 = (uintv)(mask->layer), c3 = (uintv)(mask->step);
#pragma unroll 1
  for (int round = 0; round < 10; round++) PHILOX_ROUND
  const uintv word = select(select(c0, c1, number >= 2u), select(c2, c3, number >= 6u), number >= 4u);
  const intv keep = select(word & 0xffffu, word >> 16, (number & 1u) != 0u) >= (uintv)(mask->threshold);
  return (uint)((keep.x & 1) | (keep.y & 2) | (keep.z & 4) | (keep.w & 8));
}

// v * scale where bit 0 ... 3 of `kept` is set, v * 0 elsewhere, so that NaN and infinity stay visible.
INLINE floatv drop(const floatv v, const uint kept, const float scale) {
  floatv factor;
  factor.x = kept & 1u ? scale : 0.0f;
  factor.y = kept & 2u ? scale : 0.0f;
  factor.z = kept & 4u ? scale : 0.0f;
  factor.w = kept & 8u ? scale : 0.0f;
  return v * factor;
}

#endif

// Masks of dropout from a counter-based generator, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011): the same mask on every device, and computed again for the gradient instead of stored. It stands
// before the kernels that draw.
//
// The key is the seed; the counter is (block, 0, layer, step). A block gives eight 16-bit numbers, the halves of its
// four words, low half first. Element e belongs to group g = e / 128; its block is g * 16 + e % 16 and its number in
// it is (e % 128) / 16. It is kept if that number is at least `threshold`, round(probability * 65536).
#ifndef PHILOX_CL
#define PHILOX_CL
#include "common.cl"
#include "philox.h"

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_LANES 16
#define PHILOX_WORDS (4 * PHILOX_LANES)
#if PHILOX_GROUP_ELEMENTS != 2 * PHILOX_WORDS
#error "a group has the eight numbers of 16 blocks"
#endif

// Groups that are drawn together. Each operation of a round waits for the one before: with one vector of each word, a
// processor would be idle half of the time, and narrower vectors make two or four of a group already.
#if VECTOR_WIDTH >= 16
#define PHILOX_GROUPS PHILOX_GROUPS_WIDE
#else
#define PHILOX_GROUPS PHILOX_GROUPS_NARROW
#endif

// Lower and upper words of the products with m, from those of even and of odd places, which are the lower and upper
// halves of double words: two multiplications in place of those that mul_hi and * would each make.
INLINE void multiply_words(const uint16 words, const uint m, uint16 *low, uint16 *high) {
  const ulong8 factor = (ulong8)((ulong)m), lower = (ulong8)(0xfffffffful);
  const ulong8 even = (as_ulong8(words) & lower) * factor, odd = (as_ulong8(words) >> 32) * factor;
  *low = as_uint16((even & lower) | (odd << 32));
  *high = as_uint16((even >> 32) | (odd & ~lower));
}

// Ten rounds on the counters of PHILOX_GROUPS groups, in place: word k of group g in counters[4 * g + k].
INLINE void philox(uint16 *counters, uint key0, uint key1) {
  uint16 c[4 * PHILOX_GROUPS];
#pragma unroll
  for (int i = 0; i < 4 * PHILOX_GROUPS; i++) c[i] = counters[i];
#pragma unroll
  for (int round = 0; round < 10; round++) {
#pragma unroll
    for (int i = 0; i < 4 * PHILOX_GROUPS; i += 4) {
      uint16 low0, high0, low1, high1;
      multiply_words(c[i], PHILOX_M0, &low0, &high0);
      multiply_words(c[i + 2], PHILOX_M1, &low1, &high1);
      c[i] = high1 ^ c[i + 1] ^ key0;
      c[i + 1] = low1;
      c[i + 2] = high0 ^ c[i + 3] ^ key1;
      c[i + 3] = low0;
    }
    key0 += PHILOX_W0;
    key1 += PHILOX_W1;
  }
#pragma unroll
  for (int i = 0; i < 4 * PHILOX_GROUPS; i++) counters[i] = c[i];
}

// The words of PHILOX_GROUPS groups, the first of whose blocks is `first`: word k of all blocks of a group lies behind one
// another.
INLINE void draw_words(
    uint words[PHILOX_GROUPS * PHILOX_WORDS], const uint first, const uint counter1, const uint layer, const uint step,
    const uint key0, const uint key1) {
  uint lanes[PHILOX_LANES];
  for (int i = 0; i < PHILOX_LANES; i++) lanes[i] = (uint)i;
  const uint16 blocks = vload16(0, lanes) + first;
  uint16 counters[4 * PHILOX_GROUPS];
#pragma unroll
  for (int i = 0; i < PHILOX_GROUPS; i++) {
    counters[4 * i] = blocks + (uint)(i * PHILOX_LANES);
    counters[4 * i + 1] = (uint16)(counter1);
    counters[4 * i + 2] = (uint16)(layer);
    counters[4 * i + 3] = (uint16)(step);
  }
  philox(counters, key0, key1);
#pragma unroll
  for (int i = 0; i < 4 * PHILOX_GROUPS; i++) vstore16(counters[i], i, words);
}

// Room for the numbers that a work-item keeps: the first may be the last of its group, groups are drawn PHILOX_GROUPS at a time, and the last vector is read
// whole.
#define PHILOX_NUMBERS_ROOM (PHILOX_KEPT_ELEMENTS + (PHILOX_GROUPS + 1) * 2 * PHILOX_WORDS)

// Draws the numbers of elements begin ..< end, from the first one of the group of `begin` on; returns where that of
// `begin` is.
INLINE const uint *draw_numbers(
    uint numbers[PHILOX_NUMBERS_ROOM], const int begin, const int end, const uint key0, const uint key1, const uint layer,
    const uint step) {
  const int first = begin / (2 * PHILOX_WORDS);
  for (int group = first; group * 2 * PHILOX_WORDS < end; group += PHILOX_GROUPS) {
    uint words[PHILOX_GROUPS * PHILOX_WORDS];
    draw_words(words, (uint)(group * PHILOX_LANES), 0u, layer, step, key0, key1);
    for (int i = 0; i < PHILOX_GROUPS * PHILOX_WORDS; i += PHILOX_LANES) {
      const uint16 word = vload16(0, words + i);
      uint *to = numbers + 2 * ((group - first) * PHILOX_WORDS + i);
      vstore16(word & 0xffffu, 0, to);
      vstore16(word >> 16, 0, to + PHILOX_LANES);
    }
  }
  return numbers + (begin - first * 2 * PHILOX_WORDS);
}

// relu(v), multiplied by scale where the element's number is at least the threshold, by 0 elsewhere. A whole vector of
// numbers is read, past the last channel.
INLINE floatv relu_dropout(const floatv v, const uint *number, const uint threshold, const float scale) {
  const intv keep = LOADV(number) >= (uintv)(threshold);
  return activate(v, ACTIVATION_RELU, 0.0f) * AS_FLOATV(AS_INTV(SPLAT(scale)) & keep);
}

#endif

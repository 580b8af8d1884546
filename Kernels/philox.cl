// Dropout masks from a counter-based generator, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011): the same mask on every device, recomputed for the gradient instead of stored.
//
// The key is the seed; the counter is (block, 0, layer, step). A block gives eight 16-bit numbers, the halves of its
// four words, low half first. Element e belongs to group g = e / 128; its block is g * 16 + e % 16 and its number in
// it is (e % 128) / 16. It is kept if that number is at least `threshold`, round(probability * 65536).
#ifndef PHILOX_CL
#define PHILOX_CL
#include "activation.cl"
#include "philox.h"

#define PHILOX_WORDS (4 * PHILOX_LANES)
#if PHILOX_GROUP_ELEMENTS != 2 * PHILOX_WORDS
#error "a group has the eight numbers of 16 blocks"
#endif

// Groups that are drawn together. Each operation of a round depends on the one before; a second group hides its
// latency. Narrower vectors already make two or four vectors of a group.
#if VECTOR_WIDTH >= 16
#define PHILOX_GROUPS PHILOX_GROUPS_WIDE
#else
#define PHILOX_GROUPS PHILOX_GROUPS_NARROW
#endif

// The lower and upper words of words * m. Even and odd elements are the lower and upper halves of 64-bit elements, so
// two multiplications give both; mul_hi and * would each take as many.
INLINE void multiply_words(const uint16 words, const uint m, uint16 *low, uint16 *high) {
  const ulong8 factor = (ulong8)((ulong)m), lower = (ulong8)(0xfffffffful);
  const ulong8 even = (as_ulong8(words) & lower) * factor, odd = (as_ulong8(words) >> 32) * factor;
  *low = as_uint16((even & lower) | (odd << 32));
  *high = as_uint16((even >> 32) | (odd & ~lower));
}

// The ten rounds, in place, of PHILOX_GROUPS groups: word k of group g is counters[4 * g + k].
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

// The words of PHILOX_GROUPS groups, [group, word, block], of which `first` is the first block.
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

// Room for the numbers of PHILOX_KEPT_ELEMENTS: the first may be the last of its group, groups are drawn
// PHILOX_GROUPS at a time, and the last vector is read whole.
#define PHILOX_NUMBERS_ROOM (PHILOX_KEPT_ELEMENTS + (PHILOX_GROUPS + 1) * 2 * PHILOX_WORDS)

// Draws the numbers of elements begin ..< end, from the beginning of begin's group on, and returns where begin's is.
INLINE const uint *draw_numbers(
    uint numbers[PHILOX_NUMBERS_ROOM], const int begin, const int end, const uint key0, const uint key1,
    const uint layer, const uint step) {
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

// relu(v) times scale where the element's number is at least the threshold, times 0 elsewhere. A whole vector of
// numbers is read, also past the last channel.
INLINE floatv relu_dropout(const floatv v, const uint *number, const uint threshold, const float scale) {
  const intv keep = LOADV(number) >= (uintv)(threshold);
  return activate(v, ACTIVATION_RELU, 0.0f) * AS_FLOATV(AS_INTV(SPLAT(scale)) & keep);
}

#endif

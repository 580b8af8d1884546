// Masks of dropout from a counter-based generator, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011): the same mask on every device, and computed again for the gradient instead of stored. It stands
// before the kernels that draw.
//
// The key is the seed; the counter is (block, 0, layer, step). A block gives eight 16-bit numbers, the halves of its
// four words, low half first. Element e belongs to group g = e / 128; its block is g * 16 + e % 16 and its number in
// it is (e % 128) / 16. It is kept if that number is at least `threshold`, round(probability * 65536).

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define GROUP_LANES 16
#define GROUP_WORDS (4 * GROUP_LANES)

// Groups that are drawn together. Each operation of a round waits for the one before: with one vector of each word, a
// processor would be idle half of the time, and narrower vectors make two or four of a group already.
#if VECTOR_WIDTH >= 16
#define GROUPS 2
#else
#define GROUPS 1
#endif

// Lower and upper words of the products with m, from those of even and of odd places, which are the lower and upper
// halves of double words: two multiplications in place of those that mul_hi and * would each make.
INLINE void multiply_words(const uint16 words, const uint m, uint16 *low, uint16 *high) {
  const ulong8 factor = (ulong8)((ulong)m), lower = (ulong8)(0xfffffffful);
  const ulong8 even = (as_ulong8(words) & lower) * factor, odd = (as_ulong8(words) >> 32) * factor;
  *low = as_uint16((even & lower) | (odd << 32));
  *high = as_uint16((even >> 32) | (odd & ~lower));
}

// Ten rounds on the counters of GROUPS groups, in place: word k of group g in counters[4 * g + k].
INLINE void philox(uint16 *counters, uint key0, uint key1) {
  uint16 c[4 * GROUPS];
#pragma unroll
  for (int i = 0; i < 4 * GROUPS; i++) c[i] = counters[i];
#pragma unroll
  for (int round = 0; round < 10; round++) {
#pragma unroll
    for (int i = 0; i < 4 * GROUPS; i += 4) {
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
  for (int i = 0; i < 4 * GROUPS; i++) counters[i] = c[i];
}

// The words of GROUPS groups, the first of whose blocks is `first`: word k of all blocks of a group lies behind one
// another.
INLINE void draw_words(
    uint words[GROUPS * GROUP_WORDS], const uint first, const uint counter1, const uint layer, const uint step,
    const uint key0, const uint key1) {
  uint lanes[GROUP_LANES];
  for (int i = 0; i < GROUP_LANES; i++) lanes[i] = (uint)i;
  const uint16 blocks = vload16(0, lanes) + first;
  uint16 counters[4 * GROUPS];
#pragma unroll
  for (int i = 0; i < GROUPS; i++) {
    counters[4 * i] = blocks + (uint)(i * GROUP_LANES);
    counters[4 * i + 1] = (uint16)(counter1);
    counters[4 * i + 2] = (uint16)(layer);
    counters[4 * i + 3] = (uint16)(step);
  }
  philox(counters, key0, key1);
#pragma unroll
  for (int i = 0; i < 4 * GROUPS; i++) vstore16(counters[i], i, words);
}

#define MOST_NUMBERS 8192  // elements whose numbers a work-item keeps, at most
// Room for them: the first may be the last of its group, groups are drawn GROUPS at a time, and the last vector is read
// whole.
#define NUMBERS_ROOM (MOST_NUMBERS + (GROUPS + 1) * 2 * GROUP_WORDS)

// Draws the numbers of elements begin ..< end, from the first one of the group of `begin` on; returns where that of
// `begin` is.
INLINE const uint *draw_numbers(
    uint numbers[NUMBERS_ROOM], const int begin, const int end, const uint key0, const uint key1, const uint layer,
    const uint step) {
  const int first = begin / (2 * GROUP_WORDS);
  for (int group = first; group * 2 * GROUP_WORDS < end; group += GROUPS) {
    uint words[GROUPS * GROUP_WORDS];
    draw_words(words, (uint)(group * GROUP_LANES), 0u, layer, step, key0, key1);
    for (int i = 0; i < GROUPS * GROUP_WORDS; i += GROUP_LANES) {
      const uint16 word = vload16(0, words + i);
      uint *to = numbers + 2 * ((group - first) * GROUP_WORDS + i);
      vstore16(word & 0xffffu, 0, to);
      vstore16(word >> 16, 0, to + GROUP_LANES);
    }
  }
  return numbers + (begin - first * 2 * GROUP_WORDS);
}

// relu(v), multiplied by scale where the element's number is at least the threshold, by 0 elsewhere. A whole vector of
// numbers is read, past the last channel.
INLINE floatv relu_dropout(const floatv v, const uint *number, const uint threshold, const float scale) {
  const intv keep = LOADV(number) >= (uintv)(threshold);
  return activate(v, ACTIVATION_RELU, 0.0f) * AS_FLOATV(AS_INTV(SPLAT(scale)) & keep);
}

// Dropout with masks from a counter-based generator, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011): the same mask on every device, and computed again for the gradient instead of stored.
//
// The key is the seed; the counter is (block, 0, layer, step). A block gives eight 16-bit numbers, the halves of its
// four words, low half first. Element e belongs to group g = e / 128; its block is g * 16 + e % 16 and its number in
// it is (e % 128) / 16. It is kept if that number is at least `threshold`, round(probability * 65536).
// A work-item does one group of 128 elements.

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define GROUP_LANES 16

// Ten rounds on the counters of a group at once, in place. Each operation of a round waits for the one before: with
// the lanes of one vector alone, a processor would be idle half of the time.
INLINE void philox(uint16 *counter, uint key0, uint key1) {
  const uint16 m0 = (uint16)(PHILOX_M0), m1 = (uint16)(PHILOX_M1);
  uint16 c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const uint16 high0 = mul_hi(m0, c0), low0 = m0 * c0;
    const uint16 high1 = mul_hi(m1, c2), low1 = m1 * c2;
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 += PHILOX_W0;
    key1 += PHILOX_W1;
  }
  counter[0] = c0, counter[1] = c1, counter[2] = c2, counter[3] = c3;
}

// The counters of a group's blocks, the first of which is `first`.
INLINE void count_blocks(uint16 *counter, const uint first, const uint counter1, const uint layer, const uint step) {
  uint numbers[GROUP_LANES];
  for (int i = 0; i < GROUP_LANES; i++) numbers[i] = (uint)i;
  counter[0] = vload16(0, numbers) + first;
  counter[1] = (uint16)(counter1);
  counter[2] = (uint16)(layer);
  counter[3] = (uint16)(step);
}

// The four words of the blocks first_block + i, for tests: word k of block i in words[4 * i + k].
kernel void philox_blocks(
    global uint *words, int blocks, uint first_block, uint counter1, uint layer, uint step, uint key0, uint key1) {
  const int first = (int)get_global_id(0) * GROUP_LANES;
  if (first >= blocks) return;
  uint16 counter[4];
  count_blocks(counter, first_block + (uint)first, counter1, layer, step);
  philox(counter, key0, key1);
  for (int k = 0; k < 4; k++) {
    uint lanes[GROUP_LANES];
    vstore16(counter[k], 0, lanes);
    for (int i = 0; i < GROUP_LANES && first + i < blocks; i++) words[4 * (first + i) + k] = lanes[i];
  }
}

#define DROPOUT_PLAIN 0  // y = x where kept
#define DROPOUT_RELU 1   // y = relu(x) where kept

// y = x * scale where kept, 0 elsewhere. Multiplied, so that NaN and infinity do not vanish with a dropped element.
kernel void dropout_forward(
    global const float *x, global float *y, int count, uint key0, uint key1, uint layer, uint step, uint threshold,
    float scale, int mode) {
  const int group = (int)get_global_id(0), first = group * 8 * GROUP_LANES;
  if (first >= count) return;
  uint16 counter[4];
  count_blocks(counter, (uint)(group * GROUP_LANES), 0u, layer, step);
  philox(counter, key0, key1);
  uint words[4 * GROUP_LANES];
  for (int k = 0; k < 4; k++) vstore16(counter[k], k, words);
  for (int i = 0; i < 4 * GROUP_LANES; i += VECTOR_WIDTH) {
    const uintv word = LOADV(words + i);
    const intv keep_low = (word & 0xffffu) >= (uintv)(threshold);
    const intv keep_high = (word >> 16) >= (uintv)(threshold);
    const int low = first + i / GROUP_LANES * 2 * GROUP_LANES + i % GROUP_LANES, high = low + GROUP_LANES;
    if (low < count) {
      floatv v = load_part(x + low, count - low);
      if (mode == DROPOUT_RELU) v = activate(v, ACTIVATION_RELU, 0.0f);
      store_part(v * AS_FLOATV(AS_INTV(SPLAT(scale)) & keep_low), y + low, count - low);
    }
    if (high < count) {
      floatv v = load_part(x + high, count - high);
      if (mode == DROPOUT_RELU) v = activate(v, ACTIVATION_RELU, 0.0f);
      store_part(v * AS_FLOATV(AS_INTV(SPLAT(scale)) & keep_high), y + high, count - high);
    }
  }
}

// dx = dy * scale where y > 0: the gradient of dropout after ReLU, which needs no mask, since a dropped element and
// one that ReLU held back are both 0 in y and have the same gradient.
kernel void relu_dropout_backward(global const float *dy, global const float *y, global float *dx, int count, float scale) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_part(
      CHOOSEV(load_part(y + first, n) <= SPLAT(0.0f), SPLAT(0.0f), load_part(dy + first, n) * scale), dx + first, n);
}

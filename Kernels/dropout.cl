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

// Ten rounds on VECTOR_WIDTH counters at once, in place.
INLINE void philox(uintv *counter, uint key0, uint key1) {
  const uintv m0 = (uintv)(PHILOX_M0), m1 = (uintv)(PHILOX_M1);
  uintv c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  for (int round = 0; round < 10; round++) {
    const uintv high0 = mul_hi(m0, c0), low0 = m0 * c0;
    const uintv high1 = mul_hi(m1, c2), low1 = m1 * c2;
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 += PHILOX_W0;
    key1 += PHILOX_W1;
  }
  counter[0] = c0, counter[1] = c1, counter[2] = c2, counter[3] = c3;
}

// The lane numbers first, first + 1, ...
INLINE uintv lane_numbers(uint first) {
  uint lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = first + (uint)i;
  return LOADV(lanes);
}

// The four words of the blocks first_block + i, for tests: word k of block i in words[4 * i + k].
kernel void philox_blocks(
    global uint *words, int blocks, uint first_block, uint counter1, uint layer, uint step, uint key0, uint key1) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  if (first >= blocks) return;
  uintv counter[4] = {
      lane_numbers(first_block + (uint)first), (uintv)(counter1), (uintv)(layer), (uintv)(step)};
  philox(counter, key0, key1);
  for (int k = 0; k < 4; k++) {
    uint lanes[VECTOR_WIDTH];
    STOREV(counter[k], lanes);
    for (int i = 0; i < VECTOR_WIDTH && first + i < blocks; i++) words[4 * (first + i) + k] = lanes[i];
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
  for (int lane = 0; lane < GROUP_LANES; lane += VECTOR_WIDTH) {
    uintv words[4] = {
        lane_numbers((uint)(group * GROUP_LANES + lane)), (uintv)(0u), (uintv)(layer), (uintv)(step)};
    philox(words, key0, key1);
    for (int k = 0; k < 4; k++) {
      const intv keep_low = (words[k] & 0xffffu) >= (uintv)(threshold);
      const intv keep_high = (words[k] >> 16) >= (uintv)(threshold);
      const int low = first + 2 * k * GROUP_LANES + lane, high = low + GROUP_LANES;
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

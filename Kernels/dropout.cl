// Dropout, with masks from philox.cl. A work-item computes PHILOX_GROUPS groups of elements.
#include "philox.cl"
#include "dropout.h"
#include "step_values.h"

// words[4 * i + k] = word k of block first_block + i. For tests of the generator.
kernel void philox_blocks(
    global uint *words, int blocks, uint first_block, uint counter1, uint layer, uint step, uint key0, uint key1) {
  const int first = (int)get_global_id(0) * PHILOX_GROUPS * PHILOX_LANES;
  if (first >= blocks) return;
  uint drawn[PHILOX_GROUPS * PHILOX_WORDS];
  draw_words(drawn, first_block + (uint)first, counter1, layer, step, key0, key1);
  for (int i = 0; i < min(PHILOX_GROUPS * PHILOX_LANES, blocks - first); i++) {
    for (int k = 0; k < 4; k++) {
      words[4 * (first + i) + k] = drawn[i / PHILOX_LANES * PHILOX_WORDS + k * PHILOX_LANES + i % PHILOX_LANES];
    }
  }
}

// y = x * scale where kept, x * 0 elsewhere, so that NaN and infinity stay visible; with DROPOUT_RELU, of relu(x).
kernel void dropout_forward(
    global const float *x, global float *y, int count, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold, float scale, int mode) {
  const int item = (int)get_global_id(0), first = item * PHILOX_GROUPS * 2 * PHILOX_WORDS;
  if (first >= count) return;
  uint words[PHILOX_GROUPS * PHILOX_WORDS];
  const uint step = step_values[STEP_VALUE_DROPOUT];
  draw_words(words, (uint)(item * PHILOX_GROUPS * PHILOX_LANES), 0u, layer, step, key0, key1);
  for (int i = 0; i < PHILOX_GROUPS * PHILOX_WORDS; i += VECTOR_WIDTH) {
    const uintv word = LOADV(words + i);
    const intv keep_low = (word & 0xffffu) >= (uintv)(threshold);
    const intv keep_high = (word >> 16) >= (uintv)(threshold);
    const int low = first + i / PHILOX_LANES * 2 * PHILOX_LANES + i % PHILOX_LANES, high = low + PHILOX_LANES;
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

// Epilogues of the tile family: what the kernels of products apply to their sums as they store them.
#ifndef EPILOGUE_TILE_CL
#define EPILOGUE_TILE_CL
#include "argmax.cl"
#include "philox_tile.cl"
#include "step_values.h"

// activation: ACTIVATION_...; ACTIVATION_RELU_DROPOUT, whose scale is the slope; or, with ACTIVATION_GRADIENT added, the
// gradient of one whose output is `other`.
typedef struct {
  global const float *other;
  int activation;
  float slope;
  Mask mask;
} Epilogue;

// An epilogue from a kernel's arguments. The step is read only where a mask is drawn: elsewhere step_values is what the
// kernel writes.
INLINE Epilogue make_epilogue(
    global const float *other, const int activation, const float slope, const uint key0, const uint key1,
    const uint layer, global const uint *step_values, const uint threshold) {
  const uint step = activation == ACTIVATION_RELU_DROPOUT ? step_values[STEP_VALUE_DROPOUT] : 0u;
  const Epilogue epilogue = {other, activation, slope, {key0, key1, layer, step, threshold}};
  return epilogue;
}

// The epilogue of elements at, at + 1, ... of a product, of which there are n, with load_quad's conditions (common.cl).
INLINE floatv apply_epilogue_at(
    const floatv x, const long at, const int n, const Epilogue *e, const int is_aligned) {
  if (e->activation == ACTIVATION_RELU_DROPOUT) {
    return drop(activate(x, ACTIVATION_RELU, 0.0f), draw_kept((uint)at, &e->mask), e->slope);
  }
  if (e->activation < ACTIVATION_GRADIENT) return activate(x, e->activation, e->slope);
  const floatv y = load_quad(e->other + at, n, is_aligned);
  return activate_gradient(x, y, e->activation - ACTIVATION_GRADIENT, e->slope);
}

// Stores n argmax at p, with load_quad's conditions.
INLINE void store_argmax_quad(const intv argmax, global ushort *p, const int n, const int is_aligned) {
  if (is_aligned) *(global ushort4 *)p = convert_ushort4(argmax & POOL_NO_ARGMAX);
  else store_argmax(argmax, p, n);
}

// Where the values of windows of 2 x 2 lie: the places of the results and of the windows' first values, in images with
// C channels and rows `pitch` apart.
typedef struct {
  uint at, corner, pitch, C;
  int drops_first;  // whether ReLU and dropout are before the pooling
} Windows;

// What dropout keeps of the windows of `vectors` vectors of channels, `step` channels apart: a number of four bits for
// each vector, or with drops_first four of them, one for each value of its window. They are drawn in one loop, so that
// the code stays small.
INLINE uint draw_kept_windows(const Windows w, const int vectors, const int step, const Epilogue *e) {
  uint kept = 0;
  if (e->activation != ACTIVATION_RELU_DROPOUT) return kept;
  const int each = w.drops_first ? 4 : 1;
#pragma unroll 1
  for (int i = 0; i < vectors * each; i++) {
    const uint k = (uint)(i % each), channels = (uint)(i / each * step);
    const uint place = w.drops_first ? w.corner + (k >> 1) * w.pitch + (k & 1u) * w.C : w.at;
    kept |= draw_kept(place + channels, &e->mask) << 4 * i;
  }
  return kept;
}

// The largest of the four values of a window, behind ReLU and dropout, or with them before it, and its argmax, which is
// none where they leave no gradient. kept: the window's numbers, from the lowest bits on.
INLINE floatv pool_window(
    floatv values[4], const uint kept, const int drops_first, const Epilogue *e, intv *argmax) {
  if (drops_first) {
#pragma unroll
    for (int k = 0; k < 4; k++) values[k] = drop(activate(values[k], ACTIVATION_RELU, 0.0f), kept >> 4 * k, e->slope);
  }
  floatv largest = max_of_four(values, argmax);
  if (e->activation == ACTIVATION_NONE) return largest;
  if (!drops_first) {
    largest = activate(largest, ACTIVATION_RELU, 0.0f);
    if (e->activation == ACTIVATION_RELU_DROPOUT) largest = drop(largest, kept, e->slope);
  }
  *argmax = positive_argmax(largest, *argmax);
  return largest;
}

#endif

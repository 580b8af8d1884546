// The first layer of networks on grey images: 3 x 3 convolution of one channel, stride 1. Nine products an output
// make it bound by memory: all weights stay in registers, and the outputs that a pooling layer reduces are never in
// memory.
//
// Images x are padded (pad_image), [batch, size]; weights [3, 3, O].
#ifndef FIRST_LAYER_CL
#define FIRST_LAYER_CL
#include "common.cl"

// The weights of VECTOR_WIDTH output channels, of which there are n.
INLINE void load_taps(floatv taps[9], global const float *w, const int out_channels, const int n) {
#pragma unroll
  for (int tap = 0; tap < 9; tap++) taps[tap] = load_part(w + tap * out_channels, n);
}

// The convolution at one window of an image, without bias.
INLINE floatv multiply_window(global const float *window, const int width, const floatv taps[9]) {
  floatv sum = SPLAT(0.0f);
#pragma unroll
  for (int tap = 0; tap < 9; tap++) sum = MULTIPLY_ADD(SPLAT(window[tap / 3 * width + tap % 3]), taps[tap], sum);
  return sum;
}

// The convolution at the four outputs of a 2 x 2 pooling window, in row order; `shift` is the bias.
INLINE void multiply_four_windows(
    floatv values[4], global const float *corner, const int width, const floatv taps[9], const floatv shift) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    values[i] = multiply_window(corner + (i >> 1) * width + (i & 1), width, taps) + shift;
  }
}

// sums[tap] += a window of an image times the gradient of its output.
INLINE void add_window(floatv sums[9], global const float *window, const int width, const floatv gradient) {
#pragma unroll
  for (int tap = 0; tap < 9; tap++) {
    sums[tap] = MULTIPLY_ADD(SPLAT(window[tap / 3 * width + tap % 3]), gradient, sums[tap]);
  }
}

#endif

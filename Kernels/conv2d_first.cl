// The first layer of networks on grey images (first_layer.cl), by itself or with 2 x 2 max-pooling behind it: the
// convolution's outputs, four times those of the pooling, are then never in memory, neither forward nor backward.
//
// y, dy and argmax are [batch, out_size, O].
#include "argmax.cl"
#include "first_layer.cl"
#include "philox.cl"
#include "step_values.h"

// y = epilogue(convolution of x with w + bias), see activation.cl.
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int size,
    int out_size, int out_channels, global const float *postactivation, int activation, float slope) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH;
  const int row = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - channel, width = WIDTH(size);
  if (n <= 0 || row >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + channel, out_channels, n);
  const floatv shift = load_part(bias + channel, n);
  global const float *corner = x + ((long)image * HEIGHT(size) + row) * width;
  long to = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * out_channels + channel;
  for (int column = 0; column < WIDTH(out_size); column++) {
    const floatv sum = multiply_window(corner, width, taps) + shift;
    store_part(apply_epilogue(sum, postactivation + to, n, activation, slope), y + to, n);
    corner++;
    to += out_channels;
  }
}

// y = activation(max-pooling of the convolution of x with w + bias). Where `keep` is not 0, its argmax is stored.
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *argmax,
    int batch, int size, int out_size, int out_channels, int keep, int activation, float slope) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH;
  const int row = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - channel, width = WIDTH(size);
  if (n <= 0 || row >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + channel, out_channels, n);
  const floatv shift = load_part(bias + channel, n);
  global const float *corner = x + ((long)image * HEIGHT(size) + 2 * row) * width;
  long at = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * out_channels + channel;
  for (int column = 0; column < WIDTH(out_size); column++) {
    floatv values[4];
    multiply_four_windows(values, corner, width, taps, shift);
    intv position;
    const floatv largest = max_of_four(values, &position);
    store_part(activate(largest, activation, slope), y + at, n);
    if (keep) store_argmax(position, argmax + at, n);
    corner += 2;
    at += out_channels;
  }
}

// y = max-pooling of dropout(relu(convolution of x with w + bias)), with argmax as by POOL_KEEP_POSITIVE_ARGMAX.
// conv_size is the size of the convolution's output, by whose elements the mask's numbers are counted.
// Work-item (x, y): row x of image y, all channels, so that the mask's numbers are drawn together.
kernel void conv2d_first_dropout_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *argmax,
    int batch, int size, int conv_size, int out_size, int out_channels, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold, float scale) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(out_size) || image >= batch) return;
  const int width = WIDTH(size), length = WIDTH(conv_size) * out_channels;
  const int begin = (image * HEIGHT(conv_size) + 2 * row) * length;
  uint numbers[PHILOX_NUMBERS_ROOM];
  const uint *drawn = draw_numbers(
      numbers, begin, begin + 2 * length, key0, key1, layer, step_values[STEP_VALUE_DROPOUT]);
  for (int channel = 0; channel < out_channels; channel += VECTOR_WIDTH) {
    const int n = out_channels - channel;
    floatv taps[9];
    load_taps(taps, w + channel, out_channels, n);
    const floatv shift = load_part(bias + channel, n);
    global const float *corner = x + ((long)image * HEIGHT(size) + 2 * row) * width;
    long at = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * out_channels + channel;
    const uint *number = drawn + channel;
    for (int column = 0; column < WIDTH(out_size); column++) {
      floatv values[4];
      multiply_four_windows(values, corner, width, taps, shift);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const uint *own = number + (i >> 1) * length + (i & 1) * out_channels;
        values[i] = relu_dropout(values[i], own, threshold, scale);
      }
      intv position;
      const floatv largest = max_of_four(values, &position);
      store_part(largest, y + at, n);
      store_argmax(positive_argmax(largest, position), argmax + at, n);
      corner += 2;
      number += 2 * out_channels;
      at += out_channels;
    }
  }
}

// The gradients of weights and bias, from the gradient dy of the pooling's output times scale, in parts: part s sums
// over images s * batch / parts ..< (s + 1) * batch / parts, and add_parts (column_sum.cl) adds the parts in their
// order. dw is [parts, 3, 3, O], db [parts, O]. Where argmax is POOL_NO_ARGMAX, dy is not passed.
// Work-item (x, y): VECTOR_WIDTH channels x, part y.
kernel void conv2d_first_pool_weight_gradient(
    global const float *x, global const float *dy, global const ushort *argmax, global float *dw, global float *db,
    int batch, int size, int out_size, int out_channels, int parts, float scale) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = out_channels - channel, width = WIDTH(size);
  if (n <= 0 || part >= parts) return;
  const int first = (int)((long)part * batch / parts), last = (int)((long)(part + 1) * batch / parts);
  floatv sums[9], total = SPLAT(0.0f);
#pragma unroll
  for (int tap = 0; tap < 9; tap++) sums[tap] = SPLAT(0.0f);
  long at = (long)first * HEIGHT(out_size) * WIDTH(out_size) * out_channels + channel;
  for (int image = first; image < last; image++) {
    for (int row = 0; row < HEIGHT(out_size); row++) {
      global const float *corner = x + ((long)image * HEIGHT(size) + 2 * row) * width;
      for (int column = 0; column < WIDTH(out_size); column++) {
        const floatv gradient = load_part(dy + at, n) * SPLAT(scale);
        const intv position = load_argmax(argmax + at, n);
#pragma unroll
        for (int i = 0; i < 4; i++) {
          const floatv passed = CHOOSEV(position == i, gradient, SPLAT(0.0f));
          total += passed;
          add_window(sums, corner + (i >> 1) * width + (i & 1), width, passed);
        }
        corner += 2;
        at += out_channels;
      }
    }
  }
  for (int tap = 0; tap < 9; tap++) store_part(sums[tap], dw + ((long)part * 9 + tap) * out_channels + channel, n);
  store_part(total, db + (long)part * out_channels + channel, n);
}

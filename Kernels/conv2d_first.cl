// The first layer of networks on grey images (first_layer.cl), and max-pooling of 2 x 2 behind it: the convolution's
// outputs, four times those of the pool, never lie in memory, neither forward nor backward.
//
// y, dy and winners are [batch, out_size, O].
#include "first_layer.cl"
#include "philox.cl"

// y = convolution of x with w + bias, finished (common.cl).
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int size,
    int out_size, int out_channels, global const float *activated, int activation, float slope) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH;
  const int line = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - column, width = WIDTH(size);
  if (n <= 0 || line >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + column, out_channels, n);
  const floatv shift = load_part(bias + column, n);
  global const float *corner = x + ((long)image * HEIGHT(size) + line) * width;
  long to = ((long)image * HEIGHT(out_size) + line) * WIDTH(out_size) * out_channels + column;
  for (int place = 0; place < WIDTH(out_size); place++) {
    const floatv sum = multiply_window(corner, width, taps) + shift;
    store_part(finish(sum, activated + to, n, activation, slope), y + to, n);
    corner++;
    to += out_channels;
  }
}

// y = activation(max-pooling of the convolution of x with w + bias). Winners are kept as pool_max_forward keeps them.
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *winner,
    int batch, int size, int out_size, int out_channels, int keep, int activation, float slope) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH;
  const int line = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - column, width = WIDTH(size);
  if (n <= 0 || line >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + column, out_channels, n);
  const floatv shift = load_part(bias + column, n);
  global const float *corner = x + ((long)image * HEIGHT(size) + 2 * line) * width;
  long at = ((long)image * HEIGHT(out_size) + line) * WIDTH(out_size) * out_channels + column;
  for (int place = 0; place < WIDTH(out_size); place++) {
    floatv values[4];
    multiply_four_windows(values, corner, width, taps, shift);
    intv position;
    const floatv best = largest_of_four(values, &position);
    store_part(activate(best, activation, slope), y + at, n);
    if (keep) store_winners(position, winner + at, n);
    corner += 2;
    at += out_channels;
  }
}

// y = max-pooling of relu(convolution of x with w + bias) with dropout, as relu_dropout_pool_2x2 (dropout_pool.cl) has
// it; conv_size is that of the convolution's output, which is never written.
// Work-item (x, y): row x of y of image y, all channels, for which the mask's numbers are drawn together.
kernel void conv2d_first_dropout_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *winner,
    int batch, int size, int conv_size, int out_size, int out_channels, uint key0, uint key1, uint layer, uint step,
    uint threshold, float scale) {
  const int line = (int)get_global_id(0), image = (int)get_global_id(1);
  if (line >= HEIGHT(out_size) || image >= batch) return;
  const int width = WIDTH(size), length = WIDTH(conv_size) * out_channels;
  const int begin = (image * HEIGHT(conv_size) + 2 * line) * length;
  uint numbers[PHILOX_NUMBERS_ROOM];
  const uint *drawn = draw_numbers(numbers, begin, begin + 2 * length, key0, key1, layer, step);
  for (int column = 0; column < out_channels; column += VECTOR_WIDTH) {
    const int n = out_channels - column;
    floatv taps[9];
    load_taps(taps, w + column, out_channels, n);
    const floatv shift = load_part(bias + column, n);
    global const float *corner = x + ((long)image * HEIGHT(size) + 2 * line) * width;
    long at = ((long)image * HEIGHT(out_size) + line) * WIDTH(out_size) * out_channels + column;
    const uint *number = drawn + column;
    for (int place = 0; place < WIDTH(out_size); place++) {
      floatv values[4];
      multiply_four_windows(values, corner, width, taps, shift);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const uint *own = number + (i >> 1) * length + (i & 1) * out_channels;
        values[i] = relu_dropout(values[i], own, threshold, scale);
      }
      intv position;
      const floatv best = largest_of_four(values, &position);
      store_part(best, y + at, n);
      store_winners(positive_winner(best, position), winner + at, n);
      corner += 2;
      number += 2 * out_channels;
      at += out_channels;
    }
  }
}

// The gradients of weights and bias from that of the pool's output, in parts: part s of `parts` sums over images
// s * batch / parts ..< (s + 1) * batch / parts, and add_parts (column_sum.cl) adds the parts in their order.
// dw is [parts, 3, 3, O] and db [parts, O]. dy is multiplied by scale; it counts for nothing where there is no winner.
// Work-item (x, y): VECTOR_WIDTH channels x, part y.
kernel void conv2d_first_pool_gradient(
    global const float *x, global const float *dy, global const ushort *winner, global float *dw, global float *db,
    int batch, int size, int out_size, int out_channels, int parts, float scale) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = out_channels - column, width = WIDTH(size);
  if (n <= 0 || part >= parts) return;
  const int first = (int)((long)part * batch / parts), last = (int)((long)(part + 1) * batch / parts);
  floatv sums[9], total = SPLAT(0.0f);
#pragma unroll
  for (int tap = 0; tap < 9; tap++) sums[tap] = SPLAT(0.0f);
  long at = (long)first * HEIGHT(out_size) * WIDTH(out_size) * out_channels + column;
  for (int image = first; image < last; image++) {
    for (int line = 0; line < HEIGHT(out_size); line++) {
      global const float *corner = x + ((long)image * HEIGHT(size) + 2 * line) * width;
      for (int place = 0; place < WIDTH(out_size); place++) {
        const floatv gradient = load_part(dy + at, n) * SPLAT(scale);
        const intv position = load_winners(winner + at, n);
#pragma unroll
        for (int i = 0; i < 4; i++) {
          const floatv won = CHOOSEV(position == i, gradient, SPLAT(0.0f));
          total += won;
          add_window(sums, corner + (i >> 1) * width + (i & 1), width, won);
        }
        corner += 2;
        at += out_channels;
      }
    }
  }
  for (int tap = 0; tap < 9; tap++) store_part(sums[tap], dw + ((long)part * 9 + tap) * out_channels + column, n);
  store_part(total, db + (long)part * out_channels + column, n);
}

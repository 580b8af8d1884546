// The first layer of networks on grey images (first_layer.cl), batch normalisation with its activation, and 2 x 2
// max-pooling. Every pass recomputes the convolution, nine products an output, instead of reading stored outputs.
//
// The normalisation is that of batch_norm.cl: mean, variance, gamma and beta are [O]; statistics of chunks [chunks, O].
#include "activation.cl"
#include "argmax.cl"
#include "first_layer.cl"

// The sum over the convolution's outputs first ..< end, counted through all images, of d = output - origin, and, where
// `squares` is given, of d * d.
INLINE floatv sum_outputs(
    global const float *x, const int size, const int conv_size, const floatv taps[9], const floatv shift,
    const floatv origin, const int first, const int end, floatv *squares) {
  floatv sum = SPLAT(0.0f);
  int output = first;
  while (output < end) {
    const int row = output / WIDTH(conv_size), image = row / HEIGHT(conv_size);
    global const float *window = x + ((long)image * HEIGHT(size) + row - image * HEIGHT(conv_size)) * WIDTH(size) +
                                 output - row * WIDTH(conv_size);
    for (const int stop = min(end, (row + 1) * WIDTH(conv_size)); output < stop; output++) {
      const floatv d = multiply_window(window, WIDTH(size), taps) + shift - origin;
      sum += d;
      if (squares) *squares = MULTIPLY_ADD(d, d, *squares);
      window++;
    }
  }
  return sum;
}

// batch_norm_chunk_statistics (batch_norm.cl) of the convolution's outputs, [rows, O].
kernel void conv2d_first_chunk_statistics(
    global const float *x, global const float *w, global const float *bias, global float *means,
    global float *m2, int rows, int size, int conv_size, int out_channels, int rows_per_chunk) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int n = out_channels - channel, first = chunk * rows_per_chunk;
  if (n <= 0 || first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  const float count = (float)(end - first);
  floatv taps[9];
  load_taps(taps, w + channel, out_channels, n);
  const floatv shift = load_part(bias + channel, n);
  const floatv mean = sum_outputs(x, size, conv_size, taps, shift, SPLAT(0.0f), first, end, 0) / count;
  floatv squares = SPLAT(0.0f);
  const floatv rest = sum_outputs(x, size, conv_size, taps, shift, mean, first, end, &squares);
  const floatv correction = rest / count;
  store_part(mean + correction, means + chunk * out_channels + channel, n);
  store_part(squares - rest * correction, m2 + chunk * out_channels + channel, n);
}

// y = max-pooling of activation(normalisation of the convolution of x with w + bias). Where `keep` is 1, its argmax
// and the convolution's output there, `selected`, are stored, as by batch_norm_pool_forward (batch_norm_pool.cl).
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first_norm_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *argmax,
    global float *selected, global const float *mean, global const float *variance, global const float *gamma,
    global const float *beta, int batch, int size, int out_size, int out_channels, float epsilon, int activation,
    float slope, int keep) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH;
  const int row = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - channel, width = WIDTH(size);
  if (n <= 0 || row >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + channel, out_channels, n);
  const floatv shift = load_part(bias + channel, n);
  const floatv m = load_part(mean + channel, n), offset = load_part(beta + channel, n);
  const floatv factor = load_part(gamma + channel, n) / sqrt(load_part(variance + channel, n) + epsilon);
  global const float *corner = x + ((long)image * HEIGHT(size) + 2 * row) * width;
  long at = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * out_channels + channel;
  for (int column = 0; column < WIDTH(out_size); column++) {
    floatv inputs[4], values[4];
    multiply_four_windows(inputs, corner, width, taps, shift);
#pragma unroll
    for (int k = 0; k < 4; k++) values[k] = activate(MULTIPLY_ADD(inputs[k] - m, factor, offset), activation, slope);
    intv position;
    const floatv largest = max_of_four(values, &position);
    store_part(largest, y + at, n);
    if (keep) {
      store_part(select_of_four(inputs, position), selected + at, n);
      store_argmax(position, argmax + at, n);
    }
    corner += 2;
    at += out_channels;
  }
}

// The gradient of the weights, in training, from the gradient dy [batch, conv_size / 2, O] of the pooling's output
// and its argmax, in parts as in conv2d_first_pool_weight_gradient: the convolution's output has the gradient that
// batch_norm_pool_backward computes from `totals`. The bias cancels out, so its gradient is 0.
// Work-item (x, y): VECTOR_WIDTH channels x, part y.
kernel void conv2d_first_norm_weight_gradient(
    global const float *x, global const float *w, global const float *bias, global const float *dy,
    global const ushort *argmax, global float *dw, global const float *mean, global const float *variance,
    global const float *gamma, global const float *beta, global const float *totals, int batch, int size,
    int conv_size, int out_channels, int parts, float epsilon, int activation, float slope) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = out_channels - channel, width = WIDTH(size), H = HEIGHT(conv_size), W = WIDTH(conv_size);
  if (n <= 0 || part >= parts) return;
  const int first = (int)((long)part * batch / parts), last = (int)((long)(part + 1) * batch / parts);
  floatv taps[9], sums[9];
  load_taps(taps, w + channel, out_channels, n);
#pragma unroll
  for (int tap = 0; tap < 9; tap++) sums[tap] = SPLAT(0.0f);
  const floatv m = load_part(mean + channel, n), offset = load_part(beta + channel, n);
  const floatv square = load_part(variance + channel, n) + epsilon;
  const floatv factor = load_part(gamma + channel, n) / sqrt(square);
  const float rows = (float)(batch * H * W);
  const floatv mean_gradient = load_part(totals + channel, n) / rows;
  const floatv slope_gradient = load_part(totals + out_channels + channel, n) / (square * rows);
  const floatv shift = load_part(bias + channel, n);
  long at = (long)first * (H / 2) * (W / 2) * out_channels + channel;
  for (int image = first; image < last; image++) {
    for (int row = 0; row < H; row += 2) {
      global const float *corner = x + ((long)image * HEIGHT(size) + row) * width;
      for (int column = 0; column < W; column += 2) {
        if (row + 1 < H && column + 1 < W) {
          floatv centred[4];
          multiply_four_windows(centred, corner, width, taps, shift);
#pragma unroll
          for (int k = 0; k < 4; k++) centred[k] -= m;
          const intv position = load_argmax(argmax + at, n);
          const floatv gradient = preactivation_gradient(
              load_part(dy + at, n), select_of_four(centred, position), factor, offset, activation, slope);
#pragma unroll
          for (int k = 0; k < 4; k++) {
            const floatv passed = CHOOSEV(position == k, gradient, SPLAT(0.0f));
            add_window(
                sums, corner + (k >> 1) * width + (k & 1), width, passed - mean_gradient - centred[k] * slope_gradient);
          }
          at += out_channels;
        } else {
          // Outputs past the last whole window have no gradient from the pooling.
          for (int k = 0; k < 4; k++) {
            if (row + (k >> 1) >= H || column + (k & 1) >= W) continue;
            global const float *window = corner + (k >> 1) * width + (k & 1);
            const floatv centred = multiply_window(window, width, taps) + shift - m;
            add_window(sums, window, width, SPLAT(0.0f) - mean_gradient - centred * slope_gradient);
          }
        }
        corner += 2;
      }
    }
  }
  for (int tap = 0; tap < 9; tap++) {
    store_part(sums[tap] * factor, dw + ((long)part * 9 + tap) * out_channels + channel, n);
  }
}

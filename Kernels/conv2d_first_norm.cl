// The first layer of networks on grey images (first_layer.cl), batch normalisation with its activation, and max-pooling
// of 2 x 2 behind it. The convolution is computed again by each pass that wants it, nine products an output: to write
// its outputs and read them four times takes longer.
//
// The normalisation is batch_norm.cl's: mean, variance, gamma and beta are [O], and so are its statistics' chunks.
#include "first_layer.cl"

// The sums over outputs first ..< end, counted through all images, of d, what they are more than `origin`; where
// `squares` is given, those of d * d too.
INLINE floatv sum_outputs(
    global const float *x, const int size, const int conv_size, const floatv taps[9], const floatv shift,
    const floatv origin, const int first, const int end, floatv *squares) {
  floatv sum = SPLAT(0.0f);
  int row = first;
  while (row < end) {
    const int line = row / WIDTH(conv_size), image = line / HEIGHT(conv_size);
    global const float *window = x + ((long)image * HEIGHT(size) + line - image * HEIGHT(conv_size)) * WIDTH(size) +
                                 row - line * WIDTH(conv_size);
    for (const int stop = min(end, (line + 1) * WIDTH(conv_size)); row < stop; row++) {
      const floatv d = multiply_window(window, WIDTH(size), taps) + shift - origin;
      sum += d;
      if (squares) *squares = MULTIPLY_ADD(d, d, *squares);
      window++;
    }
  }
  return sum;
}

// batch_norm_chunk_statistics of the convolution's outputs, of which there are `rows` in all.
kernel void conv2d_first_chunk_statistics(
    global const float *x, global const float *w, global const float *bias, global float *means,
    global float *deviations, int rows, int size, int conv_size, int out_channels, int rows_per_chunk) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH, chunk = (int)get_global_id(1);
  const int n = out_channels - column, first = chunk * rows_per_chunk;
  if (n <= 0 || first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  const float count = (float)(end - first);
  floatv taps[9];
  load_taps(taps, w + column, out_channels, n);
  const floatv shift = load_part(bias + column, n);
  const floatv mean = sum_outputs(x, size, conv_size, taps, shift, SPLAT(0.0f), first, end, 0) / count;
  floatv squares = SPLAT(0.0f);
  const floatv rest = sum_outputs(x, size, conv_size, taps, shift, mean, first, end, &squares);
  const floatv correction = rest / count;
  store_part(mean + correction, means + chunk * out_channels + column, n);
  store_part(squares - rest * correction, deviations + chunk * out_channels + column, n);
}

// y = max-pooling of activation(normalisation of the convolution of x with w + bias). Where `keep` is 1, winners and
// what the convolution has there are kept as batch_norm_pool_forward keeps them.
// Work-item (x, y, z): VECTOR_WIDTH channels x of row y of image z.
kernel void conv2d_first_norm_pool(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *winner,
    global float *won, global const float *mean, global const float *variance, global const float *gamma,
    global const float *beta, int batch, int size, int out_size, int out_channels, float epsilon, int activation,
    float slope, int keep) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH;
  const int line = (int)get_global_id(1), image = (int)get_global_id(2);
  const int n = out_channels - column, width = WIDTH(size);
  if (n <= 0 || line >= HEIGHT(out_size) || image >= batch) return;
  floatv taps[9];
  load_taps(taps, w + column, out_channels, n);
  const floatv shift = load_part(bias + column, n);
  const floatv m = load_part(mean + column, n), offset = load_part(beta + column, n);
  const floatv factor = load_part(gamma + column, n) / sqrt(load_part(variance + column, n) + epsilon);
  global const float *corner = x + ((long)image * HEIGHT(size) + 2 * line) * width;
  long at = ((long)image * HEIGHT(out_size) + line) * WIDTH(out_size) * out_channels + column;
  for (int place = 0; place < WIDTH(out_size); place++) {
    floatv inputs[4], values[4];
    multiply_four_windows(inputs, corner, width, taps, shift);
#pragma unroll
    for (int k = 0; k < 4; k++) values[k] = activate(MULTIPLY_ADD(inputs[k] - m, factor, offset), activation, slope);
    intv position;
    const floatv best = largest_of_four(values, &position);
    store_part(best, y + at, n);
    if (keep) {
      store_part(choose_of_four(inputs, position), won + at, n);
      store_winners(position, winner + at, n);
    }
    corner += 2;
    at += out_channels;
  }
}

// The gradient of the weights from that of the pool's output, dy [batch, conv_size / 2, O], and its winners, in parts
// as conv2d_first_pool_gradient has them; `totals` as batch_norm_pool_backward has them, whose dx this multiplies, in
// training. The bias has no gradient there.
// Work-item (x, y): VECTOR_WIDTH channels x, part y.
kernel void conv2d_first_norm_gradient(
    global const float *x, global const float *w, global const float *bias, global const float *dy,
    global const ushort *winner, global float *dw, global const float *mean, global const float *variance,
    global const float *gamma, global const float *beta, global const float *totals, int batch, int size,
    int conv_size, int out_channels, int parts, float epsilon, int activation, float slope) {
  const int column = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = out_channels - column, width = WIDTH(size), H = HEIGHT(conv_size), W = WIDTH(conv_size);
  if (n <= 0 || part >= parts) return;
  const int first = (int)((long)part * batch / parts), last = (int)((long)(part + 1) * batch / parts);
  floatv taps[9], sums[9];
  load_taps(taps, w + column, out_channels, n);
#pragma unroll
  for (int tap = 0; tap < 9; tap++) sums[tap] = SPLAT(0.0f);
  const floatv m = load_part(mean + column, n), offset = load_part(beta + column, n);
  const floatv square = load_part(variance + column, n) + epsilon;
  const floatv factor = load_part(gamma + column, n) / sqrt(square);
  const float rows = (float)(batch * H * W);
  const floatv mean_gradient = load_part(totals + column, n) / rows;
  const floatv slope_gradient = load_part(totals + out_channels + column, n) / (square * rows);
  const floatv shift = load_part(bias + column, n);
  long at = (long)first * (H / 2) * (W / 2) * out_channels + column;
  for (int image = first; image < last; image++) {
    for (int line = 0; line < H; line += 2) {
      global const float *corner = x + ((long)image * HEIGHT(size) + line) * width;
      for (int place = 0; place < W; place += 2) {
        if (line + 1 < H && place + 1 < W) {
          floatv centred[4];
          multiply_four_windows(centred, corner, width, taps, shift);
#pragma unroll
          for (int k = 0; k < 4; k++) centred[k] -= m;
          const intv position = load_winners(winner + at, n);
          const floatv gradient = gradient_before_activation(
              load_part(dy + at, n), choose_of_four(centred, position), factor, offset, activation, slope);
#pragma unroll
          for (int k = 0; k < 4; k++) {
            const floatv won = CHOOSEV(position == k, gradient, SPLAT(0.0f));
            add_window(
                sums, corner + (k >> 1) * width + (k & 1), width, won - mean_gradient - centred[k] * slope_gradient);
          }
          at += out_channels;
        } else {
          // Behind the last whole window nothing comes from dy.
          for (int k = 0; k < 4; k++) {
            if (line + (k >> 1) >= H || place + (k & 1) >= W) continue;
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
    store_part(sums[tap] * factor, dw + ((long)part * 9 + tap) * out_channels + column, n);
  }
}

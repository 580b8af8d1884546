// Depthwise convolutions: each channel has a filter of its own (as many groups as channels, in and out). Images,
// outputs and filters [KH, KW, C] hold the channels of a pixel side by side, so vectors are of channels and no sum
// crosses lanes. Sizes, steps, paddings and filters are pairs of height and width (common.cl).
//
// Memory bounds these passes: a work-item streams rows of all channels, and finds the rows around it in the cache.
#include "activation.cl"
#include "conv2d_depthwise.h"

// y = epilogue(convolution of x with w + bias), see activation.cl.
// Work-item (x, y): row x of y of image y, all channels.
kernel void conv2d_depthwise(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int size,
    int channels, int out_size, int kernel_size, int stride, int padding, int dilation,
    global const float *postactivation, int activation, float slope) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(out_size) || image >= batch) return;
  global const float *source = x + (long)image * HEIGHT(size) * WIDTH(size) * channels;
  const int top = row * HEIGHT(stride) - HEIGHT(padding);
  long to = ((long)image * HEIGHT(out_size) + row) * WIDTH(out_size) * channels;
  for (int column = 0; column < WIDTH(out_size); column++) {
    const int left = column * WIDTH(stride) - WIDTH(padding);
    for (int channel = 0; channel < channels; channel += VECTOR_WIDTH) {
      const int n = channels - channel;
      floatv sum = load_part(bias + channel, n);
      for (int i = 0; i < HEIGHT(kernel_size); i++) {
        const int h = top + i * HEIGHT(dilation);
        if (h < 0 || h >= HEIGHT(size)) continue;
        for (int j = 0; j < WIDTH(kernel_size); j++) {
          const int l = left + j * WIDTH(dilation);
          if (l < 0 || l >= WIDTH(size)) continue;
          const floatv value = load_part(source + ((long)h * WIDTH(size) + l) * channels + channel, n);
          const floatv tap = load_part(w + (long)(i * WIDTH(kernel_size) + j) * channels + channel, n);
          sum = MULTIPLY_ADD(value, tap, sum);
        }
      }
      store_part(apply_epilogue(sum, postactivation + to + channel, n, activation, slope), y + to + channel, n);
    }
    to += channels;
  }
}

// The row or column of y that tap `tap` takes a row or column of x to; -1 where it takes it to none.
INLINE int depthwise_target(int position, int tap, int stride, int padding, int dilation, int count) {
  const int distance = position + padding - tap * dilation;
  if (distance < 0) return -1;
  const int target = stride == 1 ? distance : distance / stride;
  return target < count && target * stride == distance ? target : -1;
}

// x = epilogue(transposed convolution of y with w + bias), see activation.cl.
// Work-item (x, y): row x of x of image y, all channels.
kernel void conv2d_depthwise_transposed(
    global const float *y, global const float *w, global const float *bias, global float *x, int batch, int size,
    int channels, int out_size, int kernel_size, int stride, int padding, int dilation,
    global const float *postactivation, int activation, float slope) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(size) || image >= batch) return;
  global const float *source = y + (long)image * HEIGHT(out_size) * WIDTH(out_size) * channels;
  long to = ((long)image * HEIGHT(size) + row) * WIDTH(size) * channels;
  for (int column = 0; column < WIDTH(size); column++) {
    for (int channel = 0; channel < channels; channel += VECTOR_WIDTH) {
      const int n = channels - channel;
      floatv sum = load_part(bias + channel, n);
      for (int i = 0; i < HEIGHT(kernel_size); i++) {
        const int h = depthwise_target(
            row, i, HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation), HEIGHT(out_size));
        if (h < 0) continue;
        for (int j = 0; j < WIDTH(kernel_size); j++) {
          const int l = depthwise_target(column, j, WIDTH(stride), WIDTH(padding), WIDTH(dilation), WIDTH(out_size));
          if (l < 0) continue;
          const floatv value = load_part(source + ((long)h * WIDTH(out_size) + l) * channels + channel, n);
          const floatv tap = load_part(w + (long)(i * WIDTH(kernel_size) + j) * channels + channel, n);
          sum = MULTIPLY_ADD(value, tap, sum);
        }
      }
      store_part(apply_epilogue(sum, postactivation + to + channel, n, activation, slope), x + to + channel, n);
    }
    to += channels;
  }
}

// The parts of the gradient of w, [parts, KH, KW, C], each from a share of the images.
// Work-item (x, y): VECTOR_WIDTH channels x, part y.
kernel void conv2d_depthwise_weight_gradient(
    global const float *x, global const float *dy, global float *dw, int batch, int size, int channels, int out_size,
    int kernel_size, int stride, int padding, int dilation, int parts) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = channels - channel, taps = HEIGHT(kernel_size) * WIDTH(kernel_size);
  if (n <= 0 || part >= parts) return;
  floatv sums[DEPTHWISE_TAPS];
  for (int tap = 0; tap < taps; tap++) sums[tap] = SPLAT(0.0f);
  const int begin = (int)((long)batch * part / parts), end = (int)((long)batch * (part + 1) / parts);
  for (int image = begin; image < end; image++) {
    global const float *source = x + (long)image * HEIGHT(size) * WIDTH(size) * channels + channel;
    global const float *gradient = dy + (long)image * HEIGHT(out_size) * WIDTH(out_size) * channels + channel;
    for (int row = 0; row < HEIGHT(out_size); row++) {
      for (int i = 0; i < HEIGHT(kernel_size); i++) {
        const int h = row * HEIGHT(stride) - HEIGHT(padding) + i * HEIGHT(dilation);
        if (h < 0 || h >= HEIGHT(size)) continue;
        for (int j = 0; j < WIDTH(kernel_size); j++) {
          // The columns whose window has this tap within the image.
          const int offset = j * WIDTH(dilation) - WIDTH(padding);
          const int first = offset >= 0 ? 0 : (-offset + WIDTH(stride) - 1) / WIDTH(stride);
          const int room = WIDTH(size) - 1 - offset;
          const int last = room < 0 ? -1 : min(WIDTH(out_size) - 1, room / WIDTH(stride));
          global const float *from = source + ((long)h * WIDTH(size) + first * WIDTH(stride) + offset) * channels;
          global const float *at = gradient + ((long)row * WIDTH(out_size) + first) * channels;
          floatv even = SPLAT(0.0f), odd = SPLAT(0.0f);
          int column = first;
          for (; column < last; column += 2) {
            even = MULTIPLY_ADD(load_part(from, n), load_part(at, n), even);
            odd = MULTIPLY_ADD(load_part(from + WIDTH(stride) * channels, n), load_part(at + channels, n), odd);
            from += 2 * WIDTH(stride) * channels;
            at += 2 * channels;
          }
          if (column == last) even = MULTIPLY_ADD(load_part(from, n), load_part(at, n), even);
          sums[i * WIDTH(kernel_size) + j] += even + odd;
        }
      }
    }
  }
  for (int tap = 0; tap < taps; tap++) store_part(sums[tap], dw + ((long)part * taps + tap) * channels + channel, n);
}

// Convolution of one channel with filters of 2 to 7 columns, and the gradient of their weights, vector family: a
// vector's lanes are output channels. Padded rows of the image are copied to private memory, where a few of them stay
// in the L1 cache. The forward pass of 3 x 3 first layers is that of conv2d_first.cl.
#include "activation.cl"
#include "conv2d_from_one.h"

#define FROM_ONE_FILTER_VECTORS 1024  // packed filters, at most
#if FROM_ONE_FILTER_VECTORS < FROM_ONE_LARGEST_FILTER * FROM_ONE_LARGEST_FILTER
#error "FROM_ONE_FILTER_VECTORS must have room for the largest filter"
#endif
// Gradients of a row at once: as many as have registers beside two rows of sums.
#if VECTOR_WIDTH == 16
#define FROM_ONE_GRADIENTS 4
#else
#define FROM_ONE_GRADIENTS 2
#endif

INLINE void clear(float *to, const int n) {
  for (int i = 0; i < n; i++) to[i] = 0.0f;
}

// Copies rows first ..< first + rows of a padded image, of `length` pixels, over zeros: what is left and right of the
// image is not written.
INLINE void copy_padded(
    float *to, global const float *image, const int size, const int padding, const int first, const int rows,
    const int length) {
  const int begin = min(WIDTH(padding), length), n = min(length - begin, WIDTH(size));
  for (int row = first - HEIGHT(padding); row < first - HEIGHT(padding) + rows; row++) {
    if ((uint)row < (uint)HEIGHT(size)) {
      global const float *from = image + (long)row * WIDTH(size);
      int i = 0;
      for (; i + VECTOR_WIDTH <= n; i += VECTOR_WIDTH) STOREV(LOADV(from + i), to + begin + i);
      if (i > 0 && i < n) STOREV(LOADV(from + n - VECTOR_WIDTH), to + begin + n - VECTOR_WIDTH), i = n;
      for (; i < n; i++) to[begin + i] = from[i];
    } else {
      clear(to, length);
    }
    to += length;
  }
}

// sums[i] = the convolution at the window i strides right of the first, by filters of height x width. Width and
// stride are compile-time constants: each pixel of a row is loaded once for all windows that cover it.
INLINE void multiply_windows_of_one(
    floatv sums[FROM_ONE_COLUMNS], const float *pixel, const int length, const floatv *weights, const int height,
    const int width, const int stride) {
  floatv t[FROM_ONE_COLUMNS];
#pragma unroll
  for (int i = 0; i < FROM_ONE_COLUMNS; i++) t[i] = SPLAT(0.0f);
  for (int row = 0; row < height; row++) {
#pragma unroll
    for (int column = 0; column < (FROM_ONE_COLUMNS - 1) * stride + width; column++) {
      const floatv value = SPLAT(pixel[column]);
#pragma unroll
      for (int tap = column % stride; tap < width; tap += stride) {
        const int i = (column - tap) / stride;
        if (column >= tap && i < FROM_ONE_COLUMNS) t[i] = MULTIPLY_ADD(value, weights[tap], t[i]);
      }
    }
    pixel += length;
    weights += width;
  }
#pragma unroll
  for (int i = 0; i < FROM_ONE_COLUMNS; i++) sums[i] = t[i];
}

// sums[i] += the gradients of a strip of outputs times the pixels under tap i of a row of the filter and, from
// sums[FROM_ONE_LARGEST_FILTER] on, of the row below. Width and stride are compile-time constants: each pixel is
// loaded once for FROM_ONE_GRADIENTS gradients. Loops over taps end at a macro and not at the width: otherwise PoCL
// 3.1 stores all sums at each step.
INLINE void add_filter_rows(
    floatv sums[2 * FROM_ONE_LARGEST_FILTER], const float *pixels, const int length, const floatv *panel,
    const int rows, const int columns, const int height, const int width, const int stride) {
  floatv t[2 * FROM_ONE_LARGEST_FILTER];
#pragma unroll
  for (int i = 0; i < 2 * FROM_ONE_LARGEST_FILTER; i++) t[i] = sums[i];
  for (int row = 0; row < rows; row++) {
    const float *upper = pixels + row * height * length;
    const float *lower = upper + length;
    int column = 0;
    for (; column + FROM_ONE_GRADIENTS <= columns; column += FROM_ONE_GRADIENTS) {
#pragma unroll
      for (int i = 0; i < (FROM_ONE_GRADIENTS - 1) * 2 + FROM_ONE_LARGEST_FILTER; i++) {
        if (i >= (FROM_ONE_GRADIENTS - 1) * stride + width) break;
        const floatv above = SPLAT(upper[i]), below = SPLAT(lower[i]);
#pragma unroll
        for (int j = 0; j < FROM_ONE_GRADIENTS; j++) {
          const int tap = i - j * stride;
          if (tap < 0 || tap >= width) continue;
          t[tap] = MULTIPLY_ADD(above, panel[j], t[tap]);
          t[FROM_ONE_LARGEST_FILTER + tap] = MULTIPLY_ADD(below, panel[j], t[FROM_ONE_LARGEST_FILTER + tap]);
        }
      }
      upper += FROM_ONE_GRADIENTS * stride;
      lower += FROM_ONE_GRADIENTS * stride;
      panel += FROM_ONE_GRADIENTS;
    }
    for (; column < columns; column++) {
      const floatv gradient = *panel;
#pragma unroll
      for (int i = 0; i < FROM_ONE_LARGEST_FILTER; i++) {
        if (i >= width) break;
        t[i] = MULTIPLY_ADD(SPLAT(upper[i]), gradient, t[i]);
        t[FROM_ONE_LARGEST_FILTER + i] = MULTIPLY_ADD(SPLAT(lower[i]), gradient, t[FROM_ONE_LARGEST_FILTER + i]);
      }
      upper += stride;
      lower += stride;
      panel++;
    }
  }
#pragma unroll
  for (int i = 0; i < 2 * FROM_ONE_LARGEST_FILTER; i++) sums[i] = t[i];
}

// Separate functions, so that each can use all registers.
#define WINDOWS_OF_ONE(width, stride)                                                                                 \
  OUTLINE void multiply_windows_##width##_stride_##stride(                                                            \
      floatv sums[FROM_ONE_COLUMNS], const float *pixel, const int length, const floatv *weights, const int height) { \
    multiply_windows_of_one(sums, pixel, length, weights, height, width, stride);                                     \
  }
#define FILTER_ROWS(width, stride)                                                                          \
  OUTLINE void add_filter_rows_##width##_stride_##stride(                                                   \
      floatv sums[2 * FROM_ONE_LARGEST_FILTER], const float *pixels, const int length, const floatv *panel, \
      const int rows, const int columns, const int height) {                                                \
    add_filter_rows(sums, pixels, length, panel, rows, columns, height, width, stride);                     \
  }
#define BY_STRIDE(define, width) define(width, 1) define(width, 2)
BY_STRIDE(WINDOWS_OF_ONE, 2)
BY_STRIDE(WINDOWS_OF_ONE, 3)
BY_STRIDE(WINDOWS_OF_ONE, 4)
BY_STRIDE(WINDOWS_OF_ONE, 5)
BY_STRIDE(WINDOWS_OF_ONE, 6)
BY_STRIDE(WINDOWS_OF_ONE, 7)
BY_STRIDE(FILTER_ROWS, 2)
BY_STRIDE(FILTER_ROWS, 3)
BY_STRIDE(FILTER_ROWS, 4)
BY_STRIDE(FILTER_ROWS, 5)
BY_STRIDE(FILTER_ROWS, 6)
BY_STRIDE(FILTER_ROWS, 7)

// call(width, stride) for the filter's width, FROM_ONE_SMALLEST_FILTER to FROM_ONE_LARGEST_FILTER, and the horizontal
// stride.
#define BY_WIDTH(call, stride)         \
  switch (WIDTH(kernel_size)) {        \
    case 2: call(2, stride); break;    \
    case 3: call(3, stride); break;    \
    case 4: call(4, stride); break;    \
    case 5: call(5, stride); break;    \
    case 6: call(6, stride); break;    \
    default: call(7, stride);          \
  }
#define BY_SHAPE(call)      \
  if (WIDTH(stride) == 1) { \
    BY_WIDTH(call, 1)       \
  } else {                  \
    BY_WIDTH(call, 2)       \
  }

// Computes and stores `rows` rows of outputs at `to` of VECTOR_WIDTH channels, of which there are n.
INLINE void store_windows(
    global float *y, long to, const int rows, const int columns, const int channels, const int n, const float *pixels,
    const int length, const floatv *weights, const int kernel_size, const int stride, const floatv shift,
    global const float *postactivation, const int activation, const float slope) {
  const int height = HEIGHT(kernel_size);
  for (int row = 0; row < rows; row++) {
    for (int column = 0; column < columns; column += FROM_ONE_COLUMNS) {
      const float *pixel = pixels + row * HEIGHT(stride) * length + column * WIDTH(stride);
      floatv sums[FROM_ONE_COLUMNS];
#define MULTIPLY_WINDOWS(width, stride_across) \
  multiply_windows_##width##_stride_##stride_across(sums, pixel, length, weights, height)
      BY_SHAPE(MULTIPLY_WINDOWS)
      for (int i = 0; i < min(FROM_ONE_COLUMNS, columns - column); i++) {
        store_part(apply_epilogue(sums[i] + shift, postactivation + to, n, activation, slope), y + to, n);
        to += channels;
      }
    }
  }
}

// y [batch, out_size, O] = epilogue(convolution of x [batch, size] with w [kernel_size, O] + bias), see
// activation.cl; the horizontal stride is at most FROM_ONE_LARGEST_STRIDE.
// Work-item (x, y): `strip` rows x of the images y * images ..< (y + 1) * images. Filters are packed once for all of
// these images, as many at a time as there is room for.
kernel void conv2d_from_one(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int size,
    int out_size, int out_channels, int kernel_size, int stride, int padding, int strip, int images,
    global const float *postactivation, int activation, float slope) {
  const int first = (int)get_global_id(0) * strip, first_image = (int)get_global_id(1) * images;
  if (first >= HEIGHT(out_size) || first_image >= batch) return;
  const int rows = min(strip, HEIGHT(out_size) - first), columns = WIDTH(out_size);
  const int taps = HEIGHT(kernel_size) * WIDTH(kernel_size), panels = FROM_ONE_FILTER_VECTORS / taps;
  const int length = ((columns + FROM_ONE_COLUMNS - 1) / FROM_ONE_COLUMNS * FROM_ONE_COLUMNS - 1) * WIDTH(stride) +
                     WIDTH(kernel_size);
  const int pixel_rows = (rows - 1) * HEIGHT(stride) + HEIGHT(kernel_size);
  float pixels[FROM_ONE_ROW_FLOATS];
  floatv weights[FROM_ONE_FILTER_VECTORS];
  clear(pixels, pixel_rows * length);
  for (int begin = 0; begin < out_channels; begin += panels * VECTOR_WIDTH) {
    const int end = min(out_channels, begin + panels * VECTOR_WIDTH);
    for (int channel = begin, at = 0; channel < end; channel += VECTOR_WIDTH) {
      for (int tap = 0; tap < taps; tap++, at++) {
        weights[at] = load_part(w + (long)tap * out_channels + channel, out_channels - channel);
      }
    }
    for (int image = first_image; image < min(batch, first_image + images); image++) {
      copy_padded(
          pixels, x + (long)image * HEIGHT(size) * WIDTH(size), size, padding, first * HEIGHT(stride), pixel_rows,
          length);
      const long to = (long)(image * HEIGHT(out_size) + first) * columns * out_channels;
      const floatv *panel = weights;
      for (int channel = begin; channel < end; channel += VECTOR_WIDTH) {
        const int n = out_channels - channel;
        store_windows(
            y, to + channel, rows, columns, out_channels, n, pixels, length, panel, kernel_size, stride,
            load_part(bias + channel, n), postactivation, activation, slope);
        panel += taps;
      }
    }
  }
}

// The gradient of the weights, in parts: part s of `parts` sums over images s * batch / parts ..<
// (s + 1) * batch / parts, and add_parts (column_sum.cl) adds the parts in their order. dw is [parts, kernel_size, O].
// Work-item (x, y): VECTOR_WIDTH channels x, part y. `strip` rows of dy are copied at once.
kernel void conv2d_from_one_weight_gradient(
    global const float *x, global const float *dy, global float *dw, int batch, int size, int out_size,
    int out_channels, int kernel_size, int stride, int padding, int strip, int parts) {
  const int channel = (int)get_global_id(0) * VECTOR_WIDTH, part = (int)get_global_id(1);
  const int n = out_channels - channel, columns = WIDTH(out_size);
  if (n <= 0 || part >= parts) return;
  const int first = (int)((long)part * batch / parts), last = (int)((long)(part + 1) * batch / parts);
  const int length = (columns - 1) * WIDTH(stride) + WIDTH(kernel_size);
  float pixels[FROM_ONE_ROW_FLOATS];
  clear(pixels, ((min(strip, HEIGHT(out_size)) - 1) * HEIGHT(stride) + HEIGHT(kernel_size) + 1) * length);
  floatv panel[FROM_ONE_GRADIENT_VECTORS], sums[(FROM_ONE_LARGEST_FILTER + 1) / 2][2 * FROM_ONE_LARGEST_FILTER];
  for (int i = 0; i < (FROM_ONE_LARGEST_FILTER + 1) / 2; i++) {
    for (int j = 0; j < 2 * FROM_ONE_LARGEST_FILTER; j++) sums[i][j] = SPLAT(0.0f);
  }
  for (int image = first; image < last; image++) {
    for (int row = 0; row < HEIGHT(out_size); row += strip) {
      const int rows = min(strip, HEIGHT(out_size) - row);
      // One row more, below the filter's last one where their number is odd.
      copy_padded(
          pixels, x + (long)image * HEIGHT(size) * WIDTH(size), size, padding, row * HEIGHT(stride),
          (rows - 1) * HEIGHT(stride) + HEIGHT(kernel_size) + 1, length);
      global const float *from = dy + (long)(image * HEIGHT(out_size) + row) * columns * out_channels + channel;
      for (int i = 0; i < rows * columns; i++) panel[i] = load_part(from + (long)i * out_channels, n);
      for (int tap = 0; tap < HEIGHT(kernel_size); tap += 2) {
        const float *pixel = pixels + tap * length;
#define ADD_FILTER_ROWS(width, stride_across) \
  add_filter_rows_##width##_stride_##stride_across(sums[tap / 2], pixel, length, panel, rows, columns, HEIGHT(stride))
        BY_SHAPE(ADD_FILTER_ROWS)
      }
    }
  }
  global float *to = dw + (long)part * HEIGHT(kernel_size) * WIDTH(kernel_size) * out_channels + channel;
  for (int i = 0; i < HEIGHT(kernel_size); i++) {
    for (int j = 0; j < WIDTH(kernel_size); j++) {
      store_part(sums[i / 2][i % 2 * FROM_ONE_LARGEST_FILTER + j], to, n);
      to += out_channels;
    }
  }
}

// Convolution and its gradients, vector family: images are NHWC, weights [KH, KW, C / groups, O].
//
// A transposed convolution is the input gradient of a convolution and the other way round, so three kernels serve both:
//   conv2d_window           y from x: each output covers a window of the input
//   conv2d_transposed       dx from dy: each input pixel gathers the outputs whose windows cover it
//   conv2d_weight_gradient  dw from x and dy
// Images are padded by pad_image (conv2d_prepare.cl) before; sizes are pairs, height in the upper half (see HEIGHT).
// conv2d_batch.cl is for large batches; conv2d_dot.cl and conv2d_to_one.cl for transposed convolutions to few channels.
#include "register_tile.cl"
#include "conv2d.h"

// Multiplies ROWS windows by the weights of one column tile, over all taps, and stores the sums. Where the channels
// of neighbouring taps are contiguous, they are one run of products: there are `runs` runs of `run` values,
// `run_step` apart, in each of `window_rows` rows, `window_row_step` apart.
OUTLINE void TILED(multiply_windows)(
    global const float *const windows[ROWS], const int window_rows, const int window_row_step, const int runs,
    const int run_step, const int run, global const float *w, global float *y, const floatv biases[VECTORS],
    const long targets[ROWS], const int rows, const int columns, global const float *postactivation,
    const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  TILED(clear)(t);
  for (int row = 0; row < window_rows; row++) {
    for (int i = 0; i < runs; i++) {
      const long at = (long)row * window_row_step + (long)i * run_step;
      global const float *a[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) a[r] = windows[r] + at;
      MULTIPLY_WEIGHTS(t, a, 1, w, run)
      w += (long)run * COLUMNS;
    }
  }
  TILED(store_outputs)(t, y, biases, targets, rows, columns, postactivation, activation, slope);
}

// y [batch, out_size, out_channels] = epilogue(convolution of x + bias), see activation.cl, for a padded x [batch,
// size, channels]; w holds weights and bias as packed by pack_taps (conv2d_prepare.cl).
// Work-item (x, y): column tile x, counted through the groups; strip y of `strip` row tiles, of ROWS output pixels
// each.
kernel void TILED(conv2d_window)(
    global const float *x, global const float *w, global float *y, int batch, int size, int channels, int out_size,
    int out_channels, int kernel_size, int stride, int dilation, int groups, int strip,
    global const float *postactivation, int activation, float slope) {
  const int group_channels = channels / groups, group_columns = out_channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int group = (int)get_global_id(0) / column_tiles;
  const int within = ((int)get_global_id(0) - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  const int pixels = batch * HEIGHT(out_size) * WIDTH(out_size);
  const int first = (int)get_global_id(1) * strip * ROWS;
  if (group >= groups || first >= pixels) return;
  const int last = min(pixels, first + strip * ROWS);
  const int row_floats = WIDTH(size) * channels;
  const int is_one_run = WIDTH(dilation) == 1 && groups == 1;
  const int runs = is_one_run ? 1 : WIDTH(kernel_size);
  const int run = is_one_run ? WIDTH(kernel_size) * channels : group_channels;
  floatv biases[VECTORS];
  global const float *weights = TILED(find_panel)(biases, w, (int)get_global_id(0), kernel_size, group_channels);

  for (int row = first; row < last; row += ROWS) {
    global const float *windows[ROWS];
    long targets[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const int pixel = min(row + r, last - 1);
      const int image_row = pixel / WIDTH(out_size);
      const int image = image_row / HEIGHT(out_size);
      const int h = (image_row - image * HEIGHT(out_size)) * HEIGHT(stride);
      const int v = (pixel - image_row * WIDTH(out_size)) * WIDTH(stride);
      windows[r] = x + (long)(image * HEIGHT(size) + h) * row_floats + (long)v * channels + group * group_channels;
      targets[r] = (long)(row + r) * out_channels + column;
    }
    TILED(multiply_windows)(
        windows, HEIGHT(kernel_size), HEIGHT(dilation) * row_floats, runs, WIDTH(dilation) * channels, run, weights, y,
        biases, targets, min(ROWS, last - row), columns, postactivation, activation, slope);
  }
}

// The taps of one axis that reach a phase. Input position phase + stride * i is covered by the window of output
// i + (phase + padding - tap * dilation) / stride, for the taps where this division leaves no remainder.
#ifndef TAP_FUNCTIONS  // this file may stand twice in a program, for two tiles
#define TAP_FUNCTIONS
INLINE int tap_reaches(int phase, int padding, int tap, int dilation, int stride) {
  return (phase + padding - tap * dilation) % stride == 0;
}
INLINE int tap_shift(int phase, int padding, int tap, int dilation, int stride) {
  return (phase + padding - tap * dilation) / stride;
}
#endif

// Multiplies by all taps that reach the tile's phase, and stores the sums. Outputs outside of dy count as zeros.
OUTLINE void TILED(multiply_taps)(
    global const float *const origins[ROWS], const int image_rows[ROWS], const int image_columns[ROWS],
    global const float *zeros, const int size, const int channels, const int phase, const int kernel_size,
    const int stride, const int padding, const int dilation, const int k, global const float *w, global float *dx,
    const floatv biases[VECTORS], const long targets[ROWS], const int rows, const int columns,
    global const float *postactivation, const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  TILED(clear)(t);
  for (int kh = 0; kh < HEIGHT(kernel_size); kh++) {
    if (!tap_reaches(HEIGHT(phase), HEIGHT(padding), kh, HEIGHT(dilation), HEIGHT(stride))) continue;
    const int dh = tap_shift(HEIGHT(phase), HEIGHT(padding), kh, HEIGHT(dilation), HEIGHT(stride));
    for (int kw = 0; kw < WIDTH(kernel_size); kw++) {
      if (!tap_reaches(WIDTH(phase), WIDTH(padding), kw, WIDTH(dilation), WIDTH(stride))) continue;
      const int dw = tap_shift(WIDTH(phase), WIDTH(padding), kw, WIDTH(dilation), WIDTH(stride));
      const long at = ((long)dh * WIDTH(size) + dw) * channels;
      global const float *a[ROWS];
      int inside = 0;
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const int is_inside =
            (uint)(image_rows[r] + dh) < (uint)HEIGHT(size) && (uint)(image_columns[r] + dw) < (uint)WIDTH(size);
        a[r] = is_inside ? origins[r] + at : zeros;
        inside |= is_inside;
      }
      if (!inside) continue;
      global const float *b = w + (long)(kh * WIDTH(kernel_size) + kw) * k * COLUMNS;
      MULTIPLY_WEIGHTS(t, a, 1, b, k)
    }
  }
  TILED(store_outputs)(t, dx, biases, targets, rows, columns, postactivation, activation, slope);
}

// dx [batch, size, channels] = epilogue(transposed convolution of dy [batch, out_size, out_channels] + bias), see
// activation.cl. w holds weights and bias as packed by pack_taps (conv2d_prepare.cl).
// Work-item (x, y, z): column tile x, counted through the groups; strip y of row tiles; phase z. A row tile is ROWS
// pixels of dx whose positions leave the same remainder by the stride: the same taps reach all of them.
kernel void TILED(conv2d_transposed)(
    global const float *dy, global const float *w, global const float *zeros, global float *dx, int batch, int size,
    int channels, int out_size, int out_channels, int kernel_size, int stride, int padding, int dilation, int groups,
    int strip, global const float *postactivation, int activation, float slope) {
  const int k = out_channels / groups, group_columns = channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int group = (int)get_global_id(0) / column_tiles;
  const int within = ((int)get_global_id(0) - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  const int phase_h = (int)get_global_id(2) / WIDTH(stride);
  const int phase_w = (int)get_global_id(2) - phase_h * WIDTH(stride);
  const int phase_rows = (HEIGHT(size) - phase_h + HEIGHT(stride) - 1) / HEIGHT(stride);
  const int phase_columns = (WIDTH(size) - phase_w + WIDTH(stride) - 1) / WIDTH(stride);
  const int pixels = batch * phase_rows * phase_columns;
  const int first = (int)get_global_id(1) * strip * ROWS;
  if (group >= groups || phase_rows <= 0 || phase_columns <= 0 || first >= pixels) return;
  const int last = min(pixels, first + strip * ROWS);
  const int phase = phase_h << 16 | phase_w;
  floatv biases[VECTORS];
  global const float *weights = TILED(find_panel)(biases, w, (int)get_global_id(0), kernel_size, k);

  for (int row = first; row < last; row += ROWS) {
    global const float *origins[ROWS];
    int image_rows[ROWS], image_columns[ROWS];
    long targets[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const int pixel = min(row + r, last - 1);
      const int image_row = pixel / phase_columns;
      const int image = image_row / phase_rows;
      image_rows[r] = image_row - image * phase_rows;
      image_columns[r] = pixel - image_row * phase_columns;
      origins[r] =
          dy + ((long)(image * HEIGHT(out_size) + image_rows[r]) * WIDTH(out_size) + image_columns[r]) * out_channels +
          group * k;
      const int output = (image * HEIGHT(size) + image_rows[r] * HEIGHT(stride) + phase_h) * WIDTH(size) +
                         image_columns[r] * WIDTH(stride) + phase_w;
      targets[r] = (long)output * channels + column;
    }
    TILED(multiply_taps)(
        origins, image_rows, image_columns, zeros, out_size, out_channels, phase, kernel_size, stride, padding,
        dilation, k, weights, dx, biases, targets, min(ROWS, last - row), columns, postactivation, activation, slope);
  }
}

#define CONV2D_GRADIENT_PIXELS 64  // pixels of dy, at most, that all row tiles of a work-item pass over before the next

// The gradient of the weights, in parts: part s of `parts` sums over images s * batch / parts ..<
// (s + 1) * batch / parts, and add_parts (column_sum.cl) adds the parts in their order.
//
// For a padded x. A row of the product is one of the weights of an output channel, (kh, kw, channel).
// Work-item (x, y, z): column tile x, counted through the groups; CONV2D_GRADIENT_TILES row tiles y; part z. Its sums
// rest in private memory while blocks of pixels pass.
kernel void TILED(conv2d_weight_gradient)(
    global const float *x, global const float *dy, global float *dw, int batch, int size, int channels, int out_size,
    int out_channels, int kernel_size, int stride, int dilation, int groups, int parts) {
  const int group_channels = channels / groups, group_columns = out_channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int group = (int)get_global_id(0) / column_tiles;
  const int within = ((int)get_global_id(0) - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  const int row_floats = WIDTH(size) * channels;
  const int rows = HEIGHT(kernel_size) * WIDTH(kernel_size) * group_channels;
  const int first_row = (int)get_global_id(1) * CONV2D_GRADIENT_TILES * ROWS;
  const int part = (int)get_global_id(2);
  if (group >= groups || first_row >= rows || part >= parts) return;
  const int tiles = min(CONV2D_GRADIENT_TILES, (rows - first_row + ROWS - 1) / ROWS);
  const int out_rows = HEIGHT(out_size), out_columns = WIDTH(out_size);
  // Rows of dy, counted through all images of the part.
  const int first = (int)((long)part * batch / parts) * out_rows;
  const int last = (int)((long)(part + 1) * batch / parts) * out_rows;
  const int block_rows = max(1, CONV2D_GRADIENT_PIXELS / out_columns);
  const int block_columns = min(CONV2D_GRADIENT_PIXELS, out_columns);

  // The offsets of the rows' values in the window of the first pixel; past the last row, the last one's.
  const int count = min(tiles * ROWS, rows - first_row);
  int origins[CONV2D_GRADIENT_TILES * ROWS];
  for (int i = 0; i < count;) {
    const int tap = (first_row + i) / group_channels, channel = first_row + i - tap * group_channels;
    const int kh = tap / WIDTH(kernel_size), kw = tap - kh * WIDTH(kernel_size);
    const int begin = kh * HEIGHT(dilation) * row_floats + kw * WIDTH(dilation) * channels;
    const int end = min(count, i + group_channels - channel);
    for (int c = begin + channel; i < end; i++, c++) origins[i] = c;
  }
  for (int i = count; i < tiles * ROWS; i++) origins[i] = origins[count - 1];
  floatv panel[CONV2D_GRADIENT_PIXELS * VECTORS];
  int offsets[CONV2D_GRADIENT_PIXELS];
  floatv sums[CONV2D_GRADIENT_TILES * ROWS][VECTORS];
  for (int row = 0; row < tiles * ROWS; row += ROWS) TILED(clear)(sums + row);
  for (int out_row = first; out_row < last; out_row += block_rows) {
    const int block = min(block_rows, last - out_row);
    for (int start = 0; start < out_columns; start += block_columns) {
      const int width = min(block_columns, out_columns - start);
      TILED(pack_rows)(
          panel, dy + ((long)out_row * out_columns + start) * out_channels + column, out_channels, block * width,
          columns);
      for (int i = 0; i < block; i++) {
        const int image = (out_row + i) / out_rows, h = (out_row + i) - image * out_rows;
        const int begin = (image * HEIGHT(size) + h * HEIGHT(stride)) * row_floats;
        for (int j = 0; j < width; j++) offsets[i * width + j] = begin + (start + j) * WIDTH(stride) * channels;
      }
      for (int row = 0; row < tiles * ROWS; row += ROWS) {
        global const float *pointers[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) pointers[r] = x + group * group_channels + origins[row + r];
        TILED(multiply_scattered)(sums + row, pointers, offsets, panel, block * width);
      }
    }
  }
  global float *to = dw + ((long)part * rows + first_row) * out_channels + column;
  for (int row = 0; row < count; row++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      const int n = columns - v * VECTOR_WIDTH;
      if (n > 0) store_part(sums[row][v], to + (long)row * out_channels + v * VECTOR_WIDTH, n);
    }
  }
}

// Convolution and transposed convolution for batches, vector family: the rows of a register tile are the same pixel
// of ROWS images. The same taps reach all of them, so taps outside of the image are skipped instead of multiplied by
// zeros, and no padded copy is made. conv2d.cl has kernels for batches of fewer than ROWS images.
#include "argmax.cl"
#include "register_tile.cl"
#include "conv2d_batch.h"

// The taps of one axis that reach a position: tap first_tap + i * tap_step reads source position
// first_source + i * source_step, for i < count.
typedef struct {
  int count, first_tap, tap_step, first_source, source_step;
} TILED(taps);

// For a convolution, the source is position * stride - padding + tap * dilation; for a transposed one,
// (position + padding - tap * dilation) / stride, for the taps where this leaves no remainder.
INLINE TILED(taps) TILED(find_taps)(
    int position, int sources, int kernel_size, int stride, int padding, int dilation, int is_transposed) {
  TILED(taps) found;
  found.count = found.first_tap = found.tap_step = found.first_source = found.source_step = 0;
  for (int tap = 0; tap < kernel_size; tap++) {
    int source;
    if (is_transposed) {
      const int scaled = position + padding - tap * dilation;
      if (scaled < 0) break;
      source = scaled / stride;
      if (source * stride != scaled) continue;
    } else {
      source = position * stride - padding + tap * dilation;
      if (source < 0) continue;
      if (source >= sources) break;
    }
    if (source >= sources) continue;
    if (found.count == 0) {
      found.first_tap = tap;
      found.first_source = source;
    } else if (found.count == 1) {
      found.tap_step = tap - found.first_tap;
      found.source_step = source - found.first_source;
    }
    found.count++;
  }
  return found;
}

// The taps that reach a position: rows x columns of them with `run` channels each; taps that are contiguous in the
// image and in the weights are one. Steps and beginnings (at, w_at) are in floats.
typedef struct {
  int rows, columns, run;
  long at, row_step, column_step, w_at, row_w_step, column_w_step;
} TILED(rectangle);

INLINE TILED(rectangle) TILED(find_rectangle)(
    const TILED(taps) down, const TILED(taps) across, const int size, const int channels, const int groups,
    const int kernel_width) {
  const int k = channels / groups, tap_floats = k * COLUMNS;
  const int is_one_run = groups == 1 && across.tap_step == 1 && across.source_step == 1;
  TILED(rectangle) found;
  found.rows = down.count;
  found.row_step = (long)down.source_step * WIDTH(size) * channels;
  found.row_w_step = (long)down.tap_step * kernel_width * tap_floats;
  found.columns = is_one_run ? 1 : across.count;
  found.column_step = (long)across.source_step * channels;
  found.column_w_step = (long)across.tap_step * tap_floats;
  found.run = is_one_run ? k * across.count : k;
  found.at = ((long)down.first_source * WIDTH(size) + across.first_source) * channels;
  found.w_at = ((long)down.first_tap * kernel_width + across.first_tap) * tap_floats;
  return found;
}

// t = the products at a position of ROWS images, which begin at pointers[r], with a panel of weights.
INLINE void TILED(multiply_position)(
    floatv t[ROWS][VECTORS], global const float *const pointers[ROWS], const TILED(rectangle) of,
    global const float *w) {
  TILED(clear)(t);
  for (int row = 0; row < of.rows; row++) {
    for (int column = 0; column < of.columns; column++) {
      const long at = of.at + row * of.row_step + column * of.column_step;
      global const float *b = w + of.w_at + row * of.row_w_step + column * of.column_w_step;
      global const float *a[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) a[r] = pointers[r] + at;
      MULTIPLY_WEIGHTS(t, a, 1, b, of.run)
    }
  }
}

OUTLINE void TILED(sum_position)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const TILED(rectangle) of,
    global const float *w) {
  floatv t[ROWS][VECTORS];
  TILED(multiply_position)(t, pointers, of, w);
  COPY_TILE(sums, t)
}

OUTLINE void TILED(store_position)(
    global const float *const pointers[ROWS], const TILED(rectangle) of, global const float *w, global float *y,
    const floatv biases[VECTORS], const long targets[ROWS], const int rows, const int columns,
    global const float *postactivation, const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  TILED(multiply_position)(t, pointers, of, w);
  TILED(store_outputs)(t, y, biases, targets, rows, columns, postactivation, activation, slope);
}

// The beginnings of ROWS images from image `first` on; past the last, the last one's.
INLINE void TILED(find_images)(
    global const float *pointers[ROWS], global const float *x, const int first, const int batch, const int size,
    const int channels) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    pointers[r] = x + (long)min(first + r, batch - 1) * HEIGHT(size) * WIDTH(size) * channels;
  }
}

// y [batch, out_size, out_channels] = epilogue(convolution, or transposed convolution, of x [batch, size, channels] +
// bias), see activation.cl; w holds weights and bias as packed by pack_taps (conv2d_prepare.cl).
// Work-item: a column tile, counted through the groups; a row of the output; ROWS images. They are (column tile, row,
// images) in the order of the grid's dimensions, where all panels fit a cache together; otherwise (row, images,
// column tile), so that a panel stays there while all images pass.
kernel void TILED(conv2d_batch)(
    global const float *x, global const float *w, global float *y, int batch, int size, int channels, int out_size,
    int out_channels, int kernel_size, int stride, int padding, int dilation, int groups, int is_column_last,
    int is_transposed, global const float *postactivation, int activation, float slope) {
  const int k = channels / groups, group_columns = out_channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int panel = (int)get_global_id(is_column_last ? 2 : 0);
  const int h = (int)get_global_id(is_column_last ? 0 : 1);
  const int first = (int)get_global_id(is_column_last ? 1 : 2) * ROWS;
  const int group = panel / column_tiles;
  const int within = (panel - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  if (group >= groups || h >= HEIGHT(out_size) || first >= batch) return;
  floatv biases[VECTORS];
  global const float *weights = TILED(find_panel)(biases, w, panel, kernel_size, k);
  global const float *pointers[ROWS];
  TILED(find_images)(pointers, x + group * k, first, batch, size, channels);
  const TILED(taps) down = TILED(find_taps)(
      h, HEIGHT(size), HEIGHT(kernel_size), HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation), is_transposed);

  for (int v = 0; v < WIDTH(out_size); v++) {
    const TILED(taps) across = TILED(find_taps)(
        v, WIDTH(size), WIDTH(kernel_size), WIDTH(stride), WIDTH(padding), WIDTH(dilation), is_transposed);
    long targets[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      targets[r] = (((long)(first + r) * HEIGHT(out_size) + h) * WIDTH(out_size) + v) * out_channels + column;
    }
    TILED(store_position)(
        pointers, TILED(find_rectangle)(down, across, size, channels, groups, WIDTH(kernel_size)), weights, y, biases,
        targets, min(ROWS, batch - first), columns, postactivation, activation, slope);
  }
}

// y [batch, out_size, out_channels] = activation(max-pooling of the convolution of x + bias); the convolution's
// outputs are never in memory. Windows of the size `window`, at most CONV2D_POOL_LARGEST_WINDOW each way, tile the
// image. Where `keep` is not 0, the argmax of each is stored. Other arguments and work-items are those of
// conv2d_batch.
kernel void TILED(conv2d_pool)(
    global const float *x, global const float *w, global float *y, global ushort *argmax, int batch, int size,
    int channels, int out_size, int out_channels, int kernel_size, int stride, int padding, int dilation, int groups,
    int window, int is_column_last, int keep, int activation, float slope) {
  const int k = channels / groups, group_columns = out_channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int panel = (int)get_global_id(is_column_last ? 2 : 0);
  const int pooled_row = (int)get_global_id(is_column_last ? 0 : 1);
  const int first = (int)get_global_id(is_column_last ? 1 : 2) * ROWS;
  const int group = panel / column_tiles;
  const int within = (panel - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  if (group >= groups || pooled_row >= HEIGHT(out_size) || first >= batch) return;
  floatv biases[VECTORS];
  global const float *weights = TILED(find_panel)(biases, w, panel, kernel_size, k);
  global const float *pointers[ROWS];
  TILED(find_images)(pointers, x + group * k, first, batch, size, channels);
  TILED(taps) down[CONV2D_POOL_LARGEST_WINDOW];
  for (int i = 0; i < HEIGHT(window); i++) {
    down[i] = TILED(find_taps)(
        pooled_row * HEIGHT(window) + i, HEIGHT(size), HEIGHT(kernel_size), HEIGHT(stride), HEIGHT(padding),
        HEIGHT(dilation), 0);
  }

  for (int pooled_column = 0; pooled_column < WIDTH(out_size); pooled_column++) {
    TILED(taps) across[CONV2D_POOL_LARGEST_WINDOW];
    for (int j = 0; j < WIDTH(window); j++) {
      across[j] = TILED(find_taps)(
          pooled_column * WIDTH(window) + j, WIDTH(size), WIDTH(kernel_size), WIDTH(stride), WIDTH(padding),
          WIDTH(dilation), 0);
    }
    floatv largest[ROWS][VECTORS];
    intv positions[ROWS][VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        largest[r][v] = SPLAT(-INFINITY);
        positions[r][v] = (intv)(0);
      }
    }
    for (int position = 0; position < HEIGHT(window) * WIDTH(window); position++) {
      floatv sums[ROWS][VECTORS];
      const TILED(rectangle) rectangle = TILED(find_rectangle)(
          down[position / WIDTH(window)], across[position % WIDTH(window)], size, channels, groups, WIDTH(kernel_size));
      TILED(sum_position)(sums, pointers, rectangle, weights);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          update_max(sums[r][v] + biases[v], position, &largest[r][v], &positions[r][v]);
        }
      }
    }
    for (int r = 0; r < min(ROWS, batch - first); r++) {
      const long at = (((long)(first + r) * HEIGHT(out_size) + pooled_row) * WIDTH(out_size) + pooled_column) *
                          out_channels + column;
#pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        const int n = columns - v * VECTOR_WIDTH;
        if (n <= 0) break;
        store_part(activate(largest[r][v], activation, slope), y + at + v * VECTOR_WIDTH, n);
        if (keep) store_argmax(positions[r][v], argmax + at + v * VECTOR_WIDTH, n);
      }
    }
  }
}

// Convolution and transposed convolution for batches, vector family: a register tile's rows are the same pixel of ROWS
// images. The same taps reach all of them, so those that lie outside of the image are left out instead of multiplied
// with zeros, and no padded copy is made. conv2d.cl has the kernels for small batches, whose tiles would be empty.
#include "register_tile.cl"
#include "conv2d_batch.h"

// The taps of one axis that reach one position: tap first_tap + i * tap_step reads source position
// first_source + i * source_step, for i < count.
typedef struct {
  int count, first_tap, tap_step, first_source, source_step;
} TILED(taps);

// For a convolution, output `position` reads position * stride - padding + tap * dilation. For a transposed one the
// source is (position + padding - tap * dilation) / stride, where that leaves nothing.
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

// The taps that reach one position: lines x places of them, each with `run` channels, taken for one where they lie behind
// each other in the image and in the weights. Steps are in floats, and so is where they begin.
typedef struct {
  int lines, places, run;
  long at, line_step, place_step, w_at, line_w_step, place_w_step;
} TILED(rectangle);

INLINE TILED(rectangle) TILED(find_rectangle)(
    const TILED(taps) down, const TILED(taps) across, const int size, const int channels, const int groups,
    const int kernel_width) {
  const int k = channels / groups, tap_floats = k * COLUMNS;
  const int is_one_run = groups == 1 && across.tap_step == 1 && across.source_step == 1;
  TILED(rectangle) found;
  found.lines = down.count;
  found.line_step = (long)down.source_step * WIDTH(size) * channels;
  found.line_w_step = (long)down.tap_step * kernel_width * tap_floats;
  found.places = is_one_run ? 1 : across.count;
  found.place_step = (long)across.source_step * channels;
  found.place_w_step = (long)across.tap_step * tap_floats;
  found.run = is_one_run ? k * across.count : k;
  found.at = ((long)down.first_source * WIDTH(size) + across.first_source) * channels;
  found.w_at = ((long)down.first_tap * kernel_width + across.first_tap) * tap_floats;
  return found;
}

// t = the products of a position of ROWS images with a panel of weights. Images begin at pointers[r].
INLINE void TILED(multiply_position)(
    floatv t[ROWS][VECTORS], global const float *const pointers[ROWS], const TILED(rectangle) of,
    global const float *w) {
  TILED(clear)(t);
  for (int line = 0; line < of.lines; line++) {
    for (int place = 0; place < of.places; place++) {
      const long at = of.at + line * of.line_step + place * of.place_step;
      global const float *b = w + of.w_at + line * of.line_w_step + place * of.place_w_step;
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
    const floatv biases[VECTORS], const long places[ROWS], const int rows, const int columns,
    global const float *activated, const int activation, const float slope) {
  floatv t[ROWS][VECTORS];
  TILED(multiply_position)(t, pointers, of, w);
  TILED(store_finished)(t, y, biases, places, rows, columns, activated, activation, slope);
}

// Where ROWS images begin, from image `first` on; past the last they are the last again.
INLINE void TILED(find_images)(
    global const float *pointers[ROWS], global const float *x, const int first, const int batch, const int size,
    const int channels) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    pointers[r] = x + (long)min(first + r, batch - 1) * HEIGHT(size) * WIDTH(size) * channels;
  }
}

// y = convolution of x with w + bias, or the transposed convolution, finished (common.cl).
//
// x is [batch, size, channels], y [batch, out_size, out_channels]; w holds weights and bias as pack_taps packs them
// (conv2d_prepare.cl).
// Work-item: a column tile, counted through the groups; a row of the output; images in ROWS. The first that is named
// changes fastest, (column, row, image), where all panels fit in a cache together; otherwise (row, image, column), so
// that a panel stays there while all images pass.
kernel void TILED(conv2d_batch)(
    global const float *x, global const float *w, global float *y, int batch, int size, int channels, int out_size,
    int out_channels, int kernel_size, int stride, int padding, int dilation, int groups, int is_column_last,
    int is_transposed, global const float *activated, int activation, float slope) {
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
    long places[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      places[r] = (((long)(first + r) * HEIGHT(out_size) + h) * WIDTH(out_size) + v) * out_channels + column;
    }
    TILED(store_position)(
        pointers, TILED(find_rectangle)(down, across, size, channels, groups, WIDTH(kernel_size)), weights, y, biases,
        places, min(ROWS, batch - first), columns, activated, activation, slope);
  }
}

// y = max-pooling of the convolution of x with w + bias: each output is the largest of a window of the convolution's,
// which never lies in memory. Windows are cells: they neither overlap nor touch padding; `window` is their size, at most
// CONV2D_POOL_LARGEST_WINDOW each way, and out_size that of y. Winners are kept as pool_max_forward (pool.cl) keeps them.
// The rest, and the work-items, are conv2d_batch's, of y.
kernel void TILED(conv2d_pool)(
    global const float *x, global const float *w, global float *y, global ushort *winner, int batch, int size,
    int channels, int out_size, int out_channels, int kernel_size, int stride, int padding, int dilation, int groups,
    int window, int is_column_last, int keep, int activation, float slope) {
  const int k = channels / groups, group_columns = out_channels / groups;
  const int column_tiles = (group_columns + COLUMNS - 1) / COLUMNS;
  const int panel = (int)get_global_id(is_column_last ? 2 : 0);
  const int line = (int)get_global_id(is_column_last ? 0 : 1);
  const int first = (int)get_global_id(is_column_last ? 1 : 2) * ROWS;
  const int group = panel / column_tiles;
  const int within = (panel - group * column_tiles) * COLUMNS;
  const int columns = min(COLUMNS, group_columns - within);
  const int column = group * group_columns + within;
  if (group >= groups || line >= HEIGHT(out_size) || first >= batch) return;
  floatv biases[VECTORS];
  global const float *weights = TILED(find_panel)(biases, w, panel, kernel_size, k);
  global const float *pointers[ROWS];
  TILED(find_images)(pointers, x + group * k, first, batch, size, channels);
  TILED(taps) down[CONV2D_POOL_LARGEST_WINDOW];
  for (int i = 0; i < HEIGHT(window); i++) {
    down[i] = TILED(find_taps)(
        line * HEIGHT(window) + i, HEIGHT(size), HEIGHT(kernel_size), HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation),
        0);
  }

  for (int place = 0; place < WIDTH(out_size); place++) {
    TILED(taps) across[CONV2D_POOL_LARGEST_WINDOW];
    for (int j = 0; j < WIDTH(window); j++) {
      across[j] = TILED(find_taps)(
          place * WIDTH(window) + j, WIDTH(size), WIDTH(kernel_size), WIDTH(stride), WIDTH(padding), WIDTH(dilation), 0);
    }
    floatv best[ROWS][VECTORS];
    intv winners[ROWS][VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        best[r][v] = SPLAT(-INFINITY);
        winners[r][v] = (intv)(0);
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
          take_larger(sums[r][v] + biases[v], position, &best[r][v], &winners[r][v]);
        }
      }
    }
    for (int r = 0; r < min(ROWS, batch - first); r++) {
      const long at =
          (((long)(first + r) * HEIGHT(out_size) + line) * WIDTH(out_size) + place) * out_channels + column;
#pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        const int n = columns - v * VECTOR_WIDTH;
        if (n <= 0) break;
        store_part(activate(best[r][v], activation, slope), y + at + v * VECTOR_WIDTH, n);
        if (keep) store_winners(winners[r][v], winner + at + v * VECTOR_WIDTH, n);
      }
    }
  }
}

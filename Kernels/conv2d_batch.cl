// Convolution and transposed convolution for batches, vector family: a register tile's rows are the same pixel of ROWS
// images. The same taps reach all of them, so those that lie outside of the image are left out instead of multiplied
// with zeros, and no padded copy is made. conv2d.cl has the kernels for small batches, whose tiles would be empty.

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

// sums = the products over a rectangle of taps: lines x places of them, each `run` long. Steps are in floats.
OUTLINE void TILED(multiply_rectangle)(
    floatv sums[ROWS][VECTORS], global const float *const pointers[ROWS], const int lines, const int line_step,
    const int line_w_step, const int places, const int place_step, const int place_w_step, const int run,
    global const float *w) {
  floatv t[ROWS][VECTORS], wv[VECTORS];
  TILED(clear)(t);
  for (int line = 0; line < lines; line++) {
    for (int place = 0; place < places; place++) {
      const long at = (long)line * line_step + (long)place * place_step;
      global const float *b = w + (long)line * line_w_step + (long)place * place_w_step;
      global const float *a[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) a[r] = pointers[r] + at;
      UNROLL_STEPS
      for (long k = 0; k < run; k++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) wv[v] = LOADV(b + v * VECTOR_WIDTH);
        MULTIPLY_STEP(t, a, k, wv)
        b += COLUMNS;
      }
    }
  }
  COPY_TILE(sums, t)
}

// sums = the products of one position of ROWS images, from image `first` on: the taps `down` and `across` that reach it,
// with a panel of weights. x starts at the group's first channel; images past the last are the last again.
INLINE void TILED(multiply_position)(
    floatv sums[ROWS][VECTORS], global const float *x, const int first, const int batch, const int size,
    const int channels, const int groups, const int kernel_width, const TILED(taps) down, const TILED(taps) across,
    global const float *weights) {
  const int k = channels / groups, tap_floats = k * COLUMNS;
  const long image_floats = (long)HEIGHT(size) * WIDTH(size) * channels;
  global const float *pointers[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    pointers[r] = x + min(first + r, batch - 1) * image_floats +
                  ((long)down.first_source * WIDTH(size) + across.first_source) * channels;
  }
  // Taps whose channels lie behind each other, in the image and in the weights, are one run.
  const int is_one_run = groups == 1 && across.tap_step == 1 && across.source_step == 1;
  TILED(multiply_rectangle)(
      sums, pointers, down.count, down.source_step * WIDTH(size) * channels, down.tap_step * kernel_width * tap_floats,
      is_one_run ? 1 : across.count, across.source_step * channels, across.tap_step * tap_floats,
      is_one_run ? k * across.count : k,
      weights + (long)(down.first_tap * kernel_width + across.first_tap) * tap_floats);
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
  global const float *biases = TILED(find_panel)(w, panel, kernel_size, k);
  global const float *weights = biases + COLUMNS;
  const TILED(taps) down = TILED(find_taps)(
      h, HEIGHT(size), HEIGHT(kernel_size), HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation), is_transposed);

  for (int v = 0; v < WIDTH(out_size); v++) {
    const TILED(taps) across = TILED(find_taps)(
        v, WIDTH(size), WIDTH(kernel_size), WIDTH(stride), WIDTH(padding), WIDTH(dilation), is_transposed);
    floatv sums[ROWS][VECTORS];
    TILED(multiply_position)(
        sums, x + group * k, first, batch, size, channels, groups, WIDTH(kernel_size), down, across, weights);
    const int out_image = HEIGHT(out_size) * WIDTH(out_size) * out_channels;
    const long to = (long)first * out_image + ((long)h * WIDTH(out_size) + v) * out_channels + column;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      if (first + r < batch) {
        TILED(store_finished)(
            sums[r], biases, y, to + (long)r * out_image, columns, activated, activation, slope);
      }
    }
  }
}

#ifndef LARGEST_WINDOW
#define LARGEST_WINDOW 4  // rows and columns of a pool's window that conv2d_pool takes
#endif

// y = max-pooling of the convolution of x with w + bias: each output is the largest of a window of the convolution's,
// which never lies in memory. Windows are cells: they neither overlap nor touch padding; `window` is their size, at most
// LARGEST_WINDOW each way, and out_size that of y. Winners are kept as pool_max_forward (pool.cl) keeps them.
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
  global const float *biases = TILED(find_panel)(w, panel, kernel_size, k);
  global const float *weights = biases + COLUMNS;
  TILED(taps) down[LARGEST_WINDOW];
  for (int i = 0; i < HEIGHT(window); i++) {
    down[i] = TILED(find_taps)(
        line * HEIGHT(window) + i, HEIGHT(size), HEIGHT(kernel_size), HEIGHT(stride), HEIGHT(padding), HEIGHT(dilation),
        0);
  }

  for (int place = 0; place < WIDTH(out_size); place++) {
    TILED(taps) across[LARGEST_WINDOW];
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
      TILED(multiply_position)(
          sums, x + group * k, first, batch, size, channels, groups, WIDTH(kernel_size), down[position / WIDTH(window)],
          across[position % WIDTH(window)], weights);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          take_larger(sums[r][v] + LOADV(biases + v * VECTOR_WIDTH), position, &best[r][v], &winners[r][v]);
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

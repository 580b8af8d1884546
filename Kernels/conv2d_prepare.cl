// Operands of the convolutions in the layouts that their kernels read: padded images, packed weights, transformed
// filters.
#include "common.cl"

// padded [batch, padded_size, channels] = every `step`-th row and column of x [batch, size, channels] with `padding`
// rows and columns of zeros around each image.
// Work-item (x, y): row x of the padded image y.
kernel void pad_image(
    global const float *x, global float *padded, int batch, int size, int channels, int padding, int padded_size,
    int step) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(padded_size) || image >= batch) return;
  const int width = WIDTH(padded_size) * channels;
  global float *to = padded + (long)(image * HEIGHT(padded_size) + row) * width;
  const int from_row = row * HEIGHT(step) - HEIGHT(padding);
  if ((uint)from_row >= (uint)HEIGHT(size)) {
    for (int i = 0; i < width; i += VECTOR_WIDTH) store_part(SPLAT(0.0f), to + i, width - i);
    return;
  }
  global const float *from = x + (long)(image * HEIGHT(size) + from_row) * WIDTH(size) * channels;
  if (WIDTH(step) == 1) {
    const int border = WIDTH(padding) * channels, inner = WIDTH(size) * channels;
    for (int i = 0; i < border; i++) to[i] = to[border + inner + i] = 0.0f;
    for (int i = 0; i < inner; i += VECTOR_WIDTH) {
      store_part(load_part(from + i, inner - i), to + border + i, inner - i);
    }
    return;
  }
  for (int column = 0; column < WIDTH(padded_size); column++) {
    const int from_column = column * WIDTH(step) - WIDTH(padding);
    const int is_inside = (uint)from_column < (uint)WIDTH(size);
    for (int i = 0; i < channels; i += VECTOR_WIDTH) {
      const floatv v = is_inside ? load_part(from + (long)from_column * channels + i, channels - i) : SPLAT(0.0f);
      store_part(v, to + (long)column * channels + i, channels - i);
    }
  }
}

// Packs weights [taps, C / groups, O] for the register tiles, in a panel for each column tile, counted through the
// groups: a row of biases, then [taps, k, width], with zeros past the last column. A tile then reads its weights in
// one stream; unpacked, rows whose length is a power of two would fall into few sets of the L1 cache.
//
// Columns are output channels and k counts input channels, or, for the transposed pass, the other way round.
// `group_columns` and k are those of one group.
// Work-item (x, y): tap x of panel y.
kernel void pack_taps(
    global const float *w, global const float *bias, global float *packed, int taps, int group_columns, int k,
    int groups, int width, int is_transposed) {
  const int tap = (int)get_global_id(0), panel = (int)get_global_id(1);
  const int tiles = (group_columns + width - 1) / width;
  const int group = panel / tiles, within = (panel - group * tiles) * width;
  if (tap >= taps || group >= groups) return;
  const int columns = min(width, group_columns - within);
  global float *first = packed + (long)panel * (1 + taps * k) * width;
  if (tap == 0) {
    const int column = group * group_columns + within;
    for (int i = 0; i < width; i++) first[i] = i < columns ? bias[column + i] : 0.0f;
  }
  global float *to = first + (long)(1 + tap * k) * width;
  if (is_transposed) {
    const int pitch = groups * k;
    global const float *from = w + ((long)tap * group_columns + within) * pitch + group * k;
    for (int i = 0; i < columns; i++) {
      for (int p = 0; p < k; p++) to[(long)p * width + i] = from[(long)i * pitch + p];
    }
  } else {
    const int pitch = groups * group_columns;
    global const float *from = w + (long)tap * k * pitch + group * group_columns + within;
    for (int p = 0; p < k; p++) {
      for (int i = 0; i < columns; i += VECTOR_WIDTH) {
        store_part(load_part(from + (long)p * pitch + i, columns - i), to + (long)p * width + i, columns - i);
      }
    }
  }
  for (int p = 0; p < k; p++) {
    for (int i = columns; i < width; i++) to[(long)p * width + i] = 0.0f;
  }
}

// The filters' Winograd transforms GgG' (winograd.cl) of weights [3, 3, C, O], in panels as wide as a register tile:
// [panel, 16 points, k, width], with zeros past the last column. Columns are output channels and k counts input
// channels, or, for the transposed pass, the other way round, with mirrored filters.
// Work-item (x, y): element x of k of panel y.
kernel void winograd_filters(
    global const float *w, global float *filters, int columns, int count, int width, int is_transposed) {
  const int k = (int)get_global_id(0), panel = (int)get_global_id(1);
  if (k >= count || panel * width >= columns) return;
  global float *to = filters + ((long)panel * 16 * count + k) * width;
  for (int i = 0; i < width; i += VECTOR_WIDTH) {
    const int column = panel * width + i, n = max(0, columns - column);
    floatv g[3][3], t[4][3];
    for (int tap = 0; tap < 9; tap++) {
      if (is_transposed) {
        float lanes[VECTOR_WIDTH];
        for (int lane = 0; lane < VECTOR_WIDTH; lane++) {
          lanes[lane] = lane < n ? w[((long)(8 - tap) * columns + column + lane) * count + k] : 0.0f;
        }
        g[tap / 3][tap % 3] = LOADV(lanes);
      } else {
        g[tap / 3][tap % 3] = n > 0 ? load_part(w + ((long)tap * count + k) * columns + column, n) : SPLAT(0.0f);
      }
    }
#pragma unroll
    for (int j = 0; j < 3; j++) {
      const floatv sum = g[0][j] + g[2][j];
      t[0][j] = g[0][j];
      t[1][j] = (sum + g[1][j]) * SPLAT(0.5f);
      t[2][j] = (sum - g[1][j]) * SPLAT(0.5f);
      t[3][j] = g[2][j];
    }
#pragma unroll
    for (int row = 0; row < 4; row++) {
      const floatv sum = t[row][0] + t[row][2];
      global float *points = to + (long)row * 4 * count * width + i;
      STOREV(t[row][0], points);
      STOREV((sum + t[row][1]) * SPLAT(0.5f), points + (long)count * width);
      STOREV((sum - t[row][1]) * SPLAT(0.5f), points + (long)2 * count * width);
      STOREV(t[row][2], points + (long)3 * count * width);
    }
  }
}

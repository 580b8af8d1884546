// Convolutions with 3 x 3 filters and stride 1 by Winograd's minimal filtering F(2 x 2, 3 x 3), vector family.
//
// Outputs are computed in tiles of 2 x 2, each from the 4 x 4 inputs d that reach it. With
//   V = B'dB,  B' = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]     of the inputs,
//   U = GgG',  G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1]    of the filter g,
//   A'MA,      A' = [1 1 1 0; 0 1 -1 -1]                         of their products M, element by element,
// a tile takes 16 products in place of 36; summed over the channels, each of the 16 points is a product of matrices.
// The transforms are sums and halves, exact for whole numbers. The error is relative to all inputs of the tile (A.
// Lavin, S. Gray: Fast algorithms for convolutional neural networks, 2016).
//
// The transposed convolution, with stride 1, is the convolution with mirrored filters. The gradient of the weights is
// the transpose of the same bilinear form: G'((A dy A') * V)G, summed over the tiles.
#include "argmax.cl"
#include "register_tile.cl"
#include "winograd_transforms.cl"
#include "winograd.h"

#define WINOGRAD_GAP 16  // floats between the points of a block, so that they do not fall into the same sets of a cache
#if ROWS % 2 != 0 || ROWS < 4
#error "ROWS must be even, and 4 at least"
#endif
#define WINOGRAD_LOW_ROWS (ROWS - 2)  // rows of the low register tiles, for channels that ROWS does not divide

// out = the products of one point of a block: `rows` rows of `a`, `step` apart, in row tiles, with a panel of `count`
// rows; rows of `out` are a tile wide.
OUTLINE void TILED(multiply_point)(
    float *out, const float *a, const int step, global const float *panel, const int count, const int rows) {
  for (int row = 0; row < rows; row += ROWS) {
    floatv t[ROWS][VECTORS], b[VECTORS];
    const float *from[ROWS];
    global const float *w = panel;
    TILED(clear)(t);
#pragma unroll
    for (int r = 0; r < ROWS; r++) from[r] = a + (row + r) * step;
    UNROLL_STEPS
    for (long k = 0; k < count; k++) {
#pragma unroll
      for (int v = 0; v < VECTORS; v++) b[v] = LOADV(w + v * VECTOR_WIDTH);
      MULTIPLY_STEP(t, from, k, b)
      w += COLUMNS;
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
      for (int v = 0; v < VECTORS; v++) STOREV(t[r][v], out + (row + r) * COLUMNS + v * VECTOR_WIDTH);
    }
  }
}

// y [batch, out_size, out_channels] = epilogue(convolution of x [batch, size, channels] + bias), see activation.cl,
// or, where `pools` is not 0, activation(its max-pooling by output tiles), with the argmax where `keep` is not 0.
//
// filters are from winograd_filters (conv2d_prepare.cl); channels are a multiple of VECTOR_WIDTH. `tiles` are the
// output tiles of an image that are needed, rows and columns.
// Work-item x: output tiles x * block ..< (x + 1) * block, counted through the images; block * channels <=
// WINOGRAD_FLOATS.
kernel void TILED(winograd_forward)(
    global const float *x, global const float *filters, global const float *bias, global const float *zeros,
    global float *y, global ushort *argmax, int batch, int size, int channels, int out_size, int out_channels,
    int padding, int tiles, int block, int pools, int keep, global const float *postactivation, int activation,
    float slope) {
  const int all = batch * HEIGHT(tiles) * WIDTH(tiles);
  const int first = (int)get_global_id(0) * block;
  if (first >= all) return;
  const int count = min(block, all - first), next = min(block, all - first - block);
  const int step = block * channels + WINOGRAD_GAP, product_step = WINOGRAD_TILES * COLUMNS + WINOGRAD_GAP;
  float inputs[WINOGRAD_POINTS * (WINOGRAD_FLOATS + WINOGRAD_GAP)];
  float products[WINOGRAD_POINTS * (WINOGRAD_TILES * COLUMNS + WINOGRAD_GAP)];

  transform_inputs(x, zeros, first, count, tiles, size, channels, padding, inputs, step);
  // The last register tile is filled with copies of the last output tile.
  for (int i = count; i % ROWS != 0; i++) {
    transform_inputs(x, zeros, first + count - 1, 1, tiles, size, channels, padding, inputs + i * channels, step);
  }
  winograd_tile output_tiles[WINOGRAD_TILES];
  for (int i = 0; i < count; i++) output_tiles[i] = find_tile(first + i, tiles);
  for (int column = 0; column < out_channels; column += COLUMNS) {
    for (int point = 0; point < WINOGRAD_POINTS; point++) {
      if (column == 0 && next > 0) {
        prefetch_rows(x, first + block, next, tiles, size, channels, HEIGHT(padding), 4, point);
      }
      TILED(multiply_point)(
          products + point * product_step, inputs + point * step, channels, filters, channels, count);
      filters += channels * COLUMNS;
    }
    for (int i = 0; i < count; i++) {
      const winograd_tile tile = output_tiles[i];
      for (int v = 0; v < VECTORS; v++) {
        const int at = column + v * VECTOR_WIDTH, n = out_channels - at;
        if (n <= 0) break;
        const floatv b = load_part(bias + at, n);
        floatv outputs[4];
        transform_products(products + i * COLUMNS + v * VECTOR_WIDTH, product_step, outputs);
        if (pools) {
#pragma unroll
          for (int j = 0; j < 4; j++) outputs[j] += b;
          intv position;
          const floatv largest = max_of_four(outputs, &position);
          const long to = (((long)tile.image * HEIGHT(out_size) + tile.row / 2) * WIDTH(out_size) + tile.column / 2) *
                              out_channels + at;
          store_part(activate(largest, activation, slope), y + to, n);
          if (keep) store_argmax(position, argmax + to, n);
        } else {
#pragma unroll
          for (int j = 0; j < 4; j++) {
            const int out_row = tile.row + j / 2, out_column = tile.column + j % 2;
            if (out_row >= HEIGHT(out_size) || out_column >= WIDTH(out_size)) continue;
            const long to =
                (((long)tile.image * HEIGHT(out_size) + out_row) * WIDTH(out_size) + out_column) * out_channels + at;
            store_part(apply_epilogue(outputs[j] + b, postactivation + to, n, activation, slope), y + to, n);
          }
        }
      }
    }
  }
}

// sums += the products of `rows` columns of `a` and a register tile's columns of `b`, over `count` rows of both;
// steps are in floats. `rows` is a compile-time constant.
INLINE void TILED(add_rows)(
    float *sums, const int sum_step, const float *a, const int a_step, const float *b, const int b_step,
    const int count, const int rows) {
  floatv t[ROWS][VECTORS], wide[VECTORS];
#pragma unroll
  for (int r = 0; r < rows; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) t[r][v] = LOADV(sums + r * sum_step + v * VECTOR_WIDTH);
  }
  UNROLL_STEPS
  for (int k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) wide[v] = LOADV(b + v * VECTOR_WIDTH);
#pragma unroll
    for (int r = 0; r < rows; r++) {
      const floatv scalar = SPLAT(a[r]);
#pragma unroll
      for (int v = 0; v < VECTORS; v++) t[r][v] = MULTIPLY_ADD(scalar, wide[v], t[r][v]);
    }
    a += a_step;
    b += b_step;
  }
#pragma unroll
  for (int r = 0; r < rows; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) STOREV(t[r][v], sums + r * sum_step + v * VECTOR_WIDTH);
  }
}

OUTLINE void TILED(add_tile)(
    float *sums, const int sum_step, const float *a, const int a_step, const float *b, const int b_step,
    const int count) {
  TILED(add_rows)(sums, sum_step, a, a_step, b, b_step, count, ROWS);
}

OUTLINE void TILED(add_low_tile)(
    float *sums, const int sum_step, const float *a, const int a_step, const float *b, const int b_step,
    const int count) {
  TILED(add_rows)(sums, sum_step, a, a_step, b, b_step, count, WINOGRAD_LOW_ROWS);
}

// A dy A' of one output tile, for `columns` channels of dy from `column` on: point p of a channel goes to
// to[p * step + channel]. Pixels outside of dy and channels past its last count as zeros.
INLINE void TILED(transform_gradients)(
    global const float *dy, const winograd_tile tile, const int out_size, const int out_channels, const int column,
    const int columns, float *to, const int step) {
  const int has_row = tile.row + 1 < HEIGHT(out_size), has_column = tile.column + 1 < WIDTH(out_size);
  global const float *from =
      dy + (((long)tile.image * HEIGHT(out_size) + tile.row) * WIDTH(out_size) + tile.column) * out_channels + column;
  const int row_step = WIDTH(out_size) * out_channels;
  for (int c = 0; c < columns; c += VECTOR_WIDTH) {
    const int n = max(0, out_channels - column - c);
    const floatv upper[2] = {
        n > 0 ? load_part(from + c, n) : SPLAT(0.0f),
        n > 0 && has_column ? load_part(from + out_channels + c, n) : SPLAT(0.0f)};
    const floatv lower[2] = {
        n > 0 && has_row ? load_part(from + row_step + c, n) : SPLAT(0.0f),
        n > 0 && has_row && has_column ? load_part(from + row_step + out_channels + c, n) : SPLAT(0.0f)};
    floatv d[4][2];
#pragma unroll
    for (int j = 0; j < 2; j++) {
      d[0][j] = upper[j];
      d[1][j] = upper[j] + lower[j];
      d[2][j] = upper[j] - lower[j];
      d[3][j] = -lower[j];
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float *points = to + (long)(4 * i) * step + c;
      STOREV(d[i][0], points);
      STOREV(d[i][0] + d[i][1], points + step);
      STOREV(d[i][0] - d[i][1], points + 2 * step);
      STOREV(-d[i][1], points + 3 * step);
    }
  }
}

// The gradient of the weights, in parts: part s of `parts` sums over images s * batch / parts ..<
// (s + 1) * batch / parts, and add_parts (column_sum.cl) adds the parts in their order.
//
// channels are a multiple of VECTOR_WIDTH; column_tiles <= WINOGRAD_GRADIENT_COLUMN_TILES, and channels * COLUMNS *
// column_tiles <= WINOGRAD_GRADIENT_SUMS.
// Work-item (x, y): `column_tiles` column tiles x, part y.
kernel void TILED(winograd_weight_gradient)(
    global const float *x, global const float *dy, global const float *zeros, global float *dw, int batch, int size,
    int channels, int out_size, int out_channels, int padding, int tiles, int block, int column_tiles, int parts) {
  const int width = column_tiles * COLUMNS, column = (int)get_global_id(0) * width;
  const int part = (int)get_global_id(1);
  if (column >= out_channels || part >= parts) return;
  const int columns = min(width, (out_channels - column + COLUMNS - 1) / COLUMNS * COLUMNS);
  const int per_image = HEIGHT(tiles) * WIDTH(tiles);
  const int first = (int)((long)part * batch / parts) * per_image;
  const int last = (int)((long)(part + 1) * batch / parts) * per_image;
  const int step = block * channels + WINOGRAD_GAP, gradient_step = block * width + WINOGRAD_GAP;
  float inputs[WINOGRAD_POINTS * (WINOGRAD_FLOATS + WINOGRAD_GAP)];
  float gradients[WINOGRAD_POINTS * (WINOGRAD_TILES * WINOGRAD_GRADIENT_COLUMN_TILES * COLUMNS + WINOGRAD_GAP)];
  float sums[WINOGRAD_POINTS * WINOGRAD_GRADIENT_SUMS];
  for (int i = 0; i < WINOGRAD_POINTS * channels * width; i += VECTOR_WIDTH) STOREV(SPLAT(0.0f), sums + i);
  // The number of low register tiles, which take the place of the last whole ones where these would pass the last
  // channel.
  const int low = (ROWS - channels % ROWS) % ROWS / (ROWS - WINOGRAD_LOW_ROWS);

  // Blocks of equal size: a short one at the end would take as long as a whole one.
  const int blocks = max(1, (last - first + block - 1) / block);
  for (int b = 0; b < blocks; b++) {
    const int start = first + (int)((long)b * (last - first) / blocks);
    const int count = first + (int)((long)(b + 1) * (last - first) / blocks) - start;
    transform_inputs(x, zeros, start, count, tiles, size, channels, padding, inputs, step);
    for (int i = 0; i < count; i++) {
      TILED(transform_gradients)(
          dy, find_tile(start + i, tiles), out_size, out_channels, column, columns, gradients + i * width,
          gradient_step);
    }
    const int next = min(count, last - start - count);
    for (int point = 0; point < WINOGRAD_POINTS; point++) {
      if (next > 0) {
        prefetch_rows(x, start + count, next, tiles, size, channels, HEIGHT(padding), 4, point);
        prefetch_rows(dy, start + count, next, tiles, out_size, out_channels, 0, 2, point);
      }
      for (int c = 0; c < columns; c += COLUMNS) {
        const float *from = inputs + point * step, *with = gradients + point * gradient_step + c;
        float *to = sums + point * channels * width + c;
        int row = 0;
        for (; row < channels - low * WINOGRAD_LOW_ROWS; row += ROWS) {
          TILED(add_tile)(to + row * width, width, from + row, channels, with, width, count);
        }
        for (; row < channels; row += WINOGRAD_LOW_ROWS) {
          TILED(add_low_tile)(to + row * width, width, from + row, channels, with, width, count);
        }
      }
    }
  }

  // G'sG of the sums.
  global float *to = dw + (long)part * 9 * channels * out_channels + column;
  for (int row = 0; row < channels; row++) {
    for (int c = 0; c < columns; c += VECTOR_WIDTH) {
      const int n = out_channels - column - c;
      if (n <= 0) break;
      const float *from = sums + row * width + c;
      floatv t[3][4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        const floatv s1 = LOADV(from + (4 + j) * channels * width), s2 = LOADV(from + (8 + j) * channels * width);
        const floatv sum = (s1 + s2) * SPLAT(0.5f);
        t[0][j] = LOADV(from + j * channels * width) + sum;
        t[1][j] = (s1 - s2) * SPLAT(0.5f);
        t[2][j] = sum + LOADV(from + (12 + j) * channels * width);
      }
#pragma unroll
      for (int i = 0; i < 3; i++) {
        const floatv sum = (t[i][1] + t[i][2]) * SPLAT(0.5f);
        global float *taps = to + ((long)(3 * i) * channels + row) * out_channels + c;
        store_part(t[i][0] + sum, taps, n);
        store_part((t[i][1] - t[i][2]) * SPLAT(0.5f), taps + channels * out_channels, n);
        store_part(sum + t[i][3], taps + 2 * channels * out_channels, n);
      }
    }
  }
}

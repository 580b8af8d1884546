// Convolutions with 3x3 filters and stride 1 by Winograd's minimal filtering F(2x2, 3x3), vector family.
//
// Outputs are computed in cells of 2x2, each from the 4x4 inputs d that reach it. With
//   V = B'dB,  B' = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]     of the inputs,
//   U = GgG',  G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1]    of the filter g,
//   A'MA,      A' = [1 1 1 0; 0 1 -1 -1]                         of their products M, element by element,
// a cell takes 16 products in place of 36; summed over the channels, each of the 16 points is a product of matrices. The
// transforms are sums and halves, exact for whole numbers, and sums over channels alone are shorter than those over taps
// too. The error is relative to the whole cell's inputs (A. Lavin, S. Gray: Fast algorithms for convolutional neural
// networks, 2016; the tests hold it below the plain sum's).
//
// The transposed convolution, with stride 1, is the convolution with mirrored filters. The gradient of the weights is
// the transpose of the same bilinear form: G'((A dy A') * V)G, summed over the cells.
#include "register_tile.cl"
#include "winograd.h"

#define WINOGRAD_GAP 16  // floats between the points of a block, so that they do not fall into the same sets of a cache
#define PREFETCH_FLOATS 16  // of a line of a cache

#if ROWS % 2 != 0 || ROWS < 4
#error "ROWS must be even, and 4 at least"
#endif
#undef LOW_ROWS
#define LOW_ROWS (ROWS - 2)  // of tiles that fill up what ROWS does not divide

#ifndef WINOGRAD_FUNCTIONS  // this file may stand twice in a program, for two tiles
#define WINOGRAD_FUNCTIONS
// Where a cell lies: its image, and the line and place of its first output.
typedef struct {
  int image, line, place;
} winograd_cell;

INLINE winograd_cell find_cell(const int index, const int cells) {
  winograd_cell cell;
  const int line = index / WIDTH(cells);
  cell.image = line / HEIGHT(cells);
  cell.line = (line - cell.image * HEIGHT(cells)) * 2;
  cell.place = (index - line * WIDTH(cells)) * 2;
  return cell;
}

// B'd of one column of four pixels: `lines` are those of an image, `steps` from a pixel to the next; outside are zeros.
INLINE void transform_column(
    global const float *const lines[4], const int steps[4], global const float *zeros, const int place, const int width,
    const int channel, floatv d[4]) {
  const int is_inside = (uint)place < (uint)width;
  floatv pixels[4];
#pragma unroll
  for (int i = 0; i < 4; i++) pixels[i] = LOADV((is_inside ? lines[i] + place * steps[i] : zeros) + channel);
  d[0] = pixels[0] - pixels[2];
  d[1] = pixels[1] + pixels[2];
  d[2] = pixels[2] - pixels[1];
  d[3] = pixels[1] - pixels[3];
}

// B'dB of `count` neighbouring cells of a line, from `cell` on, for all channels: point p of channel c of cell i goes to
// to[p * step + i * channels + c]. Each takes over the half of B'd that it shares with the one before it. What lies
// outside of the image is read from `zeros`.
INLINE void transform_line(
    global const float *x, global const float *zeros, const winograd_cell cell, const int count, const int size,
    const int channels, const int padding, float *to, const int step) {
  const int line = cell.line - HEIGHT(padding), place = cell.place - WIDTH(padding);
  global const float *lines[4];
  int steps[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int is_inside = (uint)(line + i) < (uint)HEIGHT(size);
    lines[i] = is_inside ? x + (long)(cell.image * HEIGHT(size) + line + i) * WIDTH(size) * channels : zeros;
    steps[i] = is_inside ? channels : 0;
  }
  for (int c = 0; c < channels; c += VECTOR_WIDTH) {
    floatv left[2][4], right[2][4];
#pragma unroll
    for (int j = 0; j < 2; j++) transform_column(lines, steps, zeros, place + j, WIDTH(size), c, left[j]);
    for (int cells = 0; cells < count; cells++) {
      float *points = to + cells * channels + c;
#pragma unroll
      for (int j = 0; j < 2; j++) {
        transform_column(lines, steps, zeros, place + 2 * cells + 2 + j, WIDTH(size), c, right[j]);
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
        STOREV(left[0][i] - right[0][i], points);
        STOREV(left[1][i] + right[0][i], points + step);
        STOREV(right[0][i] - left[1][i], points + 2 * step);
        STOREV(left[1][i] - right[1][i], points + 3 * step);
        points += 4 * step;
        left[0][i] = right[0][i];
        left[1][i] = right[1][i];
      }
    }
  }
}

// The same of cells `first` ..< `first` + `count`, counted through the images.
INLINE void transform_inputs(
    global const float *x, global const float *zeros, const int first, const int count, const int cells, const int size,
    const int channels, const int padding, float *to, const int step) {
  for (int i = 0; i < count;) {
    const winograd_cell cell = find_cell(first + i, cells);
    const int run = min(count - i, WIDTH(cells) - cell.place / 2);
    transform_line(x, zeros, cell, run, size, channels, padding, to + i * channels, step);
    i += run;
  }
}

// Asks for part `part` of WINOGRAD_POINTS of the lines of an image that cells `first` ..< `first` + `count` look at, of
// which each looks at `reach`: what the next block reads is on its way while this one is multiplied.
INLINE void prefetch_lines(
    global const float *image, const int first, const int count, const int cells, const int size, const int channels,
    const int padding, const int reach, const int part) {
  const winograd_cell begin = find_cell(first, cells), end = find_cell(first + count - 1, cells);
  const int from = begin.image * HEIGHT(size) + max(0, begin.line - padding);
  const int to = end.image * HEIGHT(size) + min(HEIGHT(size), end.line - padding + reach);
  const int blocks = (to - from) * WIDTH(size) * channels / PREFETCH_FLOATS;
  image += (long)from * WIDTH(size) * channels;
  for (int i = blocks * part / WINOGRAD_POINTS; i < blocks * (part + 1) / WINOGRAD_POINTS; i++) {
    prefetch(image + (long)i * PREFETCH_FLOATS, PREFETCH_FLOATS);
  }
}

// A'mA of the 16 points of one vector, `step` apart.
INLINE void transform_products(const float *from, const int step, floatv y[4]) {
  floatv upper[4], lower[4];
#pragma unroll
  for (int j = 0; j < 4; j++) {
    const floatv m1 = LOADV(from + (4 + j) * step), m2 = LOADV(from + (8 + j) * step);
    upper[j] = LOADV(from + j * step) + m1 + m2;
    lower[j] = m1 - m2 - LOADV(from + (12 + j) * step);
  }
  y[0] = upper[0] + upper[1] + upper[2];
  y[1] = upper[1] - upper[2] - upper[3];
  y[2] = lower[0] + lower[1] + lower[2];
  y[3] = lower[1] - lower[2] - lower[3];
}
#endif

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

// y = convolution of x with the filters + bias, finished (common.cl), or, where it pools, activation(the max-pooling of
// that by cells), with winners as pool_max_forward (pool.cl) keeps them.
//
// x is [batch, size, channels], y [batch, out_size, out_channels]; filters are from winograd_filters
// (conv2d_prepare.cl); channels are a multiple of VECTOR_WIDTH. `cells` are those of an image that are needed.
// Work-item x: cells x * block ..< (x + 1) * block, counted through the images; block * channels <= WINOGRAD_FLOATS.
kernel void TILED(winograd_conv)(
    global const float *x, global const float *filters, global const float *bias, global const float *zeros,
    global float *y, global ushort *winner, int batch, int size, int channels, int out_size, int out_channels,
    int padding, int cells, int block, int pools, int keep, global const float *activated, int activation,
    float slope) {
  const int all = batch * HEIGHT(cells) * WIDTH(cells);
  const int first = (int)get_global_id(0) * block;
  if (first >= all) return;
  const int count = min(block, all - first), next = min(block, all - first - block);
  const int step = block * channels + WINOGRAD_GAP, product_step = WINOGRAD_CELLS * COLUMNS + WINOGRAD_GAP;
  float inputs[WINOGRAD_POINTS * (WINOGRAD_FLOATS + WINOGRAD_GAP)];
  float products[WINOGRAD_POINTS * (WINOGRAD_CELLS * COLUMNS + WINOGRAD_GAP)];

  transform_inputs(x, zeros, first, count, cells, size, channels, padding, inputs, step);
  // The last row tile is filled with the last cell.
  for (int i = count; i % ROWS != 0; i++) {
    transform_inputs(x, zeros, first + count - 1, 1, cells, size, channels, padding, inputs + i * channels, step);
  }
  winograd_cell places[WINOGRAD_CELLS];
  for (int i = 0; i < count; i++) places[i] = find_cell(first + i, cells);
  for (int column = 0; column < out_channels; column += COLUMNS) {
    for (int point = 0; point < WINOGRAD_POINTS; point++) {
      if (column == 0 && next > 0) {
        prefetch_lines(x, first + block, next, cells, size, channels, HEIGHT(padding), 4, point);
      }
      TILED(multiply_point)(
          products + point * product_step, inputs + point * step, channels, filters, channels, count);
      filters += channels * COLUMNS;
    }
    for (int i = 0; i < count; i++) {
      const winograd_cell cell = places[i];
      for (int v = 0; v < VECTORS; v++) {
        const int at = column + v * VECTOR_WIDTH, n = out_channels - at;
        if (n <= 0) break;
        const floatv b = load_part(bias + at, n);
        floatv outputs[4];
        transform_products(products + i * COLUMNS + v * VECTOR_WIDTH, product_step, outputs);
        if (pools) {
#pragma unroll
          for (int j = 0; j < 4; j++) outputs[j] += b;
          intv winners;
          const floatv best = largest_of_four(outputs, &winners);
          const long to = (((long)cell.image * HEIGHT(out_size) + cell.line / 2) * WIDTH(out_size) + cell.place / 2) *
                              out_channels + at;
          store_part(activate(best, activation, slope), y + to, n);
          if (keep) store_winners(winners, winner + to, n);
        } else {
#pragma unroll
          for (int j = 0; j < 4; j++) {
            const int line = cell.line + j / 2, place = cell.place + j % 2;
            if (line >= HEIGHT(out_size) || place >= WIDTH(out_size)) continue;
            const long to =
                (((long)cell.image * HEIGHT(out_size) + line) * WIDTH(out_size) + place) * out_channels + at;
            store_part(finish(outputs[j] + b, activated + to, n, activation, slope), y + to, n);
          }
        }
      }
    }
  }
}

// sums += the products of `rows` columns of `a` with a tile's columns of `b`, over `count` rows of both; steps in floats.
// `rows` is a constant of the caller's.
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
  TILED(add_rows)(sums, sum_step, a, a_step, b, b_step, count, LOW_ROWS);
}

// A dy A' of one cell, for `columns` channels of dy from `column` on: point p of a channel goes to to[p * step + channel].
// Zeros stand for what lies outside of dy and behind its last channel.
INLINE void TILED(transform_gradients)(
    global const float *dy, const winograd_cell cell, const int out_size, const int out_channels, const int column,
    const int columns, float *to, const int step) {
  const int has_line = cell.line + 1 < HEIGHT(out_size), has_place = cell.place + 1 < WIDTH(out_size);
  global const float *from =
      dy + (((long)cell.image * HEIGHT(out_size) + cell.line) * WIDTH(out_size) + cell.place) * out_channels + column;
  const int line_step = WIDTH(out_size) * out_channels;
  for (int c = 0; c < columns; c += VECTOR_WIDTH) {
    const int n = max(0, out_channels - column - c);
    const floatv upper[2] = {
        n > 0 ? load_part(from + c, n) : SPLAT(0.0f),
        n > 0 && has_place ? load_part(from + out_channels + c, n) : SPLAT(0.0f)};
    const floatv lower[2] = {
        n > 0 && has_line ? load_part(from + line_step + c, n) : SPLAT(0.0f),
        n > 0 && has_line && has_place ? load_part(from + line_step + out_channels + c, n) : SPLAT(0.0f)};
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
// Work-item (x, y): `tiles` column tiles x, part y. channels are a multiple of VECTOR_WIDTH;
// tiles <= WINOGRAD_GRADIENT_TILES, and channels * COLUMNS * tiles <= WINOGRAD_GRADIENT_SUMS.
kernel void TILED(winograd_weight_gradient)(
    global const float *x, global const float *dy, global const float *zeros, global float *dw, int batch, int size,
    int channels, int out_size, int out_channels, int padding, int cells, int block, int tiles, int parts) {
  const int width = tiles * COLUMNS, column = (int)get_global_id(0) * width;
  const int part = (int)get_global_id(1);
  if (column >= out_channels || part >= parts) return;
  const int columns = min(width, (out_channels - column + COLUMNS - 1) / COLUMNS * COLUMNS);
  const int per_image = HEIGHT(cells) * WIDTH(cells);
  const int first = (int)((long)part * batch / parts) * per_image;
  const int last = (int)((long)(part + 1) * batch / parts) * per_image;
  const int step = block * channels + WINOGRAD_GAP, gradient_step = block * width + WINOGRAD_GAP;
  float inputs[WINOGRAD_POINTS * (WINOGRAD_FLOATS + WINOGRAD_GAP)];
  float gradients[WINOGRAD_POINTS * (WINOGRAD_CELLS * WINOGRAD_GRADIENT_TILES * COLUMNS + WINOGRAD_GAP)];
  float sums[WINOGRAD_POINTS * WINOGRAD_GRADIENT_SUMS];
  for (int i = 0; i < WINOGRAD_POINTS * channels * width; i += VECTOR_WIDTH) STOREV(SPLAT(0.0f), sums + i);
  // Where whole tiles would reach behind the last channel, low ones take the place of the last of them.
  const int low = (ROWS - channels % ROWS) % ROWS / (ROWS - LOW_ROWS);

  // Blocks of equal size: a short one at the end would take as long.
  const int blocks = max(1, (last - first + block - 1) / block);
  for (int b = 0; b < blocks; b++) {
    const int start = first + (int)((long)b * (last - first) / blocks);
    const int count = first + (int)((long)(b + 1) * (last - first) / blocks) - start;
    transform_inputs(x, zeros, start, count, cells, size, channels, padding, inputs, step);
    for (int i = 0; i < count; i++) {
      TILED(transform_gradients)(
          dy, find_cell(start + i, cells), out_size, out_channels, column, columns, gradients + i * width,
          gradient_step);
    }
    const int next = min(count, last - start - count);
    for (int point = 0; point < WINOGRAD_POINTS; point++) {
      if (next > 0) {
        prefetch_lines(x, start + count, next, cells, size, channels, HEIGHT(padding), 4, point);
        prefetch_lines(dy, start + count, next, cells, out_size, out_channels, 0, 2, point);
      }
      for (int c = 0; c < columns; c += COLUMNS) {
        const float *from = inputs + point * step, *with = gradients + point * gradient_step + c;
        float *to = sums + point * channels * width + c;
        int row = 0;
        for (; row < channels - low * LOW_ROWS; row += ROWS) {
          TILED(add_tile)(to + row * width, width, from + row, channels, with, width, count);
        }
        for (; row < channels; row += LOW_ROWS) {
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

// The transforms of Winograd's algorithm (winograd.cl) that do not depend on the register tile: of inputs to points,
// and of points to outputs.
#ifndef WINOGRAD_TRANSFORMS_CL
#define WINOGRAD_TRANSFORMS_CL
#include "common.cl"
#include "winograd.h"

#define PREFETCH_FLOATS 16  // a cache line

// An output tile: its image, and the row and column of its first output.
typedef struct {
  int image, row, column;
} winograd_tile;

// Output tile `index`, counted through the images; `tiles` are those of an image, rows and columns.
INLINE winograd_tile find_tile(const int index, const int tiles) {
  winograd_tile tile;
  const int row = index / WIDTH(tiles);
  tile.image = row / HEIGHT(tiles);
  tile.row = (row - tile.image * HEIGHT(tiles)) * 2;
  tile.column = (index - row * WIDTH(tiles)) * 2;
  return tile;
}

// B'd of one column of four pixels, in `rows` of an image, `steps` from one pixel of a row to the next; zeros outside.
INLINE void transform_column(
    global const float *const rows[4], const int steps[4], global const float *zeros, const int column, const int width,
    const int channel, floatv d[4]) {
  const int is_inside = (uint)column < (uint)width;
  floatv pixels[4];
#pragma unroll
  for (int i = 0; i < 4; i++) pixels[i] = LOADV((is_inside ? rows[i] + column * steps[i] : zeros) + channel);
  d[0] = pixels[0] - pixels[2];
  d[1] = pixels[1] + pixels[2];
  d[2] = pixels[2] - pixels[1];
  d[3] = pixels[1] - pixels[3];
}

// B'dB of `count` neighbouring output tiles of a row, from `tile` on, for all channels: point p of channel c of tile
// i goes to to[p * step + i * channels + c]. Each reuses the half of B'd that it shares with the tile before it.
// Pixels outside of the image are read from `zeros`.
INLINE void transform_row(
    global const float *x, global const float *zeros, const winograd_tile tile, const int count, const int size,
    const int channels, const int padding, float *to, const int step) {
  const int row = tile.row - HEIGHT(padding), column = tile.column - WIDTH(padding);
  global const float *rows[4];
  int steps[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int is_inside = (uint)(row + i) < (uint)HEIGHT(size);
    rows[i] = is_inside ? x + (long)(tile.image * HEIGHT(size) + row + i) * WIDTH(size) * channels : zeros;
    steps[i] = is_inside ? channels : 0;
  }
  for (int c = 0; c < channels; c += VECTOR_WIDTH) {
    floatv left[2][4], right[2][4];
#pragma unroll
    for (int j = 0; j < 2; j++) transform_column(rows, steps, zeros, column + j, WIDTH(size), c, left[j]);
    for (int t = 0; t < count; t++) {
      float *points = to + t * channels + c;
#pragma unroll
      for (int j = 0; j < 2; j++) {
        transform_column(rows, steps, zeros, column + 2 * t + 2 + j, WIDTH(size), c, right[j]);
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

// The same of output tiles first ..< first + count, counted through the images.
INLINE void transform_inputs(
    global const float *x, global const float *zeros, const int first, const int count, const int tiles, const int size,
    const int channels, const int padding, float *to, const int step) {
  for (int i = 0; i < count;) {
    const winograd_tile tile = find_tile(first + i, tiles);
    const int run = min(count - i, WIDTH(tiles) - tile.column / 2);
    transform_row(x, zeros, tile, run, size, channels, padding, to + i * channels, step);
    i += run;
  }
}

// Prefetches part `part` of WINOGRAD_POINTS of the image rows that output tiles first ..< first + count read, `reach`
// rows each: the next block is loaded into the cache while this one is multiplied.
INLINE void prefetch_rows(
    global const float *image, const int first, const int count, const int tiles, const int size, const int channels,
    const int padding, const int reach, const int part) {
  const winograd_tile begin = find_tile(first, tiles), end = find_tile(first + count - 1, tiles);
  const int from = begin.image * HEIGHT(size) + max(0, begin.row - padding);
  const int to = end.image * HEIGHT(size) + min(HEIGHT(size), end.row - padding + reach);
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

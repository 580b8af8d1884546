// Convolution and its two gradients, tile family: each is a matrix product whose left operand is gathered from the
// images while it is loaded ("implicit GEMM"), so nothing is unfolded in memory. The input gradient is also the
// forward pass of a transposed convolution.
//
// Images are [N, H, W, C], weights [KH, KW, C / groups, O]. Height and width come as two arguments, in that order.
// Any stride, padding, dilation and number of groups.
#include "local_tile.cl"

// A row of a product whose left operand is pixels: where its image starts, counted in pixels, and the pixel that the
// first tap reads. Rows past the end have a pixel outside of any image.
typedef struct {
  int image, y, x;
} PixelRow;
#define NO_PIXEL (-(1 << 30))

// Loads elements (row, k) of a tile of pixels: k counts channels fastest, then taps along the width and the height, and
// tap (ty, tx) of a row reads its pixel moved by (ty * step_y, tx * step_x); zeros outside of the image.
// `images` points to the group's first of `depth` channels, of `channels` a pixel has.
INLINE void fetch_pixels(
    float loaded[A_LOADS], const PixelRow rows[A_LOADS], global const float *images, int height, int width,
    int channels, int depth, int taps_x, int step_y, int step_x, int k, int k_end) {
  const int tap = k / depth;
  const int channel = k - tap * depth;
  const int ty = tap / taps_x;
  const int move_y = ty * step_y;
  const int move_x = (tap - ty * taps_x) * step_x;
#pragma unroll
  for (int e = 0; e < A_LOADS; e++) {
    const int y = rows[e].y + move_y;
    const int x = rows[e].x + move_x;
    const int inside = k < k_end && y >= 0 && y < height && x >= 0 && x < width;
    loaded[e] = inside ? images[(long)(rows[e].image + y * width + x) * channels + channel] : 0.0f;
  }
}

// Loads elements (k, column) of a matrix with contiguous rows `pitch` apart, zeros past the edges.
INLINE void fetch_rows(
    float loaded[B_LOADS], global const float *matrix, int pitch, int k, int k_end, int columns, const int id) {
#pragma unroll
  for (int q = 0; q < B_LOADS / 4; q++) {
    const int at = k + QUAD_K(q, TILE_N);
    STOREV(load_part(matrix + (long)at * pitch, at < k_end ? max(columns, 0) : 0), loaded + 4 * q);
  }
}

// y = epilogue(conv(x, w) + bias), see activation.cl. Rows of the product are output pixels, k is (kh, kw, input
// channel), columns are output channels. Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of group
// z.
GROUP_KERNEL void conv2d_forward_tile(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int height,
    int width, int channels, int out_height, int out_width, int out_channels, int groups, int kernel_height,
    int kernel_width, int stride_y, int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x,
    global const float *postactivation, int activation, float slope) {
  LOCAL_TILES(a_tiles, TILE_M);
  LOCAL_TILES(b_tiles, TILE_N);
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int group = (int)get_group_id(2);
  const int depth = channels / groups;
  const int columns = out_channels / groups;
  const int m = batch * out_height * out_width;
  const int k = kernel_height * kernel_width * depth;
  x += group * depth;
  w += group * columns + column + QUAD_ROW(TILE_N);
  bias += group * columns;
  y += group * columns;
  postactivation += group * columns;

  PixelRow rows[A_LOADS];
#pragma unroll
  for (int e = 0; e < A_LOADS; e++) {
    const int r = row + LANE_ROW(e);
    const int image_row = r / out_width;
    const int image = image_row / out_height;
    rows[e].image = image * height * width;
    rows[e].y = r < m ? (image_row - image * out_height) * stride_y - padding_y : NO_PIXEL;
    rows[e].x = (r - image_row * out_width) * stride_x - padding_x;
  }
  float a_loaded[A_LOADS], b_loaded[B_LOADS];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define FETCH(step)                                                                                            \
  fetch_pixels(                                                                                                \
      a_loaded, rows, x, height, width, channels, depth, kernel_width, dilation_y, dilation_x,                 \
      (step) * TILE_K + LANE_K, k);                                                                            \
  fetch_rows(b_loaded, w, out_channels, (step) * TILE_K, k, columns - column - QUAD_ROW(TILE_N), id)
#define PUT(which)                                 \
  put_lanes(a_tiles[which], a_loaded, TILE_M, id); \
  put_quads(b_tiles[which], b_loaded, TILE_N, id)
  MULTIPLY_STEPS((k + TILE_K - 1) / TILE_K, FETCH, PUT)
#undef FETCH
#undef PUT

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int r = row + ITEM_ROW(i);
    if (r >= m) continue;
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) {
      const int q = column + ITEM_COLUMN(j);
      if (q >= columns) continue;
      const floatv value = sums[i][j] + load_part(bias + q, columns - q);
      const long at = (long)r * out_channels + q;
      store_part(apply_epilogue(value, postactivation + at, columns - q, activation, slope), y + at, columns - q);
    }
  }
}

// The first tap whose offset leaves the remainder `phase` on division by the stride, or `period` where no tap does:
// tap * dilation mod stride repeats with that period.
INLINE int first_tap(int phase, int stride, int dilation, int period) {
  int tap = 0;
  while (tap < period && tap * dilation % stride != phase) tap++;
  return tap;
}

// How many of first, first + step, ... lie below end.
INLINE int count_steps(int first, int end, int step) { return first < end ? (end - first + step - 1) / step : 0; }

// dx = epilogue(transposed conv(dy, w) + bias), see activation.cl: the gradient of a convolution's input, or a
// transposed convolution of dy. bias has `channels` elements.
//
// Rows of the product are pixels of x, k is (kh, kw, output channel), columns are input channels. Pixel iy gets from
// output pixel oy through tap kh where iy + padding - kh * dilation = oy * stride; so only taps of the right remainder
// by the stride meet a pixel. Pixels are taken in stride_y * stride_x phases with the same remainder, so that all rows
// of a tile use the same taps, and no product with zero is spent on the others: taps first_tap, first_tap + period, ...
// with period = stride / gcd(stride, dilation).
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of phase z mod phases of group z / phases.
GROUP_KERNEL void conv2d_input_gradient_tile(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int height,
    int width, int channels, int out_height, int out_width, int out_channels, int groups, int kernel_height,
    int kernel_width, int stride_y, int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x,
    int period_y, int period_x, global const float *postactivation, int activation, float slope) {
  LOCAL_TILES(a_tiles, TILE_M);
  LOCAL_TILES(b_tiles, TILE_N);
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int phases = stride_y * stride_x;
  const int group = (int)get_group_id(2) / phases;
  const int phase_y = (int)get_group_id(2) % phases / stride_x;
  const int phase_x = (int)get_group_id(2) % stride_x;
  const int depth = out_channels / groups;
  const int columns = channels / groups;
  dy += group * depth;
  bias += group * columns;
  dx += group * columns;
  postactivation += group * columns;

  // Pixels first_y, first_y + stride_y, ... are those with (iy + padding_y) mod stride_y = phase_y. A phase without
  // pixels still passes all barriers: some drivers fail on a return before one.
  const int first_y = (phase_y - padding_y % stride_y + stride_y) % stride_y;
  const int first_x = (phase_x - padding_x % stride_x + stride_x) % stride_x;
  const int phase_rows = count_steps(first_y, height, stride_y);
  const int phase_columns = count_steps(first_x, width, stride_x);
  const int m = batch * phase_rows * phase_columns;
  const int tap_y = first_tap(phase_y, stride_y, dilation_y, period_y);
  const int tap_x = first_tap(phase_x, stride_x, dilation_x, period_x);
  const int taps_y = tap_y < period_y ? count_steps(tap_y, kernel_height, period_y) : 0;
  const int taps_x = tap_x < period_x ? count_steps(tap_x, kernel_width, period_x) : 0;
  const int k = taps_y * taps_x * depth;

  PixelRow rows[A_LOADS];
#pragma unroll
  for (int e = 0; e < A_LOADS; e++) {
    const int r = row + LANE_ROW(e);
    const int image_row = r / max(phase_columns, 1);
    const int image = image_row / max(phase_rows, 1);
    const int iy = first_y + (image_row - image * phase_rows) * stride_y;
    const int ix = first_x + (r - image_row * phase_columns) * stride_x;
    rows[e].image = image * out_height * out_width;
    // These divisions leave no remainder, by the choice of phase and tap.
    rows[e].y = r < m ? (iy + padding_y - tap_y * dilation_y) / stride_y : NO_PIXEL;
    rows[e].x = (ix + padding_x - tap_x * dilation_x) / stride_x;
  }
  const int step_y = -(period_y * dilation_y / stride_y);
  const int step_x = -(period_x * dilation_x / stride_x);
  float a_loaded[A_LOADS], b_loaded[B_LOADS];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
  // B's element (k, column) is w[kh, kw, column, o]: contiguous along k.
#define FETCH(step)                                                                                            \
  const int at = (step) * TILE_K + LANE_K;                                                                     \
  fetch_pixels(                                                                                                \
      a_loaded, rows, dy, out_height, out_width, out_channels, depth, taps_x, step_y, step_x, at, k);          \
  const int tap = at / depth;                                                                                  \
  const int kh = tap_y + tap / taps_x * period_y;                                                              \
  const int kw = tap_x + tap % taps_x * period_x;                                                              \
  global const float *weights =                                                                                \
      w + (long)(kh * kernel_width + kw) * columns * out_channels + group * depth + (at - tap * depth);        \
  _Pragma("unroll") for (int e = 0; e < B_LOADS; e++) {                                                        \
    const int q = column + LANE_ROW(e);                                                                        \
    b_loaded[e] = at < k && q < columns ? weights[(long)q * out_channels] : 0.0f;                              \
  }
#define PUT(which)                                 \
  put_lanes(a_tiles[which], a_loaded, TILE_M, id); \
  put_lanes(b_tiles[which], b_loaded, TILE_N, id)
  MULTIPLY_STEPS((k + TILE_K - 1) / TILE_K, FETCH, PUT)
#undef FETCH
#undef PUT

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int r = row + ITEM_ROW(i);
    if (r >= m) continue;
    const int image_row = r / phase_columns;
    const int image = image_row / phase_rows;
    const int iy = first_y + (image_row - image * phase_rows) * stride_y;
    const int ix = first_x + (r - image_row * phase_columns) * stride_x;
    const long pixel = ((long)(image * height + iy) * width + ix) * channels;
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) {
      const int q = column + ITEM_COLUMN(j);
      if (q >= columns) continue;
      const floatv value = sums[i][j] + load_part(bias + q, columns - q);
      store_part(
          apply_epilogue(value, postactivation + pixel + q, columns - q, activation, slope), dx + pixel + q,
          columns - q);
    }
  }
}

// dw (+)= the gradient of a convolution's weights, from its input x and its output's gradient dy.
//
// Rows of the product are (kh, kw, input channel), k is output pixels, columns are output channels. There are few rows
// and columns but many pixels, so the pixels are cut into chunks for groups of their own, and sum_splits adds them up.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of group z mod groups, pixels of chunk z / groups.
// With more than one chunk, dw holds a whole set of weights for each; add is then 0.
GROUP_KERNEL void conv2d_weight_gradient_tile(
    global const float *x, global const float *dy, global float *dw, int batch, int height, int width, int channels,
    int out_height, int out_width, int out_channels, int groups, int kernel_height, int kernel_width, int stride_y,
    int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x, int chunk, int add) {
  LOCAL_TILES(a_tiles, TILE_M);
  LOCAL_TILES(b_tiles, TILE_N);
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int group = (int)get_group_id(2) % groups;
  const int split = (int)get_group_id(2) / groups;
  const int depth = channels / groups;
  const int columns = out_channels / groups;
  const int m = kernel_height * kernel_width * depth;
  const int pixels = batch * out_height * out_width;
  const int first = split * chunk;
  const int end = min(pixels, first + chunk);
  x += group * depth;
  dy += group * columns + column + QUAD_ROW(TILE_N);
  dw += (long)split * m * out_channels + group * columns;

  // The four rows that this item loads, which are consecutive channels but for the last of a tap.
  int move_y[4], move_x[4], channel[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int r = row + QUAD_ROW(TILE_M) + i;
    const int tap = r / depth;
    channel[i] = r - tap * depth;
    move_y[i] = r < m ? tap / kernel_width * dilation_y - padding_y : NO_PIXEL;
    move_x[i] = tap % kernel_width * dilation_x - padding_x;
  }
  float a_loaded[A_LOADS], b_loaded[B_LOADS];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define FETCH(step)                                                                                            \
  _Pragma("unroll") for (int q = 0; q < A_LOADS / 4; q++) {                                                    \
    const int pixel = first + (step) * TILE_K + QUAD_K(q, TILE_M);                                             \
    const int image_row = pixel / out_width;                                                                   \
    const int image = image_row / out_height;                                                                  \
    const int iy = (image_row - image * out_height) * stride_y;                                                \
    const int ix = (pixel - image_row * out_width) * stride_x;                                                 \
    _Pragma("unroll") for (int i = 0; i < 4; i++) {                                                            \
      const int py = iy + move_y[i];                                                                           \
      const int px = ix + move_x[i];                                                                           \
      const int inside = pixel < end && py >= 0 && py < height && px >= 0 && px < width;                       \
      a_loaded[4 * q + i] =                                                                                    \
          inside ? x[((long)(image * height + py) * width + px) * channels + channel[i]] : 0.0f;               \
    }                                                                                                          \
  }                                                                                                            \
  fetch_rows(b_loaded, dy, out_channels, first + (step) * TILE_K, end, columns - column - QUAD_ROW(TILE_N), id)
#define PUT(which)                                 \
  put_quads(a_tiles[which], a_loaded, TILE_M, id); \
  put_quads(b_tiles[which], b_loaded, TILE_N, id)
  MULTIPLY_STEPS((end - first + TILE_K - 1) / TILE_K, FETCH, PUT)
#undef FETCH
#undef PUT

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int r = row + ITEM_ROW(i);
    if (r >= m) continue;
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++) {
      const int q = column + ITEM_COLUMN(j);
      if (q >= columns) continue;
      global float *to = dw + (long)r * out_channels + q;
      store_part(add ? load_part(to, columns - q) + sums[i][j] : sums[i][j], to, columns - q);
    }
  }
}

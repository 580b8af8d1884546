// Convolution and its input gradient, tile family, as products whose left operand is gathered (conv2d_taps.cl). The
// input gradient is also the forward pass of a transposed convolution. conv2d_weight_gradient_tile.cl has the third
// pass, conv2d_pool_tile.cl the first with max-pooling.
//
// Images are [N, H, W, C], weights [KH, KW, C / groups, O]. Height and width come as two arguments, in that order.
// Any stride, padding, dilation and number of groups; filters of at most CONV2D_TILE_TAPS x CONV2D_TILE_TAPS taps,
// whose taps inside of the images are kept as bits, and tensors of at most 4 GB.
#include "conv2d_taps.cl"

// y = epilogue(conv(x, w) + bias), see epilogue_tile.cl. Rows of the product are output pixels, k is (kh, kw, input
// channel), columns are output channels.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of group z mod groups, products z / groups * chunk
// ... of k. With more than one chunk, y holds a whole set of sums for each, which sum_splits then adds up.
GROUP_KERNEL void conv2d_forward_tile(
    global const float *x, global const float *w, global const float *bias, global float *y, int batch, int height,
    int width, int channels, int out_height, int out_width, int out_channels, int groups, int kernel_height,
    int kernel_width, int stride_y, int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x,
    int chunk, global const float *postactivation, int activation, float slope, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold) {
  local floatv tiles[LOCAL_VECTORS];
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int split = quotient((int)get_group_id(2), groups);
  const int group = (int)get_group_id(2) - split * groups;
  const Gather g = {
      height, width, kernel_height, kernel_width, dilation_y, dilation_x, 1, quotient(channels, groups),
      (uint)(width * channels) * 4u, (uint)channels * 4u};
  const int columns = quotient(out_channels, groups);
  const int m = batch * out_height * out_width;
  const int first = split * chunk;
  const int count = min(kernel_height * kernel_width * g.depth, first + chunk) - first;
  x += group * g.depth;
  w += (long)first * out_channels + group * columns + column;

#define OUTPUT_PIXEL(r)                                                                                           \
  find_pixel(                                                                                                     \
      quotient(quotient(r, out_width), out_height),                                                               \
      modulo(quotient(r, out_width), out_height) * stride_y - padding_y, modulo(r, out_width) * stride_x - padding_x, \
      (r) < m, &g)
  floatv sums[ITEM_M][ITEM_VECTORS];
  FORWARD_SUMS(OUTPUT_PIXEL)
#undef OUTPUT_PIXEL

  const Epilogue epilogue =
      make_epilogue(postactivation, activation, slope, key0, key1, layer, step_values, threshold);
  y += (long)split * m * out_channels;
#define ROW(tile_row)             \
  const int r = row + (tile_row); \
  if (r >= m) continue;
#define VECTOR(tile_column, sum)                                                                \
  const int n = columns - column - (tile_column), q = group * columns + column + (tile_column); \
  if (n <= 0) continue;                                                                         \
  const long at = (long)r * out_channels + q;                                                   \
  const floatv value = (sum) + load_quad(bias + q, n, ALIGNED);                                 \
  store_quad(apply_epilogue_at(value, at, n, &epilogue, ALIGNED), y + at, n, ALIGNED);
  FOR_EACH_SUM(ROW, VECTOR)
#undef ROW
#undef VECTOR
}

// The first tap whose offset leaves the remainder `phase` on division by the stride, or `period` where no tap does:
// tap * dilation mod stride repeats with that period.
INLINE int first_tap(int phase, int stride, int dilation, int period) {
  int tap = 0;
  while (tap < period && modulo(tap * dilation, stride) != phase) tap++;
  return tap;
}

// How many of first, first + step, ... lie below end.
INLINE int count_steps(int first, int end, int step) {
  return first < end ? quotient(end - first + step - 1, step) : 0;
}

// dx = epilogue(transposed conv(dy, w) + bias), see epilogue_tile.cl: the gradient of a convolution's input, or a
// transposed convolution of dy. bias has `channels` elements.
//
// Rows of the product are pixels of x, k is (kh, kw, output channel), columns are input channels. Pixel iy gets from
// output pixel oy through tap kh where iy + padding - kh * dilation = oy * stride; so only taps of the right remainder
// by the stride meet a pixel. Pixels are taken in stride_y * stride_x phases with the same remainder, so that all rows
// of a tile use the same taps, and no product with zero is spent on the others: taps first_tap, first_tap + period, ...
// with period = stride / gcd(stride, dilation).
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of phase z mod phases of group z / phases mod
// groups, products z / phases / groups * chunk ... of k. With more than one chunk, dx holds a whole set of sums for
// each, which sum_splits then adds up.
GROUP_KERNEL void conv2d_input_gradient_tile(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int height,
    int width, int channels, int out_height, int out_width, int out_channels, int groups, int kernel_height,
    int kernel_width, int stride_y, int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x,
    int period_y, int period_x, int chunk, global const float *postactivation, int activation, float slope, uint key0,
    uint key1, uint layer, global const uint *step_values, uint threshold) {
  local floatv tiles[LOCAL_VECTORS];
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int phases = stride_y * stride_x;
  const int product = quotient((int)get_group_id(2), phases);
  const int split = quotient(product, groups);
  const int group = product - split * groups;
  const int phase_y = quotient((int)get_group_id(2) - product * phases, stride_x);
  const int phase_x = modulo((int)get_group_id(2), stride_x);
  const int columns = quotient(channels, groups);

  // Pixels first_y, first_y + stride_y, ... are those with (iy + padding_y) mod stride_y = phase_y. A phase without
  // pixels still passes all barriers: some drivers fail on a return before one.
  const int first_y = modulo(phase_y - modulo(padding_y, stride_y) + stride_y, stride_y);
  const int first_x = modulo(phase_x - modulo(padding_x, stride_x) + stride_x, stride_x);
  const int phase_rows = count_steps(first_y, height, stride_y);
  const int phase_columns = count_steps(first_x, width, stride_x);
  const int m = batch * phase_rows * phase_columns;
  const int tap_y = first_tap(phase_y, stride_y, dilation_y, period_y);
  const int tap_x = first_tap(phase_x, stride_x, dilation_x, period_x);
  const Gather g = {
      out_height, out_width, tap_y < period_y ? count_steps(tap_y, kernel_height, period_y) : 0,
      tap_x < period_x ? count_steps(tap_x, kernel_width, period_x) : 0, quotient(period_y * dilation_y, stride_y),
      quotient(period_x * dilation_x, stride_x), -1, quotient(out_channels, groups),
      (uint)(out_width * out_channels) * 4u,
      (uint)out_channels * 4u};
  const int first = split * chunk;
  const int count = max(min(g.taps_y * g.taps_x * g.depth, first + chunk) - first, 0);
  dy += group * g.depth;

  // The last two divisions leave no remainder, by the choice of phase and tap.
  Pixel pixels[PIXEL_ROWS];
#define PHASE_LINE(r) quotient(r, max(phase_columns, 1))
#define PHASE_PIXEL(r)                                                                                            \
  find_pixel(                                                                                                     \
      quotient(PHASE_LINE(r), max(phase_rows, 1)),                                                                \
      (first_y + modulo(PHASE_LINE(r), max(phase_rows, 1)) * stride_y + padding_y - tap_y * dilation_y) / stride_y, \
      (first_x + modulo(r, max(phase_columns, 1)) * stride_x + padding_x - tap_x * dilation_x) / stride_x,          \
      (r) < m, &g)
  FIND_PIXELS(PHASE_PIXEL)
#undef PHASE_LINE
#undef PHASE_PIXEL
  Tap tap = find_tap(first + TAP_K, &g);
  const Tap first_step = find_tap(FIRST_STEP(count), &g), step = find_tap(TILE_K, &g);
  // B's element (k, column) is w[kh, kw, column, o]: contiguous along k.
  const uint tap_bytes = (uint)(columns * out_channels) * 4u;
  w += (long)(tap_y * kernel_width + tap_x) * columns * out_channels + group * g.depth;
#define B_ROWS (PIXELS_ALIGNED ? LOADS(TILE_N) : 4 * LOADS(TILE_N))
  uint b_places[B_ROWS];
#pragma unroll
  for (int e = 0; e < B_ROWS; e++) {
    const int b_row = PIXELS_ALIGNED ? ALONG_K_ROW(e) : LANES_ROW(e);
    b_places[e] = (uint)(min(column + b_row, columns - 1) * out_channels) * 4u;
  }
  floatv a_loaded[LOADS(TILE_M)], b_loaded[LOADS(TILE_N)];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define FETCH(n)                                                                                              \
  const int is_wanted = (n) == TILE_K || TAP_K < (n);                                                         \
  const uint move =                                                                                           \
      (uint)(tap.y * period_y * kernel_width + tap.x * period_x) * tap_bytes + (uint)tap.channel * 4u;        \
  gather_taps(a_loaded, pixels, dy, tap, is_wanted, &g);                                                      \
  advance_tap(&tap, (n) == TILE_K ? step : first_step, &g);                                                   \
  _Pragma("unroll") for (int q = 0; q < LOADS(TILE_N); q++) {                                                 \
    if ((n) != TILE_K) b_loaded[q] = SPLAT(0.0f);                                                             \
    if (!is_wanted) continue;                                                                                 \
    LOAD_WEIGHTS(q)                                                                                           \
  }
#if PIXELS_ALIGNED
#define LOAD_WEIGHTS(q) b_loaded[q] = load_vector(w, b_places[q] + move);
#else
#define LOAD_WEIGHTS(q)                                          \
  b_loaded[q].x = load_element(w, b_places[4 * q] + move);       \
  b_loaded[q].y = load_element(w, b_places[4 * q + 1] + move);   \
  b_loaded[q].z = load_element(w, b_places[4 * q + 2] + move);   \
  b_loaded[q].w = load_element(w, b_places[4 * q + 3] + move);
#endif
  MULTIPLY_STEPS(count, TAPS_ALONG, TAPS_ALONG, FETCH)
#undef FETCH
#undef LOAD_WEIGHTS
#undef B_ROWS

  const Epilogue epilogue =
      make_epilogue(postactivation, activation, slope, key0, key1, layer, step_values, threshold);
  dx += (long)split * batch * height * width * channels;
#define ROW(tile_row)                                                                       \
  const int r = row + (tile_row);                                                           \
  if (r >= m) continue;                                                                     \
  int pixel = r;                                                                            \
  if (phases > 1) {                                                                         \
    const int image_row = quotient(r, phase_columns);                                       \
    const int image = quotient(image_row, phase_rows);                                      \
    const int iy = first_y + (image_row - image * phase_rows) * stride_y;                   \
    const int ix = first_x + (r - image_row * phase_columns) * stride_x;                    \
    pixel = (image * height + iy) * width + ix;                                             \
  }
#define VECTOR(tile_column, sum)                                                                \
  const int n = columns - column - (tile_column), q = group * columns + column + (tile_column); \
  if (n <= 0) continue;                                                                         \
  const long at = (long)pixel * channels + q;                                                   \
  const floatv value = (sum) + load_quad(bias + q, n, ALIGNED);                                 \
  store_quad(apply_epilogue_at(value, at, n, &epilogue, ALIGNED), dx + at, n, ALIGNED);
  FOR_EACH_SUM(ROW, VECTOR)
#undef ROW
#undef VECTOR
}

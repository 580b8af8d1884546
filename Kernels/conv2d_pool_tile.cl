// Convolution, ReLU, dropout and max-pooling by windows of 2 x 2 in one pass, tile family: the rows of the product are
// ordered so that the rows of a work-item are whole windows, whose largest values it takes from its registers. The
// convolution's own output, four times the size, is never in memory.
//
// Images are [N, H, W, C], weights [KH, KW, C / groups, O], with conv2d_tile.cl's conditions.
#include "conv2d_taps.cl"

// y [batch, out_height / 2, out_width / 2, out_channels] = max-pooling of conv(x, w) + bias, with ReLU and dropout
// behind it or, if drops_first, before it: activation is ACTIVATION_NONE, ACTIVATION_RELU or ACTIVATION_RELU_DROPOUT.
// argmax, if `keep`, as pool_window (epilogue_tile.cl) says. Outputs behind the last window are not computed.
//
// Row r of the product is output r % 4, in row order, of window r / 4 of all images' windows.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of group z.
GROUP_KERNEL void conv2d_max_pool_2x2_tile(
    global const float *x, global const float *w, global const float *bias, global float *y, global ushort *argmax,
    int batch, int height, int width, int channels, int out_height, int out_width, int out_channels, int groups,
    int kernel_height, int kernel_width, int stride_y, int stride_x, int padding_y, int padding_x, int dilation_y,
    int dilation_x, int keep, int drops_first, int activation, float slope, uint key0, uint key1, uint layer,
    global const uint *step_values, uint threshold) {
  local floatv tiles[LOCAL_VECTORS];
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int group = (int)get_group_id(2);
  const Gather g = {
      height, width, kernel_height, kernel_width, dilation_y, dilation_x, 1, quotient(channels, groups),
      (uint)(width * channels) * 4u, (uint)channels * 4u};
  const int columns = quotient(out_channels, groups);
  const int pooled_height = out_height / 2, pooled_width = out_width / 2;
  const int windows = batch * pooled_height * pooled_width;
  const int first = 0, count = kernel_height * kernel_width * g.depth;
  x += group * g.depth;
  w += group * columns + column;

#define WINDOW_LINE(r) quotient((r) >> 2, pooled_width)
#define WINDOW_PIXEL(r)                                                                                  \
  find_pixel(                                                                                            \
      quotient(WINDOW_LINE(r), pooled_height),                                                           \
      (2 * modulo(WINDOW_LINE(r), pooled_height) + ((r) >> 1 & 1)) * stride_y - padding_y,               \
      (2 * modulo((r) >> 2, pooled_width) + ((r) & 1)) * stride_x - padding_x, (r) >> 2 < windows, &g)
  floatv sums[ITEM_M][ITEM_VECTORS];
  FORWARD_SUMS(WINDOW_PIXEL)
#undef WINDOW_LINE
#undef WINDOW_PIXEL

  add_slices(sums, tiles, id);
#if ITEM_VECTORS > 2
#error "the bits of what dropout keeps of an item's windows must fit a word"
#endif
  const Epilogue epilogue = make_epilogue(y, activation, slope, key0, key1, layer, step_values, threshold);
#pragma unroll
  for (int i = 0; i < ITEM_M / 4; i++) {
    const int window = row / 4 + i * GROUP_ROWS + ITEM_Y;
    if (window >= windows || i % SLICES != SLICE) continue;
    const uint line = (uint)window / (uint)pooled_width, image = line / (uint)pooled_height;
    const uint line_y = line - image * (uint)pooled_height, column_x = (uint)window - line * (uint)pooled_width;
    const uint corner = (image * (uint)out_height + 2u * line_y) * (uint)out_width + 2u * column_x;
    const int first_column = group * columns + column + ITEM_X * 4;
    const Windows places = {
        (uint)(window * out_channels + first_column), corner * (uint)out_channels + (uint)first_column,
        (uint)(out_width * out_channels), (uint)out_channels, drops_first};
    uint kept = draw_kept_windows(places, ITEM_VECTORS, 4 * GROUP_COLUMNS, &epilogue);
#pragma unroll
    for (int j = 0; j < ITEM_VECTORS; j++, kept >>= drops_first ? 16 : 4) {
      const int tile_column = (j * GROUP_COLUMNS + ITEM_X) * 4;
      const int n = columns - column - tile_column, q = group * columns + column + tile_column;
      if (n <= 0) continue;
      const floatv b = load_quad(bias + q, n, ALIGNED);
      floatv values[4];
#pragma unroll
      for (int k = 0; k < 4; k++) values[k] = sums[4 * i + k][j] + b;
      intv position;
      const floatv largest = pool_window(values, kept, drops_first, &epilogue, &position);
      const long at = (long)window * out_channels + q;
      store_quad(largest, y + at, n, ALIGNED);
      if (keep) store_argmax_quad(position, argmax + at, n, ALIGNED);
    }
  }
}

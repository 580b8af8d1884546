// The gradient of a convolution's weights, tile family: a matrix product whose left operand is gathered from the images
// while it is loaded, as in conv2d_tile.cl, where the layouts stand.
//
// No step divides: where an item's pixels are in the images is found once, and carried on from step to step.
#include "local_tile.cl"
#include "sums_beside.cl"

// A window: where the tap of an item's first row reads for an output pixel.
typedef struct {
  int y, x;
  uint place;
} Window;

// How windows go on: by `whole` from a step to the next, by `first` over the first step; where x reaches end_x, by
// `next_line` back to the beginning of the next line of outputs; where y then reaches end_y, by next_image.
typedef struct {
  Window first, whole, next_line, next_image;
  int end_y, end_x;
} Walk;

INLINE void move_window(Window *window, const Window move) {
  window->y += move.y;
  window->x += move.x;
  window->place += move.place;
}

INLINE void advance_window(Window *window, const Window step, const Walk *walk) {
  move_window(window, step);
  if (window->x >= walk->end_x) move_window(window, walk->next_line);
  if (window->y >= walk->end_y) move_window(window, walk->next_image);
}

// dw (+)= the gradient of a convolution's weights, from its input x and its output's gradient dy.
//
// Rows of the product are (kh, kw, input channel), k is output pixels, columns are output channels. There are few rows
// and columns but many pixels, so the pixels are cut into chunks for groups of their own, and add_parts adds them up.
// Work-group (x, y, z): rows x * TILE_M ..., columns y * TILE_N ... of group z mod groups, pixels of chunk z / groups.
// With more than one chunk, dw holds a whole set of weights for each; add is then 0.
//
// Groups x past the last row of the product sum the columns of `summed`, images [summed_rows, summed_columns] as x or
// dy are, which is the gradient of a bias; see sums_beside.cl. Chunk z has summed_chunk rows of it, and the z-th row of
// column_sums.
GROUP_KERNEL void conv2d_weight_gradient_tile(
    global const float *x, global const float *dy, global float *dw, int batch, int height, int width, int channels,
    int out_height, int out_width, int out_channels, int groups, int kernel_height, int kernel_width, int stride_y,
    int stride_x, int padding_y, int padding_x, int dilation_y, int dilation_x, int chunk, int add,
    global const float *summed, global float *column_sums, int summed_rows, int summed_columns, int summed_chunk,
    int sum_vectors, int add_sums) {
  local floatv tiles[LOCAL_VECTORS];
  const int id = (int)get_local_id(0);
  const int row = (int)get_group_id(0) * TILE_M;
  const int column = (int)get_group_id(1) * TILE_N;
  const int split = quotient((int)get_group_id(2), groups);
  const int group = (int)get_group_id(2) - split * groups;
  const int depth = quotient(channels, groups);
  const int columns = quotient(out_channels, groups);
  const int m = kernel_height * kernel_width * depth;
  const int tiles_down = quotient(m + TILE_M - 1, TILE_M);
  const int beside = ((int)get_group_id(0) - tiles_down) * (int)get_num_groups(1) + (int)get_group_id(1);
  sum_beside(
      tiles, summed, summed_columns, split * summed_chunk, min(summed_rows, (split + 1) * summed_chunk), row >= m,
      sum_vectors, beside * groups + group, column_sums + (long)split * summed_columns, add_sums, id);

  const int first = split * chunk;
  const int count = row < m ? min(batch * out_height * out_width, first + chunk) - first : 0;
  x += group * depth;
  dy += (long)first * out_channels + group * columns + column;

  // The rows that this item loads: four channels of a tap (PIXELS_ALIGNED), or four with a tap each, which read
  // (move_y, move_x) pixels and move_place bytes from the first. Rows past the last one are the last.
  const int item_row = min(row + ALONG_ROWS_ROW(TILE_M), m - (PIXELS_ALIGNED ? 4 : 1));
  int origin_y, origin_x, move_y[4], move_x[4];
  uint origin_place, move_place[4];
#pragma unroll
  for (int i = 0; i < (PIXELS_ALIGNED ? 1 : 4); i++) {
    const int r = min(item_row + i, m - 1);
    const int tap = quotient(r, depth);
    const int tap_y = quotient(tap, kernel_width);
    const int y = tap_y * dilation_y - padding_y, x = (tap - tap_y * kernel_width) * dilation_x - padding_x;
    const uint place = (uint)((y * width + x) * channels + r - tap * depth) * 4u;
    if (i == 0) {
      origin_y = y;
      origin_x = x;
      origin_place = place;
    }
    move_y[i] = y - origin_y;
    move_x[i] = x - origin_x;
    move_place[i] = place - origin_place;
  }
#define WINDOW(dy_images, dy_lines, dy_pixels)                                                                   \
  {(dy_lines) * stride_y, (dy_pixels) * stride_x,                                                                \
   (uint)((((dy_images) * height + (dy_lines) * stride_y) * width + (dy_pixels) * stride_x) * channels) * 4u}
#define WINDOW_OF(pixel)                                                                                         \
  WINDOW(quotient(quotient(pixel, out_width), out_height), modulo(quotient(pixel, out_width), out_height),         \
         modulo(pixel, out_width))
  const Walk walk = {WINDOW_OF(FIRST_STEP(count)), WINDOW_OF(TILE_K), WINDOW(0, 1, -out_width),
                     WINDOW(1, -out_height, 0), origin_y + out_height * stride_y, origin_x + out_width * stride_x};
  Window windows[LOADS(TILE_M)];
#pragma unroll
  for (int q = 0; q < LOADS(TILE_M); q++) {
    const int pixel = first + ALONG_ROWS_K(q, TILE_M);
    const Window window = WINDOW_OF(pixel);
    windows[q] = window;
    windows[q].y += origin_y;
    windows[q].x += origin_x;
    windows[q].place += origin_place;
  }
  global const float *b_vectors[LOADS(TILE_N)];
  find_vectors(b_vectors, dy, ALONG_ROWS, TILE_N, columns - column, out_channels, id);
  floatv a_loaded[LOADS(TILE_M)], b_loaded[LOADS(TILE_N)];
  floatv sums[ITEM_M][ITEM_VECTORS];
  clear_sums(sums);
#define IS_INSIDE(q, i)                                                                         \
  (is_wanted && (uint)(windows[q].y + move_y[i]) < (uint)height && (uint)(windows[q].x + move_x[i]) < (uint)width)
#define LOAD_PIXEL(q, i) (IS_INSIDE(q, i) ? load_element(x, windows[q].place + move_place[i]) : 0.0f)
#define FETCH(n)                                                                                \
  _Pragma("unroll") for (int q = 0; q < LOADS(TILE_M); q++) {                                   \
    const int is_wanted = (n) == TILE_K || ALONG_ROWS_K(q, TILE_M) < (n);                       \
    LOAD_PIXELS(q)                                                                              \
    advance_window(&windows[q], (n) == TILE_K ? walk.whole : walk.first, &walk);                \
  }                                                                                             \
  fetch(b_loaded, b_vectors, ALONG_ROWS, TILE_N, columns - column, out_channels, (n), id);
#if PIXELS_ALIGNED
#define LOAD_PIXELS(q)             \
  a_loaded[q] = SPLAT(0.0f);       \
  if (IS_INSIDE(q, 0)) a_loaded[q] = load_vector(x, windows[q].place);
#else
#define LOAD_PIXELS(q)                \
  a_loaded[q].x = LOAD_PIXEL(q, 0);   \
  a_loaded[q].y = LOAD_PIXEL(q, 1);   \
  a_loaded[q].z = LOAD_PIXEL(q, 2);   \
  a_loaded[q].w = LOAD_PIXEL(q, 3);
#endif
  MULTIPLY_STEPS(count, ALONG_ROWS, ALONG_ROWS, FETCH)
#undef FETCH
#undef IS_INSIDE
#undef LOAD_PIXEL
#undef LOAD_PIXELS
#undef WINDOW
#undef WINDOW_OF

  dw += (long)split * m * out_channels + group * columns;
#define ROW(tile_row)             \
  const int r = row + (tile_row); \
  if (r >= m) continue;
#define VECTOR(tile_column, sum)                                             \
  const int q = column + (tile_column), n = columns - q;                     \
  if (n <= 0) continue;                                                      \
  global float *to = dw + (long)r * out_channels + q;                        \
  const floatv value = add ? load_quad(to, n, ALIGNED) + (sum) : (sum);      \
  store_quad(value, to, n, ALIGNED);
  FOR_EACH_SUM(ROW, VECTOR)
#undef ROW
#undef VECTOR
}

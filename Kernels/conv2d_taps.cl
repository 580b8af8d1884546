// What convolutions of the tile family share: the left operands of their products, gathered from the images while they
// are loaded ("implicit GEMM"), so that nothing is unfolded in memory.
//
// No step divides: where an item's place of k is in the images is found once, and carried on from step to step.
#ifndef CONV2D_TAPS_CL
#define CONV2D_TAPS_CL
#include "epilogue_tile.cl"
#include "local_tile.cl"
#include "conv2d_tile.h"

// Rows of pixels, k along the taps: the left operands of the forward pass and of the input gradient.
//
// k counts channels fastest, then taps along the width and the height. An item has one place of k in all of its rows,
// four channels of a tap (PIXELS_ALIGNED) or one.
#if PIXELS_ALIGNED
#define TAPS_ALONG ALONG_K
#define TAP_K ALONG_K_K
#define PIXEL_ROWS LOADS(TILE_M)
#define PIXEL_ROW(e) ALONG_K_ROW(e)
#else
#define TAPS_ALONG LANES
#define TAP_K LANES_K
#define PIXEL_ROWS (4 * LOADS(TILE_M))
#define PIXEL_ROW(e) LANES_ROW(e)
#endif

// What all rows have in common: the gathered images' size, and where from tap to tap a row reads, in pixels and in
// bytes. sign: 1 where it reads further on for later taps, -1 where further back.
typedef struct {
  int height, width, taps_y, taps_x, step_y, step_x, sign, depth;
  uint line_bytes, pixel_bytes;
} Gather;

// A tap and a channel of it.
typedef struct {
  int y, x, channel;
} Tap;

// The place of k.
INLINE Tap find_tap(const int k, const Gather *g) {
  Tap tap;
  const int index = quotient(k, max(g->depth, 1));
  tap.channel = k - index * g->depth;
  tap.y = quotient(index, max(g->taps_x, 1));
  tap.x = index - tap.y * g->taps_x;
  return tap;
}

// Goes on by `step`, which is the place of as many k.
INLINE void advance_tap(Tap *tap, const Tap step, const Gather *g) {
  tap->channel += step.channel;
  const int is_next = tap->channel >= g->depth;
  tap->channel -= is_next ? g->depth : 0;
  tap->x += step.x + is_next;
  const int is_below = tap->x >= g->taps_x;
  tap->x -= is_below ? g->taps_x : 0;
  tap->y += step.y + is_below;
}

// A row: the place of its pixel for the first tap, which may lie outside of the image, and which taps lie inside:
// CONV2D_TILE_TAPS bits along the width, and as many along the height.
typedef struct {
  uint place, inside;
} Pixel;

// The row whose first tap is pixel (y, x) of an image; has_row: whether there is one.
INLINE Pixel find_pixel(const int image, const int y, const int x, const int has_row, const Gather *g) {
  Pixel pixel;
  pixel.place = (uint)((image * g->height + y) * g->width + x) * g->pixel_bytes;
  pixel.inside = 0;
  const int step_y = g->step_y * g->sign, step_x = g->step_x * g->sign;
#pragma unroll 1
  for (int tap = 0; has_row && tap < CONV2D_TILE_TAPS; tap++) {
    if (tap < g->taps_x && (uint)(x + tap * step_x) < (uint)g->width) pixel.inside |= 1u << tap;
    if (tap < g->taps_y && (uint)(y + tap * step_y) < (uint)g->height) pixel.inside |= 1u << CONV2D_TILE_TAPS << tap;
  }
  return pixel;
}

// Finds the rows of a tile, FIND(r) the r-th, and leaves an item's in `pixels`. Each is found by one item: what that
// takes stands in the code once.
#define FIND_PIXELS(FIND)                                                                                           \
  {                                                                                                                 \
    local Pixel *found = (local Pixel *)tiles;                                                                      \
    _Pragma("unroll 1") for (int r = id; r < TILE_M; r += GROUP_ITEMS) found[r] = FIND(row + r);                    \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                                   \
    _Pragma("unroll") for (int e = 0; e < PIXEL_ROWS; e++) pixels[e] = found[PIXEL_ROW(e)];                         \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                                   \
  }

// Loads an item's vectors of the left tile at a tap, unless it is not `wanted`; zeros outside of the images.
INLINE void gather_taps(
    floatv loaded[LOADS(TILE_M)], const Pixel pixels[PIXEL_ROWS], global const float *images, const Tap tap,
    const int is_wanted, const Gather *g) {
  const int move_y = tap.y * g->step_y * g->sign, move_x = tap.x * g->step_x * g->sign;
  const uint move = (uint)move_y * g->line_bytes + (uint)move_x * g->pixel_bytes + (uint)tap.channel * 4u;
  const uint bits = (1u << CONV2D_TILE_TAPS << tap.y) | (1u << tap.x);
#define IS_INSIDE(pixel) (is_wanted && ((pixel).inside & bits) == bits)
#pragma unroll
  for (int q = 0; q < LOADS(TILE_M); q++) {
    loaded[q] = SPLAT(0.0f);
#if PIXELS_ALIGNED
    if (IS_INSIDE(pixels[q])) loaded[q] = load_vector(images, pixels[q].place + move);
#else
    if (IS_INSIDE(pixels[4 * q])) loaded[q].x = load_element(images, pixels[4 * q].place + move);
    if (IS_INSIDE(pixels[4 * q + 1])) loaded[q].y = load_element(images, pixels[4 * q + 1].place + move);
    if (IS_INSIDE(pixels[4 * q + 2])) loaded[q].z = load_element(images, pixels[4 * q + 2].place + move);
    if (IS_INSIDE(pixels[4 * q + 3])) loaded[q].w = load_element(images, pixels[4 * q + 3].place + move);
#endif
  }
#undef IS_INSIDE
}

// The sums of a tile of the forward pass, FIND(r) being the pixel of its rows' index r, for kernels that have id, row,
// column, tiles and sums, a group's images x, its weights w from `first` on and the columns that it has, its products
// first ..< first + count, and g.
#define FORWARD_SUMS(FIND)                                                                        \
  Pixel pixels[PIXEL_ROWS];                                                                       \
  FIND_PIXELS(FIND)                                                                               \
  Tap tap = find_tap(first + TAP_K, &g);                                                          \
  const Tap first_step = find_tap(FIRST_STEP(count), &g), step = find_tap(TILE_K, &g);            \
  global const float *b_vectors[LOADS(TILE_N)];                                                   \
  find_vectors(b_vectors, w, ALONG_ROWS, TILE_N, columns - column, out_channels, id);             \
  floatv a_loaded[LOADS(TILE_M)], b_loaded[LOADS(TILE_N)];                                        \
  clear_sums(sums);                                                                               \
  MULTIPLY_STEPS(count, TAPS_ALONG, ALONG_ROWS, FETCH_FORWARD)
#define FETCH_FORWARD(n)                                                                          \
  gather_taps(a_loaded, pixels, x, tap, (n) == TILE_K || TAP_K < (n), &g);                        \
  advance_tap(&tap, (n) == TILE_K ? step : first_step, &g);                                       \
  fetch(b_loaded, b_vectors, ALONG_ROWS, TILE_N, columns - column, out_channels, (n), id);

#endif

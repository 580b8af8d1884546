// Batches of augmented images from a data set of bytes in device memory. What is done to an image was drawn on the host
// and lies in a table, a row of AUGMENT_WORDS an image, so that each device does the same.
#include "common.cl"
#include "augment.h"
#include "gather.h"
#include "philox_block.cl"
#include "step_values.h"

// The byte at a place of channel c, or what stands beside the image.
INLINE float byte_at(
    global const uchar *image, const int y, const int x, const int H, const int W, const int channels, const int c,
    const float fill) {
  const int is_inside = 0 <= y && y < H && 0 <= x && x < W;
  return is_inside ? (float)image[(y * W + x) * channels + c] : fill;
}

// The largest whole number that is not above x, |x| < 2^30.
INLINE int floor_of(const float x) {
  const int whole = (int)x;
  return (float)whole > x ? whole - 1 : whole;
}

// Row i of y [rows, H, W, channels] is image order[offset + i] as its row of `drawn` says; the offset is a step value.
// Pixel (Y, X) is interpolated linearly between the four pixels about place (d * X + e * Y + f, a * X + b * Y + c) of
// the image, `fill` where that is beside it; then multiplied, added to and cut off at 0 and 255; `fill` where it is
// erased; and at last scaled and shifted by channel. 0 <= fill <= 255.
//
// tables: as in gather_bytes_by_channel.
// Work-item (j, i) computes vector j of row i.
kernel void gather_augmented(
    global const uchar *images, global const int *order, global const uint *step_values, global const uint *drawn,
    global const float *tables, global float *y, int rows, int H, int W, int channels, float fill) {
  const int at = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1), length = H * W * channels;
  const int n = min(length - at, VECTOR_WIDTH);
  if (n <= 0 || row >= rows) return;
  const int index = order[(int)step_values[STEP_VALUE_BATCH] + row];
  // The data set may hold more bytes than an int counts.
  global const uchar *image = images + (size_t)index * (size_t)length;
  global const uint *words = drawn + (size_t)index * AUGMENT_WORDS;
  const float a = as_float(words[AUGMENT_MAP]), b = as_float(words[AUGMENT_MAP + 1]);
  const float c = as_float(words[AUGMENT_MAP + 2]), d = as_float(words[AUGMENT_MAP + 3]);
  const float e = as_float(words[AUGMENT_MAP + 4]), f = as_float(words[AUGMENT_MAP + 5]);
  const float factor = as_float(words[AUGMENT_CONTRAST]), term = as_float(words[AUGMENT_CONTRAST + 1]);
  const int erased_y = (int)words[AUGMENT_ERASED], erased_x = (int)words[AUGMENT_ERASED + 1];
  global float *to = y + row * length + at;

  int channel = at % channels, column = at / channels % W, line = at / channels / W;
  for (int i = 0; i < n; i++) {
    const float sx = a * (float)column + b * (float)line + c, sy = d * (float)column + e * (float)line + f;
    const int x0 = floor_of(sx), y0 = floor_of(sy);
    const float right = sx - (float)x0, below = sy - (float)y0;
    const float v00 = byte_at(image, y0, x0, H, W, channels, channel, fill);
    float v = v00;
    if (right != 0.0f) v += right * (byte_at(image, y0, x0 + 1, H, W, channels, channel, fill) - v00);
    if (below != 0.0f) {
      const float v10 = byte_at(image, y0 + 1, x0, H, W, channels, channel, fill);
      float lower = v10;
      if (right != 0.0f) lower += right * (byte_at(image, y0 + 1, x0 + 1, H, W, channels, channel, fill) - v10);
      v += below * (lower - v);
    }
    v = fmin(fmax(v * factor + term, 0.0f), 255.0f);
    const int is_erased = (erased_y >> 16) <= line && line < (erased_y & 0xffff) && (erased_x >> 16) <= column &&
                          column < (erased_x & 0xffff);
    if (is_erased) v = fill;
    to[i] = MULTIPLY_ADD(v, tables[channel], tables[GATHER_TABLE + channel]);
    if (++channel == channels) {
      channel = 0;
      if (++column == W) {
        column = 0;
        line++;
      }
    }
  }
}

// y[i, e] = x[i, e] + noise * deviation * tables[e % channels] for row i, which is image order[offset + i]: noise is one of
// the NOISE_LEVELS levels, all equally likely. Element e takes 16-bit number e % 8 of block e / 8 of Philox4x32-10, the
// halves of its four words, low half first, by the key in the image's row of `drawn` and the counter (block, 0, 0, 0).
//
// Work-item (j, i) draws block j of row i.
kernel void add_noise(
    global const float *x, global const int *order, global const uint *step_values, global const uint *drawn,
    global const float *levels, global const float *tables, global float *y, int rows, int length, int channels,
    float deviation) {
  const int block = (int)get_global_id(0), row = (int)get_global_id(1), at = block * PHILOX_BLOCK_NUMBERS;
  if (at >= length || row >= rows) return;
  global const uint *words =
      drawn + (size_t)order[(int)step_values[STEP_VALUE_BATCH] + row] * AUGMENT_WORDS + AUGMENT_NOISE;
  uint numbers[PHILOX_BLOCK_NUMBERS];
  draw_block(numbers, (uint)block, 0u, 0u, 0u, words[0], words[1]);
  const int n = min(length - at, PHILOX_BLOCK_NUMBERS);
  global const float *from = x + row * length + at;
  global float *to = y + row * length + at;
  int channel = at % channels;
  for (int i = 0; i < n; i++) {
    to[i] = from[i] + levels[numbers[i] >> (16 - NOISE_LEVEL_BITS)] * (deviation * tables[channel]);
    channel = channel + 1 == channels ? 0 : channel + 1;
  }
}

// ReLU, dropout and 2 x 2 max-pooling in one pass, for processors: what lies between them, four times the size of the
// output, is never in memory. Masks are those of philox.cl.
#include "argmax.cl"
#include "philox.cl"
#include "step_values.h"

// y [batch, out_size, channels] = max-pooling, by windows and steps of 2 without padding, of dropout(relu(x)), and its
// argmax as by POOL_KEEP_POSITIVE_ARGMAX; x is [batch, size, channels].
// Work-item (x, y): row x of image y of the output.
kernel void relu_dropout_pool_2x2(
    global const float *x, global float *y, global ushort *argmax, int batch, int size, int channels, int out_size,
    uint key0, uint key1, uint layer, global const uint *step_values, uint threshold, float scale) {
  const int row = (int)get_global_id(0), image = (int)get_global_id(1);
  if (row >= HEIGHT(out_size) || image >= batch) return;
  const int length = WIDTH(size) * channels;
  const int begin = (image * HEIGHT(size) + 2 * row) * length;
  uint numbers[PHILOX_NUMBERS_ROOM];
  const uint *drawn = draw_numbers(
      numbers, begin, begin + 2 * length, key0, key1, layer, step_values[STEP_VALUE_DROPOUT]);
  int at = (image * HEIGHT(out_size) + row) * WIDTH(out_size) * channels;
  for (int column = 0; column < WIDTH(out_size); column++) {
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
      const int n = channels - c;
      floatv values[4];
#pragma unroll
      for (int k = 0; k < 4; k++) {
        const int offset = (k >> 1) * length + (2 * column + (k & 1)) * channels + c;
        values[k] = relu_dropout(load_part(x + begin + offset, n), drawn + offset, threshold, scale);
      }
      intv position;
      const floatv largest = max_of_four(values, &position);
      store_part(largest, y + at + c, n);
      store_argmax(positive_argmax(largest, position), argmax + at + c, n);
    }
    at += channels;
  }
}

// Dropout of ReLU and the max-pooling behind it, for processors: what lies between them is four times as large as what
// comes out, and is not written. Masks are those of philox.cl.
#include "philox.cl"

// y = max-pooling, by windows and steps of 2 without padding, of relu(x) with dropout. Winners are kept as POOL_KEEP_POSITIVE_ARGMAX
// has it. Work-item (x, y): line x of y of image y.
kernel void relu_dropout_pool_2x2(
    global const float *x, global float *y, global ushort *winner, int batch, int size, int channels, int out_size,
    uint key0, uint key1, uint layer, uint step, uint threshold, float scale) {
  const int line = (int)get_global_id(0), image = (int)get_global_id(1);
  if (line >= HEIGHT(out_size) || image >= batch) return;
  const int length = WIDTH(size) * channels;
  const int begin = (image * HEIGHT(size) + 2 * line) * length;
  uint numbers[PHILOX_NUMBERS_ROOM];
  const uint *drawn = draw_numbers(numbers, begin, begin + 2 * length, key0, key1, layer, step);
  int at = (image * HEIGHT(out_size) + line) * WIDTH(out_size) * channels;
  for (int place = 0; place < WIDTH(out_size); place++) {
    for (int c = 0; c < channels; c += VECTOR_WIDTH) {
      const int n = channels - c;
      floatv values[4];
#pragma unroll
      for (int k = 0; k < 4; k++) {
        const int offset = (k >> 1) * length + (2 * place + (k & 1)) * channels + c;
        values[k] = relu_dropout(load_part(x + begin + offset, n), drawn + offset, threshold, scale);
      }
      intv position;
      const floatv best = largest_of_four(values, &position);
      store_part(best, y + at + c, n);
      store_winners(positive_winner(best, position), winner + at + c, n);
    }
    at += channels;
  }
}

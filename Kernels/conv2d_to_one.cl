// The transposed convolution to one channel, vector family: a vector's lanes are neighbouring pixels of dy, so that the
// products of all taps with them are sums of vectors; where the channels are the lanes, each output is one of few.

#ifndef PRODUCT_FLOATS
#define PRODUCT_FLOATS 16384  // of all taps and the pixels of dy that a strip of outputs sees, at most
#endif
#define LARGEST_STRIDE 4  // across

// Pixels and their channels are multiplied in blocks that stay in the first cache, with as many taps at once as leave
// all sums in registers.
#define BLOCK_VECTORS 2
#define BLOCK_CHANNELS 64
#define TAPS_AT_ONCE 6

// products[tap] (+)= the products of `vectors`, a constant, vectors of pixels with n channels of each tap.
INLINE void multiply_block(
    float *const products[TAPS_AT_ONCE], global const float *const taps[TAPS_AT_ONCE], const floatv *block, const int n,
    const int vectors, const int is_first) {
  floatv sums[TAPS_AT_ONCE][BLOCK_VECTORS];
#pragma unroll
  for (int tap = 0; tap < TAPS_AT_ONCE; tap++) {
#pragma unroll
    for (int v = 0; v < vectors; v++) {
      sums[tap][v] = is_first ? SPLAT(0.0f) : LOADV(products[tap] + v * VECTOR_WIDTH);
    }
  }
#pragma unroll 4
  for (int c = 0; c < n; c++) {
#pragma unroll
    for (int tap = 0; tap < TAPS_AT_ONCE; tap++) {
      const floatv weight = SPLAT(taps[tap][c]);
#pragma unroll
      for (int v = 0; v < vectors; v++) {
        sums[tap][v] = MULTIPLY_ADD(weight, block[c * BLOCK_VECTORS + v], sums[tap][v]);
      }
    }
  }
#pragma unroll
  for (int tap = 0; tap < TAPS_AT_ONCE; tap++) {
#pragma unroll
    for (int v = 0; v < vectors; v++) STOREV(sums[tap][v], products[tap] + v * VECTOR_WIDTH);
  }
}

// The inner loops are functions of their own, so that each has all the registers.
OUTLINE void multiply_block_1(
    float *const products[TAPS_AT_ONCE], global const float *const taps[TAPS_AT_ONCE], const floatv *block, const int n,
    const int is_first) {
  multiply_block(products, taps, block, n, 1, is_first);
}
OUTLINE void multiply_block_2(
    float *const products[TAPS_AT_ONCE], global const float *const taps[TAPS_AT_ONCE], const floatv *block, const int n,
    const int is_first) {
  multiply_block(products, taps, block, n, 2, is_first);
}

// products[tap * step + pixel] = tap * pixel, for whole vectors of pixels: those behind the last one hold anything.
INLINE void multiply_pixels(
    float *products, const int step, global const float *pixel, const int pixels, global const float *w, const int taps,
    const int channels) {
  floatv block[BLOCK_CHANNELS * BLOCK_VECTORS];
  for (int first = 0; first < pixels; first += BLOCK_VECTORS * VECTOR_WIDTH) {
    const int count = min(pixels - first, BLOCK_VECTORS * VECTOR_WIDTH);
    for (int c = 0; c < channels; c += BLOCK_CHANNELS) {
      const int n = min(channels - c, BLOCK_CHANNELS);
      for (int v = 0; v * VECTOR_WIDTH < count; v++) {
        global const float *from = pixel + (long)(first + v * VECTOR_WIDTH) * channels + c;
        for (int i = 0; i < n; i += VECTOR_WIDTH) {
          transpose_part(
              block + i * BLOCK_VECTORS + v, BLOCK_VECTORS, from + i, channels, count - v * VECTOR_WIDTH, n - i);
        }
      }
      for (int tap = 0; tap < taps; tap += TAPS_AT_ONCE) {
        float *to[TAPS_AT_ONCE];
        global const float *from[TAPS_AT_ONCE];
        // The last tap again where fewer are left.
        for (int i = 0; i < TAPS_AT_ONCE; i++) {
          to[i] = products + min(tap + i, taps - 1) * step + first;
          from[i] = w + (long)min(tap + i, taps - 1) * channels + c;
        }
        if (count > VECTOR_WIDTH) {
          multiply_block_2(to, from, block, n, c == 0);
        } else {
          multiply_block_1(to, from, block, n, c == 0);
        }
      }
    }
  }
}

// dx = activation(transposed convolution of dy + bias), or the gradient of the input. dx is [batch, size, 1], dy
// [batch, out_size, out_channels], w [kernel_size, out_channels]. Dilation is 1. taps * step + reach, below, is at most
// PRODUCT_FLOATS.
//
// Work-item (x, y): `strip` lines x of image y. Each output is summed in the same order, however long a strip is.
kernel void conv2d_to_one(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int size,
    int out_size, int out_channels, int kernel_size, int stride, int padding, int strip, int activation, float slope) {
  const int first = (int)get_global_id(0) * strip, image = (int)get_global_id(1);
  if (first >= HEIGHT(size) || image >= batch) return;
  const int last = min(first + strip, HEIGHT(size));
  const int taps = HEIGHT(kernel_size) * WIDTH(kernel_size);
  // The lines of dy that reach the strip's.
  const int from = max(0, first + HEIGHT(padding) - HEIGHT(kernel_size) + HEIGHT(stride)) / HEIGHT(stride);
  const int lines = max(0, min(HEIGHT(out_size) - 1, (last - 1 + HEIGHT(padding)) / HEIGHT(stride)) - from + 1);
  const int pixels = lines * WIDTH(out_size);
  const int step = (pixels + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH;
  // Vectors of outputs reach over the ends of the lines of products, behind the last one too.
  const int places = (WIDTH(size) + WIDTH(padding) + WIDTH(stride) - 1) / WIDTH(stride);
  const int reach = (places + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH;
  float products[PRODUCT_FLOATS];
  multiply_pixels(
      products, step, dy + (long)(image * HEIGHT(out_size) + from) * WIDTH(out_size) * out_channels, pixels, w, taps,
      out_channels);
  for (int i = 0; i < reach; i += VECTOR_WIDTH) STOREV(SPLAT(0.0f), products + taps * step + i);

  int numbers[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) numbers[i] = i;
  const intv lane = LOADV(numbers);
  // Outputs of a line whose positions leave the same remainder by the stride, a phase, see the same taps: the next one
  // across has its product one pixel before.
  const long next = (long)HEIGHT(stride) * WIDTH(kernel_size) * step - WIDTH(out_size);
  for (int h = first; h < last; h++) {
    global float *to = dx + (long)(image * HEIGHT(size) + h) * WIDTH(size);
    // The lines of the kernel that meet lines of dy here, from the first; the next meets the line before.
    const int top = h + HEIGHT(padding);
    int down = top % HEIGHT(stride), line = top / HEIGHT(stride) - from;
    const int behind = max(0, line - (lines - 1));
    down += behind * HEIGHT(stride);
    line -= behind;
    const int end = min(HEIGHT(kernel_size), top + 1);
    for (int place = 0; place < places; place += VECTOR_WIDTH) {
      floatv phases[LARGEST_STRIDE];
      for (int phase = 0; phase < WIDTH(stride); phase++) {
        floatv y = SPLAT(bias[0]);
        int pixel = place;
        for (int across = phase; across < WIDTH(kernel_size); across += WIDTH(stride)) {
          long at = (long)(down * WIDTH(kernel_size) + across) * step + line * WIDTH(out_size) + pixel;
          floatv sum = SPLAT(0.0f);
          for (int i = down; i < end; i += HEIGHT(stride)) {
            sum += LOADV(products + at);
            at += next;
          }
          // The products of pixels only: those of neighbouring lines are others'.
          const intv is_pixel = (lane + pixel >= 0) & (lane + pixel < WIDTH(out_size));
          y += CHOOSEV(is_pixel, sum, SPLAT(0.0f));
          pixel--;
        }
        phases[phase] = activate(y, activation, slope);
      }
      // Outputs of the phases take turns: those of two are put together in registers, more through memory.
      float outputs[LARGEST_STRIDE * VECTOR_WIDTH];
      if (WIDTH(stride) == 2) {
        floatv zipped[2];
        zipped[0].even = phases[0].lo, zipped[0].odd = phases[1].lo;
        zipped[1].even = phases[0].hi, zipped[1].odd = phases[1].hi;
        STOREV(zipped[0], outputs);
        STOREV(zipped[1], outputs + VECTOR_WIDTH);
      } else {
        for (int phase = 0; phase < WIDTH(stride); phase++) {
          float lanes[VECTOR_WIDTH];
          STOREV(phases[phase], lanes);
          for (int i = 0; i < VECTOR_WIDTH; i++) outputs[i * WIDTH(stride) + phase] = lanes[i];
        }
      }
      const int begin = place * WIDTH(stride) - WIDTH(padding);
      const int count = min(VECTOR_WIDTH * WIDTH(stride), WIDTH(size) - begin);
      for (int i = max(0, -begin); i < count; i++) to[begin + i] = outputs[i];
    }
  }
}

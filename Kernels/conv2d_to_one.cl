// The transposed convolution to one channel, vector family: a vector's lanes are neighbouring pixels of dy, so that the
// products of all taps with them are sums of vectors; where the channels are the lanes, each output is one of few.

#ifndef PRODUCT_FLOATS
#define PRODUCT_FLOATS 16384  // of all taps and the lines of dy that a strip of outputs sees, at most
#endif
#define LARGEST_STRIDE 4  // across

// products[tap * step] (+)= the products of VECTOR_WIDTH pixels, `square` by channel, with `n` channels of each tap; those
// of lanes that are no pixel are 0, which a product of zero and an infinity would not be.
INLINE void multiply_taps(
    float *products, const long step, const floatv square[VECTOR_WIDTH], const intv is_pixel, global const float *w,
    const int taps, const int channels, const int n, const int is_first) {
  if (n >= VECTOR_WIDTH) {
    for (int tap = 0; tap < taps; tap++) {
      global const float *values = w + tap * channels;
      // Four sums, of which none has to wait for the product before.
      floatv sums[4];
      sums[0] = is_first ? SPLAT(0.0f) : LOADV(products + tap * step);
      sums[1] = sums[2] = sums[3] = SPLAT(0.0f);
#pragma unroll
      for (int i = 0; i < VECTOR_WIDTH; i++) sums[i % 4] = MULTIPLY_ADD(SPLAT(values[i]), square[i], sums[i % 4]);
      const floatv sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      STOREV(CHOOSEV(is_pixel, sum, SPLAT(0.0f)), products + tap * step);
    }
  } else {
    float rows[VECTOR_WIDTH * VECTOR_WIDTH];
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) STOREV(square[i], rows + i * VECTOR_WIDTH);
    for (int tap = 0; tap < taps; tap++) {
      floatv sum = is_first ? SPLAT(0.0f) : LOADV(products + tap * step);
      for (int i = 0; i < n; i++) {
        sum = MULTIPLY_ADD(SPLAT(w[tap * channels + i]), LOADV(rows + i * VECTOR_WIDTH), sum);
      }
      STOREV(CHOOSEV(is_pixel, sum, SPLAT(0.0f)), products + tap * step);
    }
  }
}

// dx = activation(transposed convolution of dy + bias), or the gradient of the input. dx is [batch, size, 1], dy
// [batch, out_size, out_channels], w [kernel_size, out_channels]. Dilation is 1. taps * lines * pitch, below, is at most
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
  // A line of products ends in zeros as far as vectors of outputs reach. A vector that begins before a line reads the end
  // of the line before: zeros, or products for outputs that the padding cuts off, since a line of outputs is as much
  // longer as the kernel is wider than the stride, less the padding.
  const int places = (WIDTH(size) + WIDTH(padding) + WIDTH(stride) - 1) / WIDTH(stride);
  const int pitch = (max(places, WIDTH(out_size)) + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH;
  float products[PRODUCT_FLOATS];

  for (int line = 0; line < lines; line++) {
    for (int place = 0; place < pitch; place += VECTOR_WIDTH) {
      const int pixels = WIDTH(out_size) - place;
      int lanes[VECTOR_WIDTH];
      for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < pixels ? -1 : 0;
      const intv is_pixel = CONCATENATE(vload, VECTOR_WIDTH)(0, lanes);
      global const float *pixel =
          dy + ((long)(image * HEIGHT(out_size) + from + line) * WIDTH(out_size) + place) * out_channels;
      for (int c = 0; c < out_channels; c += VECTOR_WIDTH) {
        floatv square[VECTOR_WIDTH];
#pragma unroll
        for (int i = 0; i < VECTOR_WIDTH; i++) {
          square[i] = i < pixels ? load_part(pixel + (long)i * out_channels + c, out_channels - c) : SPLAT(0.0f);
        }
        transpose_square(square);
        multiply_taps(
            products + line * pitch + place, lines * pitch, square, is_pixel, w + c, taps, out_channels,
            out_channels - c, c == 0);
      }
    }
  }

  // Outputs of a line whose positions leave the same remainder by the stride, a phase, see the same taps: from one to the
  // next, a product of the same line of dy lies `next` further.
  const long next = (long)WIDTH(stride) * lines * pitch - 1;
  for (int h = first; h < last; h++) {
    global float *to = dx + (long)(image * HEIGHT(size) + h) * WIDTH(size);
    const int top = h + HEIGHT(padding);
    for (int place = 0; place < places; place += VECTOR_WIDTH) {
      floatv phases[LARGEST_STRIDE];
      for (int phase = 0; phase < WIDTH(stride); phase++) {
        const int taps_across = (WIDTH(kernel_size) - phase + WIDTH(stride) - 1) / WIDTH(stride);
        floatv y = SPLAT(bias[0]);
        for (int down = top % HEIGHT(stride); down < HEIGHT(kernel_size) && down <= top; down += HEIGHT(stride)) {
          const int line = (top - down) / HEIGHT(stride) - from;
          if (line >= lines) continue;
          const float *product = products + ((down * WIDTH(kernel_size) + phase) * lines + line) * pitch + place;
          for (int i = 0; i < taps_across; i++) y += LOADV(product + i * next);
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
      const int end = min(VECTOR_WIDTH * WIDTH(stride), WIDTH(size) - begin);
      for (int i = max(0, -begin); i < end; i++) to[begin + i] = outputs[i];
    }
  }
}

// The transposed convolution to one channel, vector family: a vector's lanes are channels of dy, and a tile of outputs
// has as many as a vector has lanes, so that the sums across its vectors are one vector.

#ifndef WEIGHT_FLOATS
#define WEIGHT_FLOATS 8192  // of the filter that a work-item packs, at most
#define KEPT_FLOATS 65536   // of the lines of dy that it keeps, at most
#endif

// Lines and columns of a tile: both even, so that all tiles begin at the same phase of a stride of 2.
#if VECTOR_WIDTH == 4
#define OUTPUT_COLUMNS 2
#else
#define OUTPUT_COLUMNS 4
#endif
#define OUTPUT_LINES (VECTOR_WIDTH / OUTPUT_COLUMNS)
#define MOST_REACHED 9  // lines or pixels of dy that reach a tile

// The first line or pixel of dy that reaches a tile, counted from the one at (first output + padding) / stride, of which
// division `phase`, less than side, is the remainder; and how many reach `outputs` outputs.
#define FIRST_REACHED(side, stride, phase) (-((side)-1 - (phase)) / (stride))
#define REACHED(outputs, side, stride, phase) \
  (((outputs)-1 + (phase)) / (stride)-FIRST_REACHED(side, stride, phase) + 1)
// Pixels that reach the first tile of a line from beside the image, and the last, where outputs are about the stride
// times as many as pixels.
#define BESIDE(side, stride) ((stride) == 1 ? ((side)-1) / 2 : (side) / 2 - 1)

// A vector of the sums of each vector's elements: as transpose_square, but what each step makes of a pair is added.
INLINE floatv sum_each(floatv square[VECTOR_WIDTH]) {
#pragma unroll
  for (int gap = 2; gap > 0; gap--) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) {
      if (i % 4 >= gap) continue;
      const floatv a = square[i], b = square[i + gap];
      square[i] = SHUFFLE(a, b, ZIP_LOWER) + SHUFFLE(a, b, ZIP_UPPER);
    }
  }
#if VECTOR_WIDTH > 4
#pragma unroll
  for (int gap = 4; gap < VECTOR_WIDTH; gap *= 2) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i += 2 * gap) {
      const floatv a = square[i], b = square[i + gap];
      square[i] = SHUFFLE(a, b, EVEN_FOURS) + SHUFFLE(a, b, ODD_FOURS);
    }
  }
#endif
  return square[0];
}

// Stores the first `lines` lines and `columns` columns of a tile, which may be more than it has, `width` from one line to
// the next.
INLINE void store_tile(floatv tile, global float *to, const int width, const int lines, const int columns) {
  float outputs[VECTOR_WIDTH];
  STOREV(tile, outputs);
  if (lines >= OUTPUT_LINES && columns >= OUTPUT_COLUMNS) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) to[i / OUTPUT_COLUMNS * width + i % OUTPUT_COLUMNS] = outputs[i];
  } else {
    // An array of its own, which is in memory, as what is indexed so must be.
    float part[VECTOR_WIDTH];
    STOREV(tile, part);
    for (int i = 0; i < min(OUTPUT_LINES, lines); i++) {
      for (int j = 0; j < min(OUTPUT_COLUMNS, columns); j++) to[i * width + j] = part[i * OUTPUT_COLUMNS + j];
    }
  }
}

// A tile of outputs, line by line. lines[i] is the i-th line of dy that reaches it, for from <= i < end, in blocks of
// channels with `pitch` pixels each, of which the tile sees those from `place` on; weights are [blocks, side, side]. The
// first `before` and the last `after` pixels are beside the image. These, side, stride and phase are constants.
INLINE floatv to_one_tile(
    const floatv *const lines[MOST_REACHED], const int from, const int end, const int place, const int pitch,
    const floatv *weights, const int blocks, const int side, const int stride, const int phase, const int before,
    const int after) {
  const int first = FIRST_REACHED(side, stride, phase);
  const int reached = REACHED(OUTPUT_COLUMNS, side, stride, phase);
  floatv sums[VECTOR_WIDTH];
#pragma unroll
  for (int i = 0; i < VECTOR_WIDTH; i++) sums[i] = SPLAT(0.0f);
  for (int block = 0; block < blocks; block++) {
#pragma unroll
    for (int i = 0; i < REACHED(OUTPUT_LINES, side, stride, phase); i++) {
      if (i < from || i >= end) continue;
      floatv pixels[MOST_REACHED];
#pragma unroll
      for (int j = before; j < reached - after; j++) pixels[j] = lines[i][block * pitch + place + j];
#pragma unroll
      for (int line = 0; line < OUTPUT_LINES; line++) {
        const int down = line + phase - stride * (first + i);
        if (down < 0 || down >= side) continue;
#pragma unroll
        for (int across = 0; across < side; across++) {
          const floatv weight = weights[(block * side + down) * side + across];
#pragma unroll
          for (int j = before; j < reached - after; j++) {
            const int column = stride * (first + j) + across - phase;
            if (column < 0 || column >= OUTPUT_COLUMNS) continue;
            floatv *sum = sums + line * OUTPUT_COLUMNS + column;
            *sum = MULTIPLY_ADD(pixels[j], weight, *sum);
          }
        }
      }
    }
  }
  return sum_each(sums);
}

// The sums of products of `lines` lines of outputs from first_line on; side, stride and phase are constants.
INLINE void sum_products(
    global const float *dy, const floatv *weights, global float *dx, const int first_line, const int lines,
    const int width, const int out_size, const int channels, const int padding, floatv *kept, const int side,
    const int stride, const int phase) {
  const int blocks = (channels + VECTOR_WIDTH - 1) / VECTOR_WIDTH;
  // Line l of dy is kept as the (l % reached)-th while tiles need it, with zeros where they reach over its ends.
  const int tiles = (width + OUTPUT_COLUMNS - 1) / OUTPUT_COLUMNS;
  const int reached = REACHED(OUTPUT_LINES, side, stride, phase);
  const int begin = WIDTH(padding) / stride + FIRST_REACHED(side, stride, phase);
  const int before = max(0, -begin);
  const int end = begin + (tiles - 1) * (OUTPUT_COLUMNS / stride) + REACHED(OUTPUT_COLUMNS, side, stride, phase);
  const int after = max(0, end - WIDTH(out_size));
  const int pitch = before + WIDTH(out_size) + after, step = blocks * pitch;
  for (int i = 0; i < reached * blocks; i++) {
    for (int j = 0; j < before; j++) kept[i * pitch + j] = SPLAT(0.0f);
    for (int j = pitch - after; j < pitch; j++) kept[i * pitch + j] = SPLAT(0.0f);
  }

  int top = (first_line + HEIGHT(padding)) / stride + FIRST_REACHED(side, stride, phase);
  int copied = max(0, top);
  for (int line = 0; line < lines; line += OUTPUT_LINES) {
    for (; copied < min(HEIGHT(out_size), top + reached); copied++) {
      global const float *from = dy + (long)copied * WIDTH(out_size) * channels;
      floatv *to = kept + copied % reached * step + before;
      for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        for (int i = 0; i < WIDTH(out_size); i++) to[i] = load_part(from + (long)i * channels + c, channels - c);
        to += pitch;
      }
    }
    const floatv *reaching[MOST_REACHED];
    for (int i = 0; i < reached; i++) reaching[i] = kept + max(0, top + i) % reached * step + before + begin;
    for (int column = 0; column < width; column += OUTPUT_COLUMNS) {
      const int pixel = begin + column / stride, beside = BESIDE(side, stride);
      floatv tile;
#define TILE(before, after)                                                                                            \
  to_one_tile(                                                                                                         \
      reaching, max(0, -top), HEIGHT(out_size) - top, column / stride, pitch, weights, blocks, side, stride, phase,    \
      before, after)
      if (beside > 0 && pixel + beside <= 0) {
        tile = TILE(beside, 0);
      } else if (beside > 0 && pixel + REACHED(OUTPUT_COLUMNS, side, stride, phase) - beside >= WIDTH(out_size)) {
        tile = TILE(0, beside);
      } else {
        tile = TILE(0, 0);
      }
      store_tile(tile, dx + line * width + column, width, lines - line, width - column);
    }
    top += OUTPUT_LINES / stride;
  }
}

// sum_products for weights among which are infinities or NaN: their products with zeros beside a line would be NaN.
INLINE void sum_each_product(
    global const float *dy, global const float *w, global float *dx, const int first_line, const int lines,
    const int width, const int out_size, const int channels, const int padding, const int side, const int stride) {
  for (int i = 0; i < lines * width; i++) {
    const int down = first_line + i / width + HEIGHT(padding), across = i % width + WIDTH(padding);
    floatv sum = SPLAT(0.0f);
    for (int tap = 0; tap < side * side; tap++) {
      const int h = (down - tap / side) / stride, v = (across - tap % side) / stride;
      if (h * stride + tap / side != down || (uint)h >= (uint)HEIGHT(out_size)) continue;
      if (v * stride + tap % side != across || (uint)v >= (uint)WIDTH(out_size)) continue;
      global const float *pixel = dy + (long)(h * WIDTH(out_size) + v) * channels;
      for (int c = 0; c < channels; c += VECTOR_WIDTH) {
        const floatv weight = load_part(w + (long)tap * channels + c, channels - c);
        sum = MULTIPLY_ADD(load_part(pixel + c, channels - c), weight, sum);
      }
    }
    dx[i] = sumv(sum);
  }
}

// dx = activation(transposed convolution of dy + bias), or the gradient of the input. dx is [batch, size, 1], dy
// [batch, out_size, out_channels], w [side, side, out_channels]. side is 2 to 6, the stride 1 or 2, dilation 1; where the
// stride is 2, the padding is odd both ways or even both ways. What a work-item packs and keeps is at most WEIGHT_FLOATS
// and KEPT_FLOATS. Drivers compile for one SIDE, STRIDE and PHASE; what is compiled ahead of time has them all.
//
// Work-item (x, y): `strip` lines x, a multiple of 4, of the images y * images ..< (y + 1) * images. Each output is summed
// in the same order, however long a strip is.
kernel void conv2d_to_one(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int size,
    int out_size, int out_channels, int side, int stride, int padding, int strip, int images, int activation,
    float slope) {
  const int first = (int)get_global_id(0) * strip, first_image = (int)get_global_id(1) * images;
  if (first >= HEIGHT(size) || first_image >= batch) return;
  const int width = WIDTH(size), lines = min(strip, HEIGHT(size) - first);

  floatv weights[WEIGHT_FLOATS / VECTOR_WIDTH], kept[KEPT_FLOATS / VECTOR_WIDTH];
  floatv zeros = SPLAT(0.0f);
  for (int c = 0, at = 0; c < out_channels; c += VECTOR_WIDTH) {
    for (int tap = 0; tap < side * side; tap++, at++) {
      weights[at] = load_part(w + (long)tap * out_channels + c, out_channels - c);
      zeros = MULTIPLY_ADD(weights[at], SPLAT(0.0f), zeros);
    }
  }
  const int are_finite = sumv(zeros) == 0.0f;

  for (int image = first_image; image < min(batch, first_image + images); image++) {
    global const float *from = dy + (long)image * HEIGHT(out_size) * WIDTH(out_size) * out_channels;
    global float *to = dx + ((long)image * HEIGHT(size) + first) * width;
    if (!are_finite) {
      sum_each_product(from, w, to, first, lines, width, out_size, out_channels, padding, side, stride);
    } else {
#define SUM_PRODUCTS(side, stride, phase) \
  sum_products(from, weights, to, first, lines, width, out_size, out_channels, padding, kept, side, stride, phase)
#ifdef SIDE
      SUM_PRODUCTS(SIDE, STRIDE, PHASE);
#else
#define SUM_PRODUCTS_BY_SIDE(stride, phase)        \
  switch (side) {                                  \
    case 2: SUM_PRODUCTS(2, stride, phase); break; \
    case 3: SUM_PRODUCTS(3, stride, phase); break; \
    case 4: SUM_PRODUCTS(4, stride, phase); break; \
    case 5: SUM_PRODUCTS(5, stride, phase); break; \
    default: SUM_PRODUCTS(6, stride, phase);       \
  }
      if (stride == 1) {
        SUM_PRODUCTS_BY_SIDE(1, 0)
      } else if (WIDTH(padding) % 2 == 0) {
        SUM_PRODUCTS_BY_SIDE(2, 0)
      } else {
        SUM_PRODUCTS_BY_SIDE(2, 1)
      }
#endif
    }

    // In a pass of its own, in whole vectors, of which tiles store parts.
    for (int i = 0; i < lines * width; i += VECTOR_WIDTH) {
      const int n = lines * width - i;
      store_part(activate(load_part(to + i, n) + SPLAT(bias[0]), activation, slope), to + i, n);
    }
  }
}

// Transposed convolution to one channel by square filters, vector family, in cells of outputs. A cell is one output,
// and a vector's lanes are channels of dy; or, where the stride is 2 and the filter's side even, it is the 2 x 2
// outputs that the same pixels of dy reach, and a vector's lanes are these outputs for a quarter as many channels.
// Several rows of cells are summed at once in registers, from pixel to pixel along rows of dy; the lanes of channels
// are added up afterwards.
#include "activation.cl"
#include "conv2d_to_one.h"

// Rows of cells at once, by the cells' side.
#if VECTOR_WIDTH == 16
#define CELL_ROWS(cell) ((cell) == 2 ? TO_ONE_QUAD_ROWS_WIDE : TO_ONE_ROWS_WIDE)
#else
#define CELL_ROWS(cell) ((cell) == 2 ? TO_ONE_QUAD_ROWS_NARROW : TO_ONE_ROWS_NARROW)
#endif
#define MOST_ROWS TO_ONE_QUAD_ROWS_WIDE
#if MOST_ROWS < TO_ONE_ROWS_WIDE || MOST_ROWS < TO_ONE_ROWS_NARROW || MOST_ROWS < TO_ONE_QUAD_ROWS_NARROW
#error "MOST_ROWS must be the largest number of rows of cells at once"
#endif
#define MOST_TAPS TO_ONE_LARGEST_SIDE
#define MOST_REACHING 9  // rows of dy that reach the rows of cells, at most
#if MOST_REACHING < MOST_TAPS - 1 + TO_ONE_ROWS_WIDE
#error "MOST_REACHING must be the rows of dy that reach cells of one output with a stride of 1"
#endif
#ifdef SIDE
#if SIDE < TO_ONE_SMALLEST_SIDE || SIDE > TO_ONE_LARGEST_SIDE || STRIDE < 1 || STRIDE > TO_ONE_LARGEST_STRIDE
#error "there is no kernel for this SIDE and STRIDE"
#endif
#endif
// Weights that fit registers beside the sums.
#define LOADED_WEIGHTS (VECTOR_WIDTH == 16 ? 9 : 0)

// Orders for SHUFFLE of vectors with four outputs: neighbours to add, and the upper and lower rows of outputs of two
// vectors of cells. A QUARTER is the channels of a vector for each output.
#if VECTOR_WIDTH == 16
#define QUARTER 4
#define UPPER_ROW 0, 4, 1, 5, 2, 6, 3, 7, 16, 20, 17, 21, 18, 22, 19, 23
#define LOWER_ROW 8, 12, 9, 13, 10, 14, 11, 15, 24, 28, 25, 29, 26, 30, 27, 31
#elif VECTOR_WIDTH == 8
#define QUARTER 2
#define EVEN_LANES 0, 8, 2, 10, 4, 12, 6, 14
#define ODD_LANES 1, 9, 3, 11, 5, 13, 7, 15
#define UPPER_ROW 0, 2, 1, 3, 8, 10, 9, 11
#define LOWER_ROW 4, 6, 5, 7, 12, 14, 13, 15
#else
#define QUARTER 1
#define UPPER_ROW 0, 1, 4, 5
#define LOWER_ROW 2, 3, 6, 7
#endif

#if !HAS_SHUFFLE
#define FOUR_TIMES(v) ((floatv)((v), (v), (v), (v)))
#elif VECTOR_WIDTH == 16
#define FOUR_TIMES(v) __builtin_shufflevector((v), (v), 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3)
#else
#define FOUR_TIMES(v) __builtin_shufflevector((v), (v), 0, 1, 0, 1, 0, 1, 0, 1)
#endif

// QUARTER elements at p, of which there are n, zeros behind them, repeated for the four outputs.
INLINE floatv load_quarter(global const float *p, const int n, const int partial) {
#if VECTOR_WIDTH == 4
  return SPLAT(*p);
#else
  CONCATENATE(float, QUARTER) v;
  if (partial && n < QUARTER) {
    float lanes[QUARTER];
    for (int i = 0; i < QUARTER; i++) lanes[i] = i < n ? p[i] : 0.0f;
    v = CONCATENATE(vload, QUARTER)(0, lanes);
  } else {
    v = CONCATENATE(vload, QUARTER)(0, p);
  }
  return FOUR_TIMES(v);
#endif
}

// The sums of the elements of each vector: transpose_square, with the pair that each step makes added up.
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

// The four outputs of QUARTER cells, output by output.
INLINE floatv sum_cells_of_four(const floatv *cells) {
#if VECTOR_WIDTH == 16
  const floatv a = SHUFFLE(cells[0], cells[2], ZIP_LOWER) + SHUFFLE(cells[0], cells[2], ZIP_UPPER);
  const floatv b = SHUFFLE(cells[1], cells[3], ZIP_LOWER) + SHUFFLE(cells[1], cells[3], ZIP_UPPER);
  return SHUFFLE(a, b, ZIP_LOWER) + SHUFFLE(a, b, ZIP_UPPER);
#elif VECTOR_WIDTH == 8
  return SHUFFLE(cells[0], cells[1], EVEN_LANES) + SHUFFLE(cells[0], cells[1], ODD_LANES);
#else
  return cells[0];
#endif
}

// The outputs of a row of `count` cells, a multiple of the vectors: one row of outputs at `to`, or two, `length` apart.
INLINE void add_lanes(float *to, const int length, const floatv *cells, const int count, const int cell) {
  if (cell == 2) {
    for (int i = 0; i < count; i += 2 * QUARTER) {
      const floatv a = sum_cells_of_four(cells + i), b = sum_cells_of_four(cells + i + QUARTER);
      STOREV(SHUFFLE(a, b, UPPER_ROW), to + 2 * i);
      STOREV(SHUFFLE(a, b, LOWER_ROW), to + length + 2 * i);
    }
  } else {
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
      floatv square[VECTOR_WIDTH];
#pragma unroll
      for (int j = 0; j < VECTOR_WIDTH; j++) square[j] = cells[i + j];
      STOREV(sum_each(square), to + i);
    }
  }
}

// Sums CELL_ROWS rows of cells, `pitch` apart, from the rows of dy that reach them, of which `top` is the first. A
// pixel reaches taps x taps cells, the next one those `step` further on. Weights are [channels / those of a vector,
// taps, taps]. `partial` says whether the last vector has fewer channels. cell, taps, step and partial are
// compile-time constants.
INLINE void sum_cells(
    floatv *to, const int pitch, global const float *dy, const int out_size, const int channels, const floatv *weights,
    const int top, const int cell, const int taps, const int step, const int partial) {
  const int rows = CELL_ROWS(cell), above = (taps - 1) / step, each = VECTOR_WIDTH / (cell * cell);
  const int width = WIDTH(out_size);
  floatv sums[MOST_ROWS][MOST_TAPS];
#pragma unroll
  for (int i = 0; i < MOST_ROWS; i++) {
#pragma unroll
    for (int j = 0; j < MOST_TAPS; j++) sums[i][j] = SPLAT(0.0f);
  }
  for (int v = 0; v < width; v++) {
    const floatv *packed = weights;
    for (int c = 0; c < channels; c += each) {
      floatv loaded[LOADED_WEIGHTS + 1];
#pragma unroll
      for (int i = 0; i < LOADED_WEIGHTS; i++) {
        if (taps * taps <= LOADED_WEIGHTS && i < taps * taps) loaded[i] = packed[i];
      }
#pragma unroll
      for (int i = 0; i < MOST_REACHING; i++) {
        if (i > above + (rows - 1) / step || (uint)(top + i) >= (uint)HEIGHT(out_size)) continue;
        global const float *at = dy + ((long)(top + i) * width + v) * channels + c;
        const int n = channels - c;
        const floatv pixel = cell == 2 ? load_quarter(at, n, partial) : partial ? load_part(at, n) : LOADV(at);
#pragma unroll
        for (int row = 0; row < MOST_ROWS; row++) {
          const int down = row - step * (i - above);
          if (row >= rows || down < 0 || down >= taps) continue;
#pragma unroll
          for (int across = 0; across < MOST_TAPS; across++) {
            if (across >= taps) continue;
            const int tap = down * taps + across;
            const floatv weight = taps * taps <= LOADED_WEIGHTS ? loaded[tap] : packed[tap];
            sums[row][across] = MULTIPLY_ADD(pixel, weight, sums[row][across]);
          }
        }
      }
      packed += taps * taps;
    }
#pragma unroll
    for (int i = 0; i < MOST_ROWS; i++) {
      if (i >= rows) continue;
#pragma unroll
      for (int j = 0; j < MOST_TAPS; j++) {
        if (j < step) to[i * pitch + v * step + j] = sums[i][j];
        if (j < taps) sums[i][j] = j + step < taps ? sums[i][j + step] : SPLAT(0.0f);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < MOST_ROWS; i++) {
#pragma unroll
    for (int j = 0; j < MOST_TAPS; j++) {
      if (i < rows && j + step < taps) to[i * pitch + width * step + j] = sums[i][j];
    }
  }
}

// Stores activation(row + bias) of `count` rows of outputs, `length` apart, one behind another. Each activation has
// loops of its own, so that none branches on it.
#define STORE_ROWS(activation)                                                                                \
  for (int row = 0; row < count; row++, from += length, to += width) {                                        \
    for (int i = 0; i < whole; i += VECTOR_WIDTH) {                                                           \
      STOREV(activate(LOADV(from + i) + SPLAT(bias), activation, slope), to + i);                             \
    }                                                                                                         \
    /* The last vector overlaps the one before it. */                                                         \
    if (rest > 0) store_part(activate(LOADV(from + last) + SPLAT(bias), activation, slope), to + last, rest); \
  }                                                                                                           \
  break;
OUTLINE void store_rows(
    const float *from, const int length, global float *to, const int width, const int count, const float bias,
    const int activation, const float slope) {
  const int whole = width / VECTOR_WIDTH * VECTOR_WIDTH, last = max(0, width - VECTOR_WIDTH);
  const int rest = whole == width ? 0 : width - last;
  switch (activation) {
    case ACTIVATION_RELU: STORE_ROWS(ACTIVATION_RELU)
    case ACTIVATION_LEAKY_RELU: STORE_ROWS(ACTIVATION_LEAKY_RELU)
    case ACTIVATION_SIGMOID: STORE_ROWS(ACTIVATION_SIGMOID)
    case ACTIVATION_TANH: STORE_ROWS(ACTIVATION_TANH)
    default: STORE_ROWS(ACTIVATION_NONE)
  }
}

// Packs the filter as sum_cells reads it. cell and taps are compile-time constants.
INLINE void pack_filter(float *to, global const float *w, const int channels, const int cell, const int taps) {
  const int each = VECTOR_WIDTH / (cell * cell), side = cell * taps;
  for (int c = 0; c < channels; c += each) {
    for (int down = 0; down < side; down += cell) {
      for (int across = 0; across < side; across += cell) {
#pragma unroll
        for (int i = 0; i < VECTOR_WIDTH; i += each) {
          const int output = i / each, tap = (down + output / cell) * side + across + output % cell;
          global const float *from = w + (long)tap * channels + c;
          if (each <= channels - c) {
#pragma unroll
            for (int j = 0; j < each; j++) to[i + j] = from[j];
          } else {
            for (int j = 0; j < each; j++) to[i + j] = j < channels - c ? from[j] : 0.0f;
          }
        }
        to += VECTOR_WIDTH;
      }
    }
  }
}

// Rows first ..< last of an image's cells. cell, taps and step are compile-time constants.
INLINE void transpose_image_to_one(
    global const float *dy, const floatv *weights, global float *dx, const int first, const int last, const int size,
    const int out_size, const int channels, const int padding, const float bias, const int activation,
    const float slope, const int cell, const int taps, const int step) {
  // A row has the cells that pixels reach, and those that outputs lie in, if these are more.
  const int reached = (WIDTH(out_size) - 1) * step + taps;
  const int cells = max(reached, (WIDTH(padding) + WIDTH(size) - 1) / cell + 1);
  const int pitch = (cells + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH, length = cell * pitch;
  floatv sums[TO_ONE_SUM_FLOATS / VECTOR_WIDTH];
  float outputs[4 * TO_ONE_SUM_FLOATS / VECTOR_WIDTH];
  for (int i = 0; i < CELL_ROWS(cell); i++) {
    for (int j = reached; j < pitch; j++) sums[i * pitch + j] = SPLAT(0.0f);
  }
  for (int row = first; row < last; row += CELL_ROWS(cell)) {
    const int top = row / step - (taps - 1) / step, rows = min(last - row, CELL_ROWS(cell));
    if (channels % (VECTOR_WIDTH / (cell * cell)) == 0) {
      sum_cells(sums, pitch, dy, out_size, channels, weights, top, cell, taps, step, 0);
    } else {
      sum_cells(sums, pitch, dy, out_size, channels, weights, top, cell, taps, step, 1);
    }
    for (int i = 0; i < rows; i++) add_lanes(outputs + i * cell * length, length, sums + i * pitch, cells, cell);
    const int above = cell * row - HEIGHT(padding);
    const int begin = max(0, -above), end = min(cell * rows, HEIGHT(size) - above);
    store_rows(
        outputs + begin * length + WIDTH(padding), length, dx + (long)(above + begin) * WIDTH(size), WIDTH(size),
        end - begin, bias, activation, slope);
  }
}

// `strip` rows of the cells of several images. cell, taps and step are compile-time constants.
INLINE void transpose_to_one(
    global const float *dy, global const float *w, global float *dx, const int strip, const int first_image,
    const int last_image, const int size, const int out_size, const int channels, const int padding, const float bias,
    const int activation, const float slope, const int cell, const int taps, const int step) {
  const int first = HEIGHT(padding) / cell / step * step + (int)get_global_id(0) * strip;
  const int last = min(first + strip, (HEIGHT(padding) + HEIGHT(size) - 1) / cell + 1);
  if (first >= last) return;
  floatv weights[TO_ONE_WEIGHT_FLOATS / VECTOR_WIDTH];
  pack_filter((float *)weights, w, channels, cell, taps);
  for (int image = first_image; image < last_image; image++) {
    transpose_image_to_one(
        dy + (long)image * HEIGHT(out_size) * WIDTH(out_size) * channels, weights,
        dx + (long)image * HEIGHT(size) * WIDTH(size), first, last, size, out_size, channels, padding, bias, activation,
        slope, cell, taps, step);
  }
}

// dx [batch, size, 1] = activation(transposed convolution of dy [batch, out_size, out_channels] with w [side, side,
// out_channels] + bias). Sides are TO_ONE_SMALLEST_SIDE to TO_ONE_LARGEST_SIDE, strides at most
// TO_ONE_LARGEST_STRIDE, the dilation is 1. Drivers compile the kernel for one SIDE and STRIDE; ahead of time it is
// compiled for all of them.
// Work-item (x, y): `strip` rows x of cells, a multiple of the stride, of the images y * images ..< (y + 1) * images.
// The order of an output's sum does not depend on the strip.
kernel void conv2d_to_one(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int size,
    int out_size, int out_channels, int side, int stride, int padding, int strip, int images, int activation,
    float slope) {
  const int first_image = (int)get_global_id(1) * images, last_image = min(batch, first_image + images);
#define TRANSPOSE_TO_ONE(cell, taps, step)                                                                          \
  transpose_to_one(                                                                                                 \
      dy, w, dx, strip, first_image, last_image, size, out_size, out_channels, padding, bias[0], activation, slope, \
      cell, taps, step)
#ifdef SIDE
  if (STRIDE == 2 && SIDE % 2 == 0) {
    TRANSPOSE_TO_ONE(2, SIDE / 2, 1);
  } else {
    TRANSPOSE_TO_ONE(1, SIDE, STRIDE);
  }
#else
  if (stride == 1) {
    switch (side) {
      case 2: TRANSPOSE_TO_ONE(1, 2, 1); break;
      case 3: TRANSPOSE_TO_ONE(1, 3, 1); break;
      case 4: TRANSPOSE_TO_ONE(1, 4, 1); break;
      case 5: TRANSPOSE_TO_ONE(1, 5, 1); break;
      default: TRANSPOSE_TO_ONE(1, 6, 1);
    }
  } else {
    switch (side) {
      case 2: TRANSPOSE_TO_ONE(2, 1, 1); break;
      case 3: TRANSPOSE_TO_ONE(1, 3, 2); break;
      case 4: TRANSPOSE_TO_ONE(2, 2, 1); break;
      case 5: TRANSPOSE_TO_ONE(1, 5, 2); break;
      default: TRANSPOSE_TO_ONE(2, 3, 1);
    }
  }
#endif
}

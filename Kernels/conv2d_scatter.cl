// The transposed convolution to one channel, vector family: each pixel of dy adds its products with a line of the kernel
// to the outputs that the line reaches. Gathering them instead, an output at a time, would be work for single lanes.

#define SCATTER_LINES 8      // of outputs that are being summed: the kernel and the stride have no more
#define SCATTER_FLOATS 4096  // of a line's sums, at most

// products[r] = the products of ROWS pixels of dy with VECTORS lines of the kernel, each `count` rows of a vector.
OUTLINE void TILED(multiply_lines)(
    float *products, global const float *const pixels[ROWS], global const float *const lines[VECTORS],
    const int count) {
  floatv t[ROWS][VECTORS], b[VECTORS];
  global const float *a[ROWS], *w[VECTORS];
  TILED(clear)(t);
#pragma unroll
  for (int r = 0; r < ROWS; r++) a[r] = pixels[r];
#pragma unroll
  for (int v = 0; v < VECTORS; v++) w[v] = lines[v];
  UNROLL_STEPS
  for (long k = 0; k < count; k++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) b[v] = LOADV(w[v] + k * VECTOR_WIDTH);
    MULTIPLY_STEP(t, a, k, b)
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) STOREV(t[r][v], products + (r * VECTORS + v) * VECTOR_WIDTH);
  }
}

// dx = activation(transposed convolution of dy + bias), or the gradient of the input. dx is [batch, size, 1], dy
// [batch, out_size, out_channels]; weights are [kernel lines, out_channels, VECTOR_WIDTH], zeros behind a line's last
// tap (pack_taps in conv2d_prepare.cl). Dilation is 1; kernel and stride are at most SCATTER_LINES high, and the kernel
// VECTOR_WIDTH wide; rows * length, below, is at most SCATTER_FLOATS.
//
// Neighbouring pixels add to overlapping vectors, for which a processor would wait; a line has so many rows of sums that
// pixels which share one do not overlap.
//
// Work-item (x, y): `strip` lines x of image y. Each output is summed in the same order, however long a strip is.
kernel void TILED(conv2d_scatter)(
    global const float *dy, global const float *weights, global const float *bias, global float *dx, int batch,
    int size, int out_size, int out_channels, int kernel_size, int stride, int padding, int strip, int activation,
    float slope) {
  const int first = (int)get_global_id(0) * strip, image = (int)get_global_id(1);
  if (first >= HEIGHT(size) || image >= batch) return;
  // Lines of outputs are counted from the first that the padding cuts off.
  const int from = first + HEIGHT(padding), end = min(first + strip, HEIGHT(size)) + HEIGHT(padding);
  float sums[SCATTER_LINES * SCATTER_FLOATS];
  float products[ROWS * COLUMNS];
  const int length = max(
      (WIDTH(out_size) - 1) * WIDTH(stride) + VECTOR_WIDTH,
      WIDTH(padding) + (WIDTH(size) + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH);
  const int rows = (VECTOR_WIDTH + WIDTH(stride) - 1) / WIDTH(stride);
  for (int line = 0; line < SCATTER_LINES; line++) {
    for (int i = 0; i < rows * length; i++) sums[line * SCATTER_FLOATS + i] = 0.0f;
  }
  // Behind the kernel's last tap, a product of zero and an infinity would not be zero.
  int lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < WIDTH(kernel_size) ? -1 : 0;
  const intv is_tap = CONCATENATE(vload, VECTOR_WIDTH)(0, lanes);
  const floatv b = SPLAT(bias[0]);

  for (int i = max(0, from - HEIGHT(kernel_size) + 1) / HEIGHT(stride); i * HEIGHT(stride) < end; i++) {
    const int top = i * HEIGHT(stride);
    for (int j = 0; i < HEIGHT(out_size) && j < WIDTH(out_size); j += ROWS) {
      global const float *pixels[ROWS], *lines[VECTORS];
      int at[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const int place = min(j + r, WIDTH(out_size) - 1);
        at[r] = place % rows * length + place * WIDTH(stride);
        pixels[r] = dy + ((long)(image * HEIGHT(out_size) + i) * WIDTH(out_size) + place) * out_channels;
      }
      for (int tap = 0; tap < HEIGHT(kernel_size); tap += VECTORS) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          lines[v] = weights + (long)min(tap + v, HEIGHT(kernel_size) - 1) * out_channels * VECTOR_WIDTH;
        }
        TILED(multiply_lines)(products, pixels, lines, out_channels);
        for (int v = 0; v < min(VECTORS, HEIGHT(kernel_size) - tap); v++) {
          float *line = sums + (top + tap + v) % SCATTER_LINES * SCATTER_FLOATS;
          for (int r = 0; r < min(ROWS, WIDTH(out_size) - j); r++) {
            float *to = line + at[r];
            const floatv product = LOADV(products + (r * VECTORS + v) * VECTOR_WIDTH);
            STOREV(LOADV(to) + CHOOSEV(is_tap, product, SPLAT(0.0f)), to);
          }
        }
      }
    }
    // No later line of dy reaches these.
    for (int u = top; u < top + HEIGHT(stride); u++) {
      float *line = sums + u % SCATTER_LINES * SCATTER_FLOATS;
      if (u >= from && u < end) {
        global float *to = dx + (long)(image * HEIGHT(size) + u - HEIGHT(padding)) * WIDTH(size);
        for (int q = 0; q < WIDTH(size); q += VECTOR_WIDTH) {
          const float *sum = line + WIDTH(padding) + q;
          floatv y = b;
          for (int row = 0; row < rows; row++) y += LOADV(sum + row * length);
          store_part(activate(y, activation, slope), to + q, WIDTH(size) - q);
        }
      }
      for (int q = 0; q < rows * length; q++) line[q] = 0.0f;
    }
  }
}

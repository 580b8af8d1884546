// Transposed convolution to few channels, where a register tile of conv2d.cl would be mostly empty: by one kernel, a
// dot product per output and tap, or, without groups, by a matrix product of all taps with all pixels of dy
// (gemm.cl), whose result conv2d_collect sums over the taps. conv2d_to_one.cl handles one channel and small square
// filters on processors.
#include "activation.cl"

// dx [batch, size, channels] = activation(transposed convolution of dy [batch, out_size, out_channels] + bias). Each
// product of a tap is a dot product along the channels of dy. w is [KH, KW, channels / groups, out_channels].
// Work-item (x, y, z): channel x of VECTOR_WIDTH pixels y of phase z, whose positions leave the same remainder by the
// stride.
kernel void conv2d_transposed_dot(
    global const float *dy, global const float *w, global const float *bias, global float *dx, int batch, int size,
    int channels, int out_size, int out_channels, int kernel_size, int stride, int padding, int dilation, int groups,
    int activation, float slope) {
  const int channel = (int)get_global_id(0);
  const int group_columns = channels / groups, k = out_channels / groups;
  const int group = channel / group_columns;
  const int phase_h = (int)get_global_id(2) / WIDTH(stride);
  const int phase_w = (int)get_global_id(2) - phase_h * WIDTH(stride);
  const int rows_in_phase = (HEIGHT(size) - phase_h + HEIGHT(stride) - 1) / HEIGHT(stride);
  const int columns_in_phase = (WIDTH(size) - phase_w + WIDTH(stride) - 1) / WIDTH(stride);
  const int pixels = batch * rows_in_phase * columns_in_phase;
  const int first = (int)get_global_id(1) * VECTOR_WIDTH;
  if (channel >= channels || rows_in_phase <= 0 || columns_in_phase <= 0 || first >= pixels) return;
  const int count = min(VECTOR_WIDTH, pixels - first);
  float results[VECTOR_WIDTH];
  int targets[VECTOR_WIDTH];
  for (int r = 0; r < VECTOR_WIDTH; r++) {
    const int pixel = min(first + r, pixels - 1);
    const int row = pixel / columns_in_phase;
    const int image = row / rows_in_phase;
    const int h = row - image * rows_in_phase;
    const int v = pixel - row * columns_in_phase;
    targets[r] = (image * HEIGHT(size) + h * HEIGHT(stride) + phase_h) * WIDTH(size) + v * WIDTH(stride) + phase_w;
    global const float *origin =
        dy + (long)image * HEIGHT(out_size) * WIDTH(out_size) * out_channels + group * k;
    floatv sum = SPLAT(0.0f);
    for (int kh = 0; kh < HEIGHT(kernel_size); kh++) {
      const int above = phase_h + HEIGHT(padding) - kh * HEIGHT(dilation);
      const int from_h = h + above / HEIGHT(stride);
      if (above % HEIGHT(stride) != 0 || (uint)from_h >= (uint)HEIGHT(out_size)) continue;
      for (int kw = 0; kw < WIDTH(kernel_size); kw++) {
        const int left = phase_w + WIDTH(padding) - kw * WIDTH(dilation);
        const int from_w = v + left / WIDTH(stride);
        if (left % WIDTH(stride) != 0 || (uint)from_w >= (uint)WIDTH(out_size)) continue;
        global const float *a = origin + (long)(from_h * WIDTH(out_size) + from_w) * out_channels;
        global const float *b =
            w + (long)((kh * WIDTH(kernel_size) + kw) * group_columns + channel - group * group_columns) *
                    out_channels + group * k;
        for (int i = 0; i < k; i += VECTOR_WIDTH) {
          sum = MULTIPLY_ADD(load_part(a + i, k - i), load_part(b + i, k - i), sum);
        }
      }
    }
    results[r] = sumv(sum);
  }
  STOREV(activate(LOADV(results) + SPLAT(bias[channel]), activation, slope), results);
  for (int r = 0; r < count; r++) dx[(long)targets[r] * channels + channel] = results[r];
}

#define COLLECT_PHASES 4    // phases of a row that are summed together
#define COLLECT_COLUMNS 32  // pixels of each phase at a time

// dx = activation(bias + the sum over the taps that reach each pixel), from the products of every tap with every
// pixel of dy, [batch, KH, KW, channels, out_size]. The pixels of a row in one phase, whose positions leave the same
// remainder by the stride, are reached by the same taps, each from neighbouring pixels of dy.
// Work-item (x, y, z): row x of dx, image y, channel z.
kernel void conv2d_collect(
    global const float *products, global const float *bias, global float *dx, int batch, int size, int channels,
    int out_size, int kernel_size, int stride, int padding, int dilation, int activation, float slope) {
  const int h = (int)get_global_id(0), image = (int)get_global_id(1), channel = (int)get_global_id(2);
  if (h >= HEIGHT(size) || image >= batch || channel >= channels) return;
  const int columns = WIDTH(out_size), step = WIDTH(stride);
  const int tap_values = HEIGHT(out_size) * columns;
  global const float *image_products =
      products + ((long)image * HEIGHT(kernel_size) * WIDTH(kernel_size) * channels + channel) * tap_values;
  global float *out = dx + (long)(image * HEIGHT(size) + h) * WIDTH(size) * channels + channel;
  // Tap 0 takes column c of dy to pixel (c + ahead) * step + phase of dx, each further tap to the pixel `dilation` on.
  const int first_phase = ((-WIDTH(padding)) % step + step) % step;
  const int first_ahead = (-WIDTH(padding) - first_phase) / step;
  const int phases_a_tap = WIDTH(dilation) % step, ahead_a_tap = WIDTH(dilation) / step;
  float sums[COLLECT_PHASES * COLLECT_COLUMNS];
  for (int phases = 0; phases < min(step, WIDTH(size)); phases += COLLECT_PHASES) {
    for (int first = 0; first * step < WIDTH(size); first += COLLECT_COLUMNS) {
      for (int i = 0; i < COLLECT_PHASES * COLLECT_COLUMNS; i++) sums[i] = 0.0f;
      for (int kh = 0; kh < HEIGHT(kernel_size); kh++) {
        const int above = h + HEIGHT(padding) - kh * HEIGHT(dilation);
        if (above < 0 || above % HEIGHT(stride) != 0 || above / HEIGHT(stride) >= HEIGHT(out_size)) continue;
        global const float *from_row = image_products + (long)kh * WIDTH(kernel_size) * channels * tap_values +
                                       above / HEIGHT(stride) * columns;
        int phase = first_phase - phases, ahead = first_ahead - first;
        for (int kw = 0; kw < WIDTH(kernel_size); kw++) {
          if (phase >= 0 && phase < COLLECT_PHASES) {
            float *to = sums + phase * COLLECT_COLUMNS + ahead;
            const int begin = max(0, -ahead), end = min(columns, COLLECT_COLUMNS - ahead);
            for (int column = begin; column < end; column++) to[column] += from_row[column];
          }
          from_row += (long)channels * tap_values;
          phase += phases_a_tap;
          ahead += ahead_a_tap;
          if (phase + phases >= step) {
            phase -= step;
            ahead++;
          }
        }
      }
      for (int phase = 0; phase < min(COLLECT_PHASES, step - phases); phase++) {
        const int pixel = first * step + phases + phase;
        const int count = min(COLLECT_COLUMNS, (WIDTH(size) - pixel + step - 1) / step);
        float *from = sums + phase * COLLECT_COLUMNS;
        for (int i = 0; i < count; i += VECTOR_WIDTH) {
          STOREV(activate(LOADV(from + i) + SPLAT(bias[channel]), activation, slope), from + i);
        }
        for (int i = 0; i < count; i++) out[(long)(pixel + i * step) * channels] = from[i];
      }
    }
  }
}

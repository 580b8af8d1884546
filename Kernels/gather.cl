// Gathers a batch from a data set of bytes in device memory, in the order of a permutation.
#include "common.cl"
#include "gather.h"
#include "step_values.h"

// The first n bytes at p, 1 <= n, as floats; zeros behind them. is_aligned: whether p is aligned to a vector.
#if VECTOR_WIDTH == 4 && !defined(TELAR_AHEAD_OF_TIME)
// For GPUs: see load_part.
INLINE floatv load_bytes(global const uchar *p, int n, int is_aligned) {
  if (is_aligned && n >= VECTOR_WIDTH) return TO_FLOATV(*(global const ucharv *)p);
  floatv v = SPLAT(0.0f);
  v.x = (float)p[0];
  if (n > 1) v.y = (float)p[1];
  if (n > 2) v.z = (float)p[2];
  if (n > 3) v.w = (float)p[3];
  return v;
}
#else
INLINE floatv load_bytes(global const uchar *p, int n, int is_aligned) {
  if (n >= VECTOR_WIDTH) return TO_FLOATV(LOADV(p));
  float lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? (float)p[i] : 0.0f;
  return LOADV(lanes);
}
#endif

// Row i of y [rows, length] is row order[offset + i] of the data set, as value * scale + shift; the offset is a step
// value.
// Work-item (j, i) converts vector j of row i.
kernel void gather_bytes(
    global const uchar *images, global const int *order, global const uint *step_values, global float *y, int rows,
    int length, float scale, float shift) {
  const int at = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1);
  const int n = length - at;
  if (n <= 0 || row >= rows) return;
  // The data set may hold more bytes than an int counts.
  global const uchar *from = images + (size_t)order[(int)step_values[STEP_VALUE_BATCH] + row] * (size_t)length + at;
  const int is_aligned = length % VECTOR_WIDTH == 0;
  const floatv v = MULTIPLY_ADD(load_bytes(from, n, is_aligned), SPLAT(scale), SPLAT(shift));
  global float *to = y + row * length + at;
  if (is_aligned) store_aligned(v, to, n);
  else store_part(v, to, n);
}

#if GATHER_TABLE < GATHER_MOST_CHANNELS + VECTOR_WIDTH - 1
#error "a vector of numbers a channel does not fit the table"
#endif

// As gather_bytes for images [H, W, channels], channels 1, 3 or 4, with a scale and a shift a channel.
//
// tables: [2][GATHER_TABLE], element i of channel i % channels: the scales, then the shifts.
kernel void gather_bytes_by_channel(
    global const uchar *images, global const int *order, global const uint *step_values, global const float *tables,
    global float *y, int rows, int length, int channels) {
  const int at = (int)get_global_id(0) * VECTOR_WIDTH, row = (int)get_global_id(1);
  const int n = length - at;
  if (n <= 0 || row >= rows) return;
  global const uchar *from = images + (size_t)order[(int)step_values[STEP_VALUE_BATCH] + row] * (size_t)length + at;
  const int is_aligned = length % VECTOR_WIDTH == 0;
  // Vectors begin at channel 0 where 1 or 4 channels divide them.
  global const float *scales = tables + (channels == 3 ? at % 3 : 0);
  const floatv v =
      MULTIPLY_ADD(load_bytes(from, n, is_aligned), LOADV(scales), LOADV(scales + GATHER_TABLE));
  global float *to = y + row * length + at;
  if (is_aligned) store_aligned(v, to, n);
  else store_part(v, to, n);
}

// y[i] = labels[order[offset + i]].
kernel void gather_labels(
    global const ushort *labels, global const int *order, global const uint *step_values, global int *y, int rows) {
  const int row = (int)get_global_id(0);
  if (row < rows) y[row] = labels[order[(int)step_values[STEP_VALUE_BATCH] + row]];
}

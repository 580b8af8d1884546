// Gathers a batch from a data set of bytes in device memory, in the order of a permutation.
#include "common.cl"
#include "step_values.h"

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
  floatv v;
  if (n >= VECTOR_WIDTH) {
    v = TO_FLOATV(LOADV(from));
  } else {
    float lanes[VECTOR_WIDTH];
    for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? (float)from[i] : 0.0f;
    v = LOADV(lanes);
  }
  store_part(MULTIPLY_ADD(v, SPLAT(scale), SPLAT(shift)), y + row * length + at, n);
}

// y[i] = labels[order[offset + i]].
kernel void gather_labels(
    global const uchar *labels, global const int *order, global const uint *step_values, global int *y, int rows) {
  const int row = (int)get_global_id(0);
  if (row < rows) y[row] = labels[order[(int)step_values[STEP_VALUE_BATCH] + row]];
}

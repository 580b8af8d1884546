// The argmax of pooling windows: the position of the largest value, in row order. The first of equal values counts,
// and NaN is larger than everything, as in PyTorch. Positions are stored as ushort.
#ifndef ARGMAX_CL
#define ARGMAX_CL
#include "common.cl"
#include "pool.h"

// The first n positions at p; -1 behind them.
INLINE intv load_argmax(global const ushort *p, int n) {
  if (n >= VECTOR_WIDTH) return TO_INTV(LOADV(p));
  int lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[i] : -1;
  return LOADV(lanes);
}

// Stores the first n positions; -1 becomes POOL_NO_ARGMAX.
INLINE void store_argmax(intv v, global ushort *p, int n) {
  if (n >= VECTOR_WIDTH) {
    STOREV(CONCATENATE(convert_ushort, VECTOR_WIDTH)(v & POOL_NO_ARGMAX), p);
    return;
  }
  int lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < n; i++) p[i] = (ushort)lanes[i];
}

// The argmax where the largest value is positive, otherwise -1: see POOL_KEEP_POSITIVE_ARGMAX.
INLINE intv positive_argmax(floatv largest, intv argmax) { return (largest <= SPLAT(0.0f)) | argmax; }

// Updates the largest value so far, and its position, with the next one, v.
INLINE void update_max(floatv v, int position, floatv *largest, intv *argmax) {
  const intv is_larger = (v > *largest) | (v != v);
  *largest = CHOOSEV(is_larger, v, *largest);
  *argmax = (is_larger & position) | (~is_larger & *argmax);
}

// The largest value of a 2 x 2 window, and its argmax.
INLINE floatv max_of_four(const floatv values[4], intv *argmax) {
  floatv largest = values[0];
  *argmax = (intv)(0);
#pragma unroll
  for (int i = 1; i < 4; i++) update_max(values[i], i, &largest, argmax);
  return largest;
}

// The value of a 2 x 2 window at the argmax.
INLINE floatv select_of_four(const floatv values[4], const intv argmax) {
  floatv selected = values[0];
#pragma unroll
  for (int i = 1; i < 4; i++) selected = CHOOSEV(argmax == i, values[i], selected);
  return selected;
}

#endif

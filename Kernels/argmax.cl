// The argmax of pooling windows: the position of the largest value, in row order. The first of equal values counts,
// and NaN is larger than everything, as in PyTorch. Positions are stored as ushort.
#ifndef ARGMAX_CL
#define ARGMAX_CL
#include "common.cl"
#include "pool.h"

// The first n positions at p, 1 <= n; -1 behind them.
#if VECTOR_WIDTH == 4 && !defined(TELAR_AHEAD_OF_TIME)
// For GPUs: see load_part.
INLINE intv load_argmax(global const ushort *p, int n) {
  intv v = (intv)(-1);
  v.x = p[0];
  if (n > 1) v.y = p[1];
  if (n > 2) v.z = p[2];
  if (n > 3) v.w = p[3];
  return v;
}

// Stores the first n positions, 1 <= n; -1 becomes POOL_NO_ARGMAX.
INLINE void store_argmax(intv v, global ushort *p, int n) {
  p[0] = (ushort)v.x;
  if (n > 1) p[1] = (ushort)v.y;
  if (n > 2) p[2] = (ushort)v.z;
  if (n > 3) p[3] = (ushort)v.w;
}
#else
INLINE intv load_argmax(global const ushort *p, int n) {
  if (n >= VECTOR_WIDTH) return TO_INTV(LOADV(p));
  int lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[i] : -1;
  return LOADV(lanes);
}

INLINE void store_argmax(intv v, global ushort *p, int n) {
  if (n >= VECTOR_WIDTH) {
    STOREV(CONCATENATE(convert_ushort, VECTOR_WIDTH)(v & POOL_NO_ARGMAX), p);
    return;
  }
  int lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < n; i++) p[i] = (ushort)lanes[i];
}
#endif

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

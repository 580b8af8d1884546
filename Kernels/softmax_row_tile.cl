// What a softmax of a row of logits needs, tile family: LOSS_ROW_ITEMS work-items share a row.
#ifndef SOFTMAX_ROW_TILE_CL
#define SOFTMAX_ROW_TILE_CL
#include "activation.cl"
#include "loss.h"

// Whether value a at place i precedes value b at place j as argmax: NaN is the largest, and of equal ones the first.
INLINE int is_before(const float a, const int i, const float b, const int j) {
  if (isnan(a) != isnan(b)) return isnan(a);
  return a > b || ((a == b || isnan(a)) && i < j);
}

// The sum over a row's work-items, which all of them get. All of the group's take part.
INLINE float sum_row(local float values[LOSS_GROUP_ITEMS], const float value) {
  const int id = (int)get_local_id(0), lane = id % LOSS_ROW_ITEMS;
  values[id] = value;
  for (int step = LOSS_ROW_ITEMS / 2; step > 0; step /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < step) values[id] += values[id + step];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return values[id - lane];
}

// sum exp(x - largest) over the row at x, its largest value, and the place of that.
INLINE float exponential_sum(
    local float values[LOSS_GROUP_ITEMS], local int places[LOSS_GROUP_ITEMS], global const float *x, const int columns,
    float *row_largest, int *row_best) {
  const int id = (int)get_local_id(0), lane = id % LOSS_ROW_ITEMS;
  float largest = x[min(lane, columns - 1)];
  int best = min(lane, columns - 1);
#pragma unroll 4
  for (int c = lane + LOSS_ROW_ITEMS; c < columns; c += LOSS_ROW_ITEMS) {
    const float v = x[c];
    const int is_better = is_before(v, c, largest, best);
    largest = is_better ? v : largest;
    best = is_better ? c : best;
  }
  values[id] = largest;
  places[id] = best;
  for (int step = LOSS_ROW_ITEMS / 2; step > 0; step /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < step && is_before(values[id + step], places[id + step], values[id], places[id])) {
      values[id] = values[id + step];
      places[id] = places[id + step];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  largest = values[id - lane];
  *row_best = places[id - lane];
  *row_largest = largest;
  barrier(CLK_LOCAL_MEM_FENCE);

  float sum = 0.0f;
#pragma unroll 4
  for (int c = lane; c < columns; c += LOSS_ROW_ITEMS) sum += expv(SPLAT(x[c] - largest)).x;
  return sum_row(values, sum);
}

#endif

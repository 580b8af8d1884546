// What a softmax of a row of logits needs, for a work-item that goes through the row.
#ifndef SOFTMAX_ROW_CL
#define SOFTMAX_ROW_CL
#include "activation.cl"

// sum exp(x - largest) over a row, its largest value, and the place of that: the first of equal ones; NaN counts as the
// largest.
INLINE float exponential_sum(global const float *x, const int columns, float *largest, int *best) {
  float most = x[0];
  int place = 0;
  for (int c = 1; c < columns; c++) {
    const float v = x[c];
    if (v > most || (isnan(v) && !isnan(most))) {
      most = v;
      place = c;
    }
  }
  float sum = 0.0f;
  for (int c = 0; c < columns; c += VECTOR_WIDTH) {
    const int n = min(columns - c, VECTOR_WIDTH);
    float lanes[VECTOR_WIDTH];
    STOREV(expv(load_part(x + c, n) - SPLAT(most)), lanes);
    for (int i = 0; i < n; i++) sum += lanes[i];
  }
  *largest = most;
  *best = place;
  return sum;
}

#endif

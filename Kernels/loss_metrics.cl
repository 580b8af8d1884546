// The last step of every loss, for both families.
#ifndef LOSS_METRICS_CL
#define LOSS_METRICS_CL
#include "common.cl"

// loss = mean; adds it and the hits of a batch of so many examples to the metrics, if they are wanted: Neumaier's
// compensated sum, whose word 1 accumulates the rounding errors of word 0.
INLINE void put_loss(
    const float mean, const uint hits, global float *loss, global uint *metrics, const int wants_metrics,
    const int examples) {
  loss[0] = mean;
  if (!wants_metrics) return;
  const float sum = as_float(metrics[0]), term = mean * (float)examples, next = sum + term;
  const float error = fabs(sum) >= fabs(term) ? (sum - next) + term : (term - next) + sum;
  metrics[0] = as_uint(next);
  metrics[1] = as_uint(as_float(metrics[1]) + error);
  metrics[2] += hits;
  metrics[3] += (uint)examples;
}

#endif

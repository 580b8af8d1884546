// Mean squared error, and the last pass of every loss.
#include "activation.cl"
#include "loss_metrics.cl"

// partial[j] = the sum of (prediction - target)^2 over chunk j; with wants_gradient, gradient = (prediction - target)
// * scale, or its pre-activation gradient where `activation` is what the prediction is the output of.
// Work-item j: elements j * length ..< (j + 1) * length.
kernel void squared_error(
    global const float *prediction, global const float *target, global float *gradient, global float *partial,
    int count, int length, float scale, int wants_gradient, int activation, float slope) {
  const int chunk = (int)get_global_id(0), first = chunk * length;
  if (first >= count) return;
  const int end = min(count, first + length);
  floatv sums[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = first; i < end; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH;
      if (at < end) {
        const floatv y = load_part(prediction + at, end - at), d = y - load_part(target + at, end - at);
        sums[v] = MULTIPLY_ADD(d, d, sums[v]);
        if (wants_gradient) store_part(activate_gradient(d * scale, y, activation, slope), gradient + at, end - at);
      }
    }
  }
  partial[chunk] = sum_lanes(sums);
}

// loss[0] = the sum of partial * scale. With wants_metrics, metrics accumulates over batches: the sum of loss *
// examples as a float and its rounding error (words 0 and 1), hits (word 2) and examples (word 3).
// Work-item: one does all.
kernel void loss_finish(
    global const float *partial, global const int *hits, global float *loss, global uint *metrics, int chunks,
    float scale, int has_hits, int wants_metrics, int examples) {
  if (get_global_id(0) > 0) return;
  floatv sums[SUM_VECTORS];
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = 0; i < chunks; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH;
      if (at < chunks) sums[v] += load_part(partial + at, chunks - at);
    }
  }
  const float mean = sum_lanes(sums) * scale;
  uint correct = 0;
  if (wants_metrics && has_hits) {
    for (int i = 0; i < chunks; i++) correct += (uint)hits[i];
  }
  put_loss(mean, correct, loss, metrics, wants_metrics, examples);
}

// Losses by element other than the squared error (loss.cl).
#include "loss_terms.cl"

// partial[j] = the sum of the losses of chunk j; with wants_gradient, gradient = their derivatives by the prediction times
// scale, or its pre-activation gradient where `activation` is what the prediction is the output of.
// Work-item j: elements j * length ..< (j + 1) * length.
kernel void pointwise_loss(
    global const float *prediction, global const float *target, global float *gradient, global float *partial,
    int count, int length, float scale, int wants_gradient, int activation, float slope, int kind, float delta) {
  const int chunk = (int)get_global_id(0), first = chunk * length;
  if (first >= count) return;
  const int end = min(count, first + length);
  floatv sums[SUM_VECTORS], d;
  for (int v = 0; v < SUM_VECTORS; v++) sums[v] = SPLAT(0.0f);
  for (int i = first; i < end; i += SUM_LANES) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const int at = i + v * VECTOR_WIDTH, n = end - at;
      if (n <= 0) continue;
      const floatv y = load_part(prediction + at, n);
      floatv terms = loss_terms(y, load_part(target + at, n), &d, scale, kind, delta);
      if (n < VECTOR_WIDTH) {
        float lanes[VECTOR_WIDTH];
        STOREV(terms, lanes);
        for (int lane = n; lane < VECTOR_WIDTH; lane++) lanes[lane] = 0.0f;
        terms = LOADV(lanes);
      }
      sums[v] += terms;
      if (wants_gradient) store_part(activate_gradient(d, y, activation, slope), gradient + at, n);
    }
  }
  partial[chunk] = sum_lanes(sums);
}

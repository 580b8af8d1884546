// RMSprop (Hinton 2012) over flat arrays of all parameters, their gradients and state: the gradient divided by the root of
// its running mean square. Formulas and the order of operations are those of torch.optim.RMSprop. A work-item updates
// VECTOR_WIDTH elements.
#include "common.cl"
#include "step_values.h"

// The gradient's running mean is kept, and its square taken from the mean square, where `centered`; the velocity is kept
// with momentum. Of these, what is not kept may be any array. The first rate of the step is the learning rate.
kernel void rmsprop_step(
    global float *parameters, global const float *gradients, global float *square_average,
    global float *gradient_average, global float *velocity, global const uint *step_values, int count, float alpha,
    float one_minus_alpha, float epsilon, float momentum, float weight_decay, int centered) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const float rate = as_float(step_values[STEP_VALUE_RATES]);
  const floatv p = load_aligned(parameters + first, n);
  const floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), load_aligned(gradients + first, n));
  const floatv square =
      MULTIPLY_ADD(g * one_minus_alpha, g, load_aligned(square_average + first, n) * alpha);
  store_aligned(square, square_average + first, n);
  floatv variance = square;
  if (centered) {
    floatv mean = load_aligned(gradient_average + first, n);
    mean = MULTIPLY_ADD(g - mean, SPLAT(one_minus_alpha), mean);
    store_aligned(mean, gradient_average + first, n);
    // Rounding may leave less than zero.
    variance = square - mean * mean;
    variance = CHOOSEV(variance > SPLAT(0.0f), variance, SPLAT(0.0f));
  }
  floatv update = g / (sqrt(variance) + epsilon);
  if (momentum != 0.0f) {
    update = MULTIPLY_ADD(load_aligned(velocity + first, n), SPLAT(momentum), update);
    store_aligned(update, velocity + first, n);
  }
  store_aligned(MULTIPLY_ADD(update, SPLAT(-rate), p), parameters + first, n);
}

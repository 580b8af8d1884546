// Optimizer steps over flat arrays of all parameters, their gradients and state. Formulas and the order of operations
// are those of torch.optim. A work-item updates VECTOR_WIDTH elements.
#include "common.cl"
#include "step_values.h"

// Rate i of the step.
#define RATE(i) as_float(step_values[STEP_VALUE_RATES + (i)])

// Adam (Kingma & Ba 2015), with weight decay added to the gradient, or decoupled from it (AdamW, Loshchilov & Hutter
// 2019): the parameter is multiplied by `kept`. Rates: step_size = learning rate / (1 - beta1^t); root_correction =
// 1 / sqrt(1 - beta2^t); kept = 1 - learning rate * weight decay where that is decoupled, otherwise 1.
kernel void adam_step(
    global float *parameters, global const float *gradients, global float *first_moment, global float *second_moment,
    global const uint *step_values, int count, float one_minus_beta1, float beta2, float one_minus_beta2,
    float epsilon, float weight_decay) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const float step_size = RATE(0), root_correction = RATE(1), kept = RATE(2);
  const floatv p = load_aligned(parameters + first, n);
  floatv m = load_aligned(first_moment + first, n), v = load_aligned(second_moment + first, n);
  const floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), load_aligned(gradients + first, n));
  m = MULTIPLY_ADD(g - m, SPLAT(one_minus_beta1), m);
  v = MULTIPLY_ADD(g * one_minus_beta2, g, v * beta2);
  const floatv denominator = MULTIPLY_ADD(sqrt(v), SPLAT(root_correction), SPLAT(epsilon));
  store_aligned(p * kept - step_size * (m / denominator), parameters + first, n);
  store_aligned(m, first_moment + first, n);
  store_aligned(v, second_moment + first, n);
}

// Stochastic gradient descent with momentum, Nesterov's form if asked, and weight decay. The velocity starts at zero.
// Rate: the learning rate.
kernel void sgd_step(
    global float *parameters, global const float *gradients, global float *velocity, global const uint *step_values,
    int count, float momentum, float weight_decay, int nesterov) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv p = load_aligned(parameters + first, n);
  floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), load_aligned(gradients + first, n));
  if (momentum != 0.0f) {
    const floatv v = MULTIPLY_ADD(load_aligned(velocity + first, n), SPLAT(momentum), g);
    store_aligned(v, velocity + first, n);
    g = nesterov ? MULTIPLY_ADD(v, SPLAT(momentum), g) : v;
  }
  store_aligned(MULTIPLY_ADD(g, SPLAT(-RATE(0)), p), parameters + first, n);
}

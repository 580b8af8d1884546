// Optimizer steps over flat arrays of all parameters, their gradients and state. Formulas and the order of operations
// are those of torch.optim. A work-item updates VECTOR_WIDTH elements.
#include "common.cl"

// Adam (Kingma & Ba 2015), with weight decay added to the gradient, or decoupled from it (AdamW, Loshchilov & Hutter
// 2019): the parameter is multiplied by `kept` = 1 - learning rate * weight decay, otherwise 1. step_size = learning
// rate / (1 - beta1^t); root_correction = 1 / sqrt(1 - beta2^t).
kernel void adam_step(
    global float *parameters, global const float *gradients, global float *first_moment, global float *second_moment,
    int count, float one_minus_beta1, float beta2, float one_minus_beta2, float step_size, float root_correction,
    float epsilon, float weight_decay, float kept) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
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
kernel void sgd_step(
    global float *parameters, global const float *gradients, global float *velocity, int count, float learning_rate,
    float momentum, float weight_decay, int nesterov) {
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
  store_aligned(MULTIPLY_ADD(g, SPLAT(-learning_rate), p), parameters + first, n);
}

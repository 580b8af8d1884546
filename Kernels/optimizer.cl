// Optimizer steps over flat arrays of all parameters, their gradients and state. A work-item updates VECTOR_WIDTH elements.
#include "optimizer_update.cl"

kernel void adam_step(
    global float *parameters, global const float *gradients, global float *first_moment, global float *second_moment,
    global const uint *step_values, int count, float one_minus_beta1, float beta2, float one_minus_beta2,
    float epsilon, float weight_decay) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  update_by_adam(
      load_aligned(gradients + first, n), parameters, first_moment, second_moment, step_values, first, n,
      one_minus_beta1, beta2, one_minus_beta2, epsilon, weight_decay);
}

kernel void sgd_step(
    global float *parameters, global const float *gradients, global float *velocity, global const uint *step_values,
    int count, float momentum, float weight_decay, int nesterov) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  update_by_sgd(
      load_aligned(gradients + first, n), parameters, velocity, step_values, first, n, momentum, weight_decay,
      nesterov);
}

kernel void rmsprop_step(
    global float *parameters, global const float *gradients, global float *square_average,
    global float *gradient_average, global float *velocity, global const uint *step_values, int count, float alpha,
    float one_minus_alpha, float epsilon, float momentum, float weight_decay, int centered) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  update_by_rmsprop(
      load_aligned(gradients + first, n), parameters, square_average, gradient_average, velocity, step_values, first, n,
      alpha, one_minus_alpha, epsilon, momentum, weight_decay, centered);
}

// What the optimizers do with the gradient of a vector of parameters, for both families. Formulas and the order of
// operations are those of torch.optim.
#ifndef OPTIMIZER_UPDATE_CL
#define OPTIMIZER_UPDATE_CL
#include "common.cl"
#include "step_values.h"

// Rate i of the step.
#define RATE(i) as_float(step_values[STEP_VALUE_RATES + (i)])

// Adam (Kingma & Ba 2015), with weight decay added to the gradient, or decoupled from it (AdamW, Loshchilov & Hutter
// 2019): the parameter is multiplied by `kept`. Rates: step_size = learning rate / (1 - beta1^t); root_correction =
// 1 / sqrt(1 - beta2^t); kept = 1 - learning rate * weight decay where that is decoupled, otherwise 1.
// n elements from `first` on, of which VECTOR_WIDTH at most are updated.
INLINE void update_by_adam(
    const floatv gradient, global float *parameters, global float *first_moment, global float *second_moment,
    global const uint *step_values, const int first, const int n, const float one_minus_beta1, const float beta2,
    const float one_minus_beta2, const float epsilon, const float weight_decay) {
  const float step_size = RATE(0), root_correction = RATE(1), kept = RATE(2);
  const floatv p = load_aligned(parameters + first, n);
  floatv m = load_aligned(first_moment + first, n), v = load_aligned(second_moment + first, n);
  const floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), gradient);
  m = MULTIPLY_ADD(g - m, SPLAT(one_minus_beta1), m);
  v = MULTIPLY_ADD(g * one_minus_beta2, g, v * beta2);
  const floatv denominator = MULTIPLY_ADD(sqrt(v), SPLAT(root_correction), SPLAT(epsilon));
  store_aligned(p * kept - step_size * (m / denominator), parameters + first, n);
  store_aligned(m, first_moment + first, n);
  store_aligned(v, second_moment + first, n);
}

// Stochastic gradient descent with momentum, Nesterov's form if asked, and weight decay. The velocity starts at zero.
// Rate: the learning rate.
INLINE void update_by_sgd(
    const floatv gradient, global float *parameters, global float *velocity, global const uint *step_values,
    const int first, const int n, const float momentum, const float weight_decay, const int nesterov) {
  const floatv p = load_aligned(parameters + first, n);
  floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), gradient);
  if (momentum != 0.0f) {
    const floatv v = MULTIPLY_ADD(load_aligned(velocity + first, n), SPLAT(momentum), g);
    store_aligned(v, velocity + first, n);
    g = nesterov ? MULTIPLY_ADD(v, SPLAT(momentum), g) : v;
  }
  store_aligned(MULTIPLY_ADD(g, SPLAT(-RATE(0)), p), parameters + first, n);
}

// RMSprop (Hinton 2012): the gradient divided by the root of its running mean square or, where `centered`, of its running
// variance, for which its running mean is kept; rounding may leave less than zero of that. The velocity is kept with
// momentum. Of these, what is not kept may be any array. Rate: the learning rate.
INLINE void update_by_rmsprop(
    const floatv gradient, global float *parameters, global float *square_average, global float *gradient_average,
    global float *velocity, global const uint *step_values, const int first, const int n, const float alpha,
    const float one_minus_alpha, const float epsilon, const float momentum, const float weight_decay,
    const int centered) {
  const floatv p = load_aligned(parameters + first, n);
  const floatv g = MULTIPLY_ADD(p, SPLAT(weight_decay), gradient);
  const floatv square = MULTIPLY_ADD(g * one_minus_alpha, g, load_aligned(square_average + first, n) * alpha);
  store_aligned(square, square_average + first, n);
  floatv variance = square;
  if (centered) {
    floatv mean = load_aligned(gradient_average + first, n);
    mean = MULTIPLY_ADD(g - mean, SPLAT(one_minus_alpha), mean);
    store_aligned(mean, gradient_average + first, n);
    variance = square - mean * mean;
    variance = CHOOSEV(variance > SPLAT(0.0f), variance, SPLAT(0.0f));
  }
  floatv update = g / (sqrt(variance) + epsilon);
  if (momentum != 0.0f) {
    update = MULTIPLY_ADD(load_aligned(velocity + first, n), SPLAT(momentum), update);
    store_aligned(update, velocity + first, n);
  }
  store_aligned(MULTIPLY_ADD(update, SPLAT(-RATE(0)), p), parameters + first, n);
}

#endif

// Activations x * gate(x) whose gradients follow from the input x: SiLU with the logistic function as its gate, GELU
// (Hendrycks and Gimpel, arXiv:1606.08415) with the normal distribution function or its approximation by tanh.
// A work-item computes VECTOR_WIDTH consecutive elements; the last one of an array may hold fewer.
#include "activation.cl"

// The distribution function of the normal distribution, within 7e-8, and within 2e-5 of itself down to x = -4: for
// |x| < 1.31 from an odd polynomial for erf (x / sqrt 2), otherwise from one for the logarithm of erfc, in which
// nothing cancels. The polynomials are N. Juffa's (stackoverflow.com/questions/35148198). NaN stays NaN.
INLINE floatv normal_cdf(floatv x) {
  const floatv z = x * 0.70710678f, square = z * z;
  floatv small = SPLAT(-5.96761703e-4f);
  small = MULTIPLY_ADD(small, square, SPLAT(4.99119423e-3f));
  small = MULTIPLY_ADD(small, square, SPLAT(-2.67681349e-2f));
  small = MULTIPLY_ADD(small, square, SPLAT(1.12819925e-1f));
  small = MULTIPLY_ADD(small, square, SPLAT(-3.76125336e-1f));
  small = MULTIPLY_ADD(small, square, SPLAT(1.28379166e-1f));
  small = MULTIPLY_ADD(small, z, z);
  const floatv t = AS_FLOATV(AS_INTV(z) & 0x7fffffff);
  floatv p = MULTIPLY_ADD(SPLAT(-1.72853470e-5f), t, SPLAT(3.83197126e-4f));
  const floatv q = MULTIPLY_ADD(SPLAT(-3.88396438e-3f), t, SPLAT(2.42546219e-2f));
  p = MULTIPLY_ADD(p, square, q);
  p = MULTIPLY_ADD(p, t, SPLAT(-1.06777877e-1f));
  p = MULTIPLY_ADD(p, t, SPLAT(-6.34846687e-1f));
  p = MULTIPLY_ADD(p, t, SPLAT(-1.28717512e-1f));
  const floatv tail = 0.5f * expv(MULTIPLY_ADD(p, t, -t));
  const floatv large = CHOOSEV(x < SPLAT(0.0f), tail, SPLAT(1.0f) - tail);
  return CHOOSEV(t > SPLAT(0.927734375f), large, MULTIPLY_ADD(small, SPLAT(0.5f), SPLAT(0.5f)));
}

// The logistic function of x, and in `rest` 1 minus it, neither of which cancels.
INLINE floatv logistic(floatv x, floatv *rest) {
  const floatv e = expv(AS_FLOATV(AS_INTV(x) | (int)0x80000000));  // e^-|x|
  const floatv large = SPLAT(1.0f) / (SPLAT(1.0f) + e), small = e * large;
  *rest = CHOOSEV(x < SPLAT(0.0f), large, small);
  return CHOOSEV(x < SPLAT(0.0f), small, large);
}

// The approximation (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), which is the logistic function of 2 u,
// and its derivative. Beyond 20, where x^3 could overflow, it is 0 or 1.
INLINE floatv tanh_gate(floatv x, floatv *derivative) {
  x = CHOOSEV(x > SPLAT(20.0f), SPLAT(20.0f), CHOOSEV(x < SPLAT(-20.0f), SPLAT(-20.0f), x));
  const floatv square = x * x;
  floatv rest;
  const floatv gate = logistic(x * (1.59576912f * MULTIPLY_ADD(square, SPLAT(0.044715f), SPLAT(1.0f))), &rest);
  *derivative = gate * rest * (1.59576912f * MULTIPLY_ADD(square, SPLAT(0.134145f), SPLAT(1.0f)));
  return gate;
}

// y = x / (1 + e^-x).
kernel void silu_forward(global const float *x, global float *y, int count) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv v = load_aligned(x + first, n);
  floatv rest;
  store_aligned(v * logistic(v, &rest), y + first, n);
}

kernel void silu_backward(global const float *dy, global const float *x, global float *dx, int count) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv v = load_aligned(x + first, n);
  floatv rest;
  const floatv gate = logistic(v, &rest);
  store_aligned(load_aligned(dy + first, n) * (gate * MULTIPLY_ADD(v, rest, SPLAT(1.0f))), dx + first, n);
}

// y = x * gate(x), the gate approximated if asked.
kernel void gelu_forward(global const float *x, global float *y, int count, int approximates) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv v = load_aligned(x + first, n);
  floatv derivative;
  store_aligned(v * (approximates ? tanh_gate(v, &derivative) : normal_cdf(v)), y + first, n);
}

kernel void gelu_backward(
    global const float *dy, global const float *x, global float *dx, int count, int approximates) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv v = load_aligned(x + first, n);
  floatv gate, derivative;
  if (approximates) {
    gate = tanh_gate(v, &derivative);
  } else {
    gate = normal_cdf(v);
    derivative = 0.39894228f * expv(v * v * -0.5f);  // the density, 1 / sqrt(2 pi) e^(-x^2 / 2)
  }
  store_aligned(load_aligned(dy + first, n) * MULTIPLY_ADD(v, derivative, gate), dx + first, n);
}

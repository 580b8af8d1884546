// Exponential, sigmoid and tanh of vectors; activations, their gradients, and the epilogues of products.
#ifndef ACTIVATION_CL
#define ACTIVATION_CL
#include "common.cl"
#include "activation.h"

// e^x as p * 2^n within 2 ulp, for -87.33 <= x <= 89. NaN is in p.
// x = n ln 2 + r with |r| <= ln 2 / 2, and a degree-6 polynomial (Cephes expf, in Estrin's order) for p = e^r.
INLINE floatv exp_parts(floatv x, intv *n) {
  // Adding 1.5 * 2^23 rounds to the nearest integer, which the sum's last bits then are.
  const floatv shifted = MULTIPLY_ADD(x, SPLAT(1.44269504f), SPLAT(12582912.0f));
  const floatv whole = shifted - SPLAT(12582912.0f);
  floatv r = MULTIPLY_ADD(whole, SPLAT(-0.693359375f), x);
  r = MULTIPLY_ADD(whole, SPLAT(2.12194440e-4f), r);
  const floatv square = r * r;
  const floatv high = MULTIPLY_ADD(SPLAT(1.9875691500e-4f), r, SPLAT(1.3981999507e-3f));
  const floatv middle = MULTIPLY_ADD(SPLAT(8.3334519073e-3f), r, SPLAT(4.1665795894e-2f));
  const floatv low = MULTIPLY_ADD(SPLAT(1.6666665459e-1f), r, SPLAT(5.0000001201e-1f));
  const floatv p = MULTIPLY_ADD(MULTIPLY_ADD(high, square, middle), square, low);
  *n = AS_INTV(shifted) - 0x4b400000;
  return MULTIPLY_ADD(p, square, r + SPLAT(1.0f));
}

// 2^n for -127 < n < 128.
INLINE floatv power_of_two(intv n) { return AS_FLOATV((n + 127) << 23); }

// e^x within 2 ulp for -87.33 <= x <= 88.72; below, zero; above, infinity; NaN stays NaN.
INLINE floatv expv(floatv x) {
  intv n;
  const floatv p = exp_parts(CHOOSEV(x > SPLAT(89.0f), SPLAT(89.0f), x), &n);
  // 2^n in two factors, so that neither overflows at either end of the range.
  const floatv y = p * power_of_two(n >> 1) * power_of_two(n - (n >> 1));
  return CHOOSEV(x < SPLAT(-87.33654f), SPLAT(0.0f), y);
}

// 1 / (1 + e^-x) within 3 ulp, where the driver's division is correctly rounded; below -88, where that is no normal
// number, zero. NaN stays NaN.
INLINE floatv sigmoidv(floatv x) {
  intv n;
  const floatv p = exp_parts(-CHOOSEV(x > SPLAT(87.0f), SPLAT(87.0f), x), &n);
  const floatv y = SPLAT(1.0f) / MULTIPLY_ADD(p, power_of_two(n), SPLAT(1.0f));
  return CHOOSEV(x < SPLAT(-88.0f), SPLAT(0.0f), y);
}

// tanh x within 2 ulp, where the driver's division is correctly rounded: an odd polynomial (Cephes tanhf) for
// |x| < 0.625, otherwise 1 - 2 / (e^2|x| + 1) with the sign of x.
INLINE floatv tanhv(floatv x) {
  const intv sign = AS_INTV(x) & (int)0x80000000;
  const floatv a = AS_FLOATV(AS_INTV(x) & 0x7fffffff);
  const floatv large = SPLAT(1.0f) - SPLAT(2.0f) / (expv(a + a) + SPLAT(1.0f));
  const floatv z = x * x;
  floatv p = SPLAT(-5.70498872745e-3f);
  p = MULTIPLY_ADD(p, z, SPLAT(2.06390887954e-2f));
  p = MULTIPLY_ADD(p, z, SPLAT(-5.37397155531e-2f));
  p = MULTIPLY_ADD(p, z, SPLAT(1.33314422036e-1f));
  p = MULTIPLY_ADD(p, z, SPLAT(-3.33332819422e-1f));
  const floatv small = MULTIPLY_ADD(p * z, x, x);
  // Also where it is small: the sum of -0 and a positive zero would be a positive zero.
  return AS_FLOATV(AS_INTV(CHOOSEV(a < SPLAT(0.625f), small, large)) | sign);
}

// An activation, ACTIVATION_..., of each element.
INLINE floatv activate(floatv x, int activation, float slope) {
  switch (activation) {
    // A comparison that NaN fails the other way, so that NaN stays NaN.
    case ACTIVATION_RELU: return CHOOSEV(x <= SPLAT(0.0f), SPLAT(0.0f), x);
    case ACTIVATION_LEAKY_RELU: return CHOOSEV(x > SPLAT(0.0f), x, x * slope);
    case ACTIVATION_SIGMOID: return sigmoidv(x);
    case ACTIVATION_TANH: return tanhv(x);
    default: return x;
  }
}

// dx = dy * activation'(x), from the activation's output y alone.
INLINE floatv activate_gradient(floatv dy, floatv y, int activation, float slope) {
  switch (activation) {
    case ACTIVATION_RELU: return CHOOSEV(y <= SPLAT(0.0f), SPLAT(0.0f), dy);
    case ACTIVATION_LEAKY_RELU: return CHOOSEV(y > SPLAT(0.0f), dy, dy * slope);
    case ACTIVATION_SIGMOID: return dy * (y * (SPLAT(1.0f) - y));
    case ACTIVATION_TANH: return dy * (SPLAT(1.0f) - y * y);
    // A dropped element and one that is negative before ReLU are both 0 in y, and both have the gradient 0.
    case ACTIVATION_RELU_DROPOUT: return CHOOSEV(y <= SPLAT(0.0f), SPLAT(0.0f), dy * slope);
    default: return dy;
  }
}

// The epilogue of a product, for the first n elements of x: activation(x) or, where ACTIVATION_GRADIENT is added to the
// activation, its pre-activation gradient, where x is the gradient of its output and `postactivation` that output.
INLINE floatv apply_epilogue(floatv x, global const float *postactivation, int n, int activation, float slope) {
  if (activation < ACTIVATION_GRADIENT) return activate(x, activation, slope);
  return activate_gradient(x, load_part(postactivation, n), activation - ACTIVATION_GRADIENT, slope);
}

// The pre-activation gradient of batch normalisation's y = activation(centred * factor + shift). The activation's
// input is recomputed by the forward pass's formula instead of being stored and read: these kernels are bound by
// memory.
INLINE floatv preactivation_gradient(
    floatv dy, floatv centred, floatv factor, floatv shift, int activation, float slope) {
  if (activation == ACTIVATION_NONE) return dy;
  const floatv y = activate(MULTIPLY_ADD(centred, factor, shift), activation, slope);
  return activate_gradient(dy, y, activation, slope);
}

#endif

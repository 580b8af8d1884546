// Normally distributed numbers.
#ifndef NORMAL_CL
#define NORMAL_CL
#include "logarithm.cl"

// sqrt(2) erfinv(x), the normal distribution's quantile at (1 + x) / 2, for |x| < 1: Giles, "Approximating the erfinv
// function", GPU Computing Gems 2, 2010, within 4e-7 of relative error.
INLINE floatv normal_quantile(floatv x) {
  const floatv w = -logv((SPLAT(1.0f) - x) * (SPLAT(1.0f) + x));
  const floatv a = w - SPLAT(2.5f), b = sqrt(w) - SPLAT(3.0f);
  floatv p = SPLAT(2.81022636e-8f), q = SPLAT(-0.000200214257f);
  p = MULTIPLY_ADD(p, a, SPLAT(3.43273939e-7f));
  p = MULTIPLY_ADD(p, a, SPLAT(-3.5233877e-6f));
  p = MULTIPLY_ADD(p, a, SPLAT(-4.39150654e-6f));
  p = MULTIPLY_ADD(p, a, SPLAT(0.00021858087f));
  p = MULTIPLY_ADD(p, a, SPLAT(-0.00125372503f));
  p = MULTIPLY_ADD(p, a, SPLAT(-0.00417768164f));
  p = MULTIPLY_ADD(p, a, SPLAT(0.246640727f));
  p = MULTIPLY_ADD(p, a, SPLAT(1.50140941f));
  q = MULTIPLY_ADD(q, b, SPLAT(0.000100950558f));
  q = MULTIPLY_ADD(q, b, SPLAT(0.00134934322f));
  q = MULTIPLY_ADD(q, b, SPLAT(-0.00367342844f));
  q = MULTIPLY_ADD(q, b, SPLAT(0.00573950773f));
  q = MULTIPLY_ADD(q, b, SPLAT(-0.0076224613f));
  q = MULTIPLY_ADD(q, b, SPLAT(0.00943887047f));
  q = MULTIPLY_ADD(q, b, SPLAT(1.00167406f));
  q = MULTIPLY_ADD(q, b, SPLAT(2.83297682f));
  return CHOOSEV(w < SPLAT(5.0f), p, q) * x * 1.41421356f;
}

#endif

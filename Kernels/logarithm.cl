// The logarithm of vectors.
#ifndef LOGARITHM_CL
#define LOGARITHM_CL
#include "common.cl"

// log x within 2 ulp for normal x; -100 below them, as torch's binary cross entropy cuts it off. NaN for NaN and negative x.
// x = m 2^n with sqrt(1/2) <= m < sqrt(2), and a polynomial in m - 1 (Cephes logf).
INLINE floatv logv(floatv x) {
  const intv n = (AS_INTV(x) - 0x3f3504f3) >> 23;
  const floatv f = AS_FLOATV(AS_INTV(x) - (n << 23)) - SPLAT(1.0f), e = TO_FLOATV(n), square = f * f;
  floatv p = SPLAT(7.0376836292e-2f);
  p = MULTIPLY_ADD(p, f, SPLAT(-1.1514610310e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(1.1676998740e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(-1.2420140846e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(1.4249322787e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(-1.6668057665e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(2.0000714765e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(-2.4999993993e-1f));
  p = MULTIPLY_ADD(p, f, SPLAT(3.3333331174e-1f));
  p = MULTIPLY_ADD(e, SPLAT(-2.12194440e-4f), p * f * square);
  p = f + MULTIPLY_ADD(square, SPLAT(-0.5f), p);
  const floatv y = CHOOSEV(x < SPLAT(1.17549435e-38f), SPLAT(-100.0f), MULTIPLY_ADD(e, SPLAT(0.693359375f), p));
  return CHOOSEV(x >= SPLAT(0.0f), y, SPLAT(NAN));
}

#endif

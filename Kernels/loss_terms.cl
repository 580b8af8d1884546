// Losses by element other than the squared error, and their gradients, for both families.
#ifndef LOSS_TERMS_CL
#define LOSS_TERMS_CL
#include "activation.cl"
#include "logarithm.cl"
#include "loss_terms.h"

// log(1 + e^-|x|), also where the sum is 1 in single precision: e log(1 + e) / ((1 + e) - 1) (Kahan).
INLINE floatv log_one_plus_exp(floatv x) {
  const floatv e = expv(AS_FLOATV(AS_INTV(x) | (int)0x80000000)), sum = SPLAT(1.0f) + e, rest = sum - SPLAT(1.0f);
  return CHOOSEV(rest == SPLAT(0.0f), e, logv(sum) * (e / rest));
}

// The loss of predictions y for targets t, and its derivative by y, times scale; for LOSS_BINARY_SIGMOID, by the sigmoid's
// input. Not a number where a probability is not from 0 to 1.
INLINE floatv loss_terms(
    const floatv y, const floatv t, floatv *gradient, const float scale, const int kind, const float delta) {
  const floatv d = y - t, a = AS_FLOATV(AS_INTV(d) & 0x7fffffff), zero = SPLAT(0.0f);
  switch (kind) {
    case LOSS_ABSOLUTE: {
      const floatv sign = CHOOSEV(d < zero, SPLAT(-scale), SPLAT(scale));
      *gradient = CHOOSEV(d == zero, zero, CHOOSEV(d == d, sign, d));
      return a;
    }
    case LOSS_HUBER: {
      const floatv high = SPLAT(delta), low = SPLAT(-delta);
      *gradient = CHOOSEV(d > high, high, CHOOSEV(d < low, low, d)) * scale;
      return CHOOSEV(a > high, delta * (a - 0.5f * delta), 0.5f * d * d);
    }
    case LOSS_BINARY_LOGITS: {
      *gradient = (sigmoidv(y) - t) * scale;
      const floatv positive = CHOOSEV(y <= zero, zero, y);
      return MULTIPLY_ADD(-y, t, positive) + log_one_plus_exp(y);
    }
    default: {
      // The slope of the probability is kept from 0 as in torch.
      const floatv rest = SPLAT(1.0f) - y, slope = y * rest, least = SPLAT(1e-12f);
      *gradient = kind == LOSS_BINARY_SIGMOID ? d * scale : d / CHOOSEV(slope < least, least, slope) * scale;
      return -MULTIPLY_ADD(t, logv(y), (SPLAT(1.0f) - t) * logv(rest));
    }
  }
}

#endif

// What every kernel file shares: vector types by width, multiply-add, and elementary functions.
//
// The same text is OpenCL C 1.2 and, through a shim that defines its keywords, C compiled ahead of time. It keeps to
// what both understand:
//   - vectors are made by SPLAT (one value) or from arrays by vload, never by (float4)(a, b, c, d);
//   - float constants carry their f;
//   - contraction is off, and MULTIPLY_ADD is written where a fused operation is meant.
// A kernel returns early for work-items past its end: devices round the grid up to whole work-groups.
#ifndef COMMON_CL
#define COMMON_CL
#include "activation.h"
#include "pool.h"

#ifndef TELAR_AHEAD_OF_TIME
#pragma OPENCL FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define OUTLINE static  // drivers inline as they like; compiled ahead of time, not inlined
#endif

#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 8  // floats in a vector: 4, 8 or 16
#endif
#if VECTOR_WIDTH != 4 && VECTOR_WIDTH != 8 && VECTOR_WIDTH != 16
#error "VECTOR_WIDTH must be 4, 8 or 16"
#endif
#ifndef USE_FMA
#define USE_FMA 1  // whether fma() is an instruction of the device
#endif

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

// Vectors of VECTOR_WIDTH elements, and their unaligned loads and stores.
typedef CONCATENATE(float, VECTOR_WIDTH) floatv;
typedef CONCATENATE(int, VECTOR_WIDTH) intv;
typedef CONCATENATE(uint, VECTOR_WIDTH) uintv;
typedef CONCATENATE(uchar, VECTOR_WIDTH) ucharv;
typedef CONCATENATE(ushort, VECTOR_WIDTH) ushortv;
#define LOADV(p) CONCATENATE(vload, VECTOR_WIDTH)(0, (p))
#if defined(__clang__) && !defined(TELAR_AHEAD_OF_TIME) && VECTOR_WIDTH > 4
// PoCL's vstore makes stores of four elements each; a vector that clang is told is aligned as its elements are is one.
#define STORE_FUNCTION(space, element, vector)                                                   \
  typedef vector __attribute__((aligned(sizeof(element)))) unaligned_##space##_##vector;         \
  INLINE __attribute__((overloadable)) void store_vector(const vector v, space element *p) {     \
    *(space unaligned_##space##_##vector *)p = v;                                                \
  }
STORE_FUNCTION(global, float, floatv)
STORE_FUNCTION(global, ushort, ushortv)
STORE_FUNCTION(private, float, floatv)
STORE_FUNCTION(private, int, intv)
#define STOREV(v, p) store_vector((v), (p))
#else
#define STOREV(v, p) CONCATENATE(vstore, VECTOR_WIDTH)((v), 0, (p))
#endif
#define SPLAT(x) ((floatv)(x))
#define AS_INTV(x) CONCATENATE(as_int, VECTOR_WIDTH)(x)
#define AS_UINTV(x) CONCATENATE(as_uint, VECTOR_WIDTH)(x)
#define AS_FLOATV(x) CONCATENATE(as_float, VECTOR_WIDTH)(x)
#define TO_FLOATV(x) CONCATENATE(convert_float, VECTOR_WIDTH)(x)
#define TO_INTV(x) CONCATENATE(convert_int, VECTOR_WIDTH)(x)

#if USE_FMA
#define MULTIPLY_ADD(a, b, c) fma((a), (b), (c))
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// A height and a width below 32768 in one argument.
#define HEIGHT(pair) ((pair) >> 16)
#define WIDTH(pair) ((pair) & 0xffff)

// Lane by lane: yes where mask is all ones, no where it is zero. Masks are what vector comparisons give.
#define CHOOSEV(mask, yes, no) AS_FLOATV((AS_INTV(yes) & (mask)) | (AS_INTV(no) & ~(mask)))

// The first n elements at p, zeros behind them; 0 <= n, and n >= VECTOR_WIDTH loads a whole vector.
INLINE floatv load_part(global const float *p, int n) {
  if (n >= VECTOR_WIDTH) return LOADV(p);
  float lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[i] : 0.0f;
  return LOADV(lanes);
}

// Stores the first n elements of v at p.
INLINE void store_part(floatv v, global float *p, int n) {
  if (n >= VECTOR_WIDTH) {
    STOREV(v, p);
    return;
  }
  float lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < n; i++) p[i] = lanes[i];
}

// VECTOR_WIDTH rows of as many elements, `step` from one row to the next; of all but the first n elements of the first
// `rows`, which may be more than there are, zeros.
INLINE void load_square(
    floatv square[VECTOR_WIDTH], global const float *p, const long step, const int rows, const int n) {
  if (rows >= VECTOR_WIDTH && n >= VECTOR_WIDTH) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) square[i] = LOADV(p + i * step);
  } else {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) square[i] = i < rows ? load_part(p + i * step, n) : SPLAT(0.0f);
  }
}

// Elements of two vectors in an order known when this is compiled, from 0 for a's first and VECTOR_WIDTH for b's.
// Compilers that have the builtin, as those made from clang have, make the one or two instructions of it that there
// are; the others are drivers', for OpenCL only.
#ifndef HAS_SHUFFLE
#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define HAS_SHUFFLE 1
#endif
#endif
#endif
#ifndef HAS_SHUFFLE
#define HAS_SHUFFLE 0
#endif
#if HAS_SHUFFLE
#define SHUFFLE(a, b, order) __builtin_shufflevector(a, b, order)
#else
#define SHUFFLE(a, b, order) shuffle2(a, b, (uintv)(order))
#endif

// The elements of each four taken in turns from a and b, their lower or their upper halves; every other four of both.
#if VECTOR_WIDTH == 16
#define ZIP_LOWER 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define ZIP_UPPER 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define EVEN_FOURS 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define ODD_FOURS 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
#elif VECTOR_WIDTH == 8
#define ZIP_LOWER 0, 8, 1, 9, 4, 12, 5, 13
#define ZIP_UPPER 2, 10, 3, 11, 6, 14, 7, 15
#define EVEN_FOURS 0, 1, 2, 3, 8, 9, 10, 11
#define ODD_FOURS 4, 5, 6, 7, 12, 13, 14, 15
#else
#define ZIP_LOWER 0, 4, 1, 5
#define ZIP_UPPER 2, 6, 3, 7
#endif

// Transposes the square whose rows are VECTOR_WIDTH vectors, in registers: squares of four by four, then their places.
INLINE void transpose_square(floatv square[VECTOR_WIDTH]) {
#pragma unroll
  for (int gap = 2; gap > 0; gap--) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) {
      if (i & gap) continue;
      const floatv a = square[i], b = square[i + gap];
      square[i] = SHUFFLE(a, b, ZIP_LOWER);
      square[i + gap] = SHUFFLE(a, b, ZIP_UPPER);
    }
  }
#if VECTOR_WIDTH > 4
#pragma unroll
  for (int gap = 4; gap < VECTOR_WIDTH; gap *= 2) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) {
      if (i & gap) continue;
      const floatv a = square[i], b = square[i + gap];
      square[i] = SHUFFLE(a, b, EVEN_FOURS);
      square[i + gap] = SHUFFLE(a, b, ODD_FOURS);
    }
  }
#endif
}

// The transpose of a part of a matrix, VECTOR_WIDTH rows at p as load_square reads them: column i in to[i * to_step],
// for i < n.
INLINE void transpose_part(
    floatv *to, const int to_step, global const float *p, const long step, const int rows, const int n) {
  floatv square[VECTOR_WIDTH];
  load_square(square, p, step, rows, n);
  transpose_square(square);
  if (n >= VECTOR_WIDTH) {
#pragma unroll
    for (int i = 0; i < VECTOR_WIDTH; i++) to[i * to_step] = square[i];
  } else {
    for (int i = 0; i < n; i++) to[i * to_step] = square[i];
  }
}

// The sum of a vector's elements, in a fixed order: halves first.
INLINE float sumv(floatv v) {
  float lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int gap = VECTOR_WIDTH / 2; gap > 0; gap /= 2) {
    for (int i = 0; i < gap; i++) lanes[i] += lanes[i + gap];
  }
  return lanes[0];
}

// Sums over consecutive elements are kept in 16 lanes, element i in lane i mod 16, whatever the vector's width: the
// tree of a sum is the same everywhere.
#define SUM_LANES 16
#define SUM_VECTORS (SUM_LANES / VECTOR_WIDTH)

// The sum of 16 lanes, halves first.
INLINE float sum_lanes(floatv *lanes) {
  for (int step = SUM_VECTORS / 2; step > 0; step /= 2) {
    for (int i = 0; i < step; i++) lanes[i] += lanes[i + step];
  }
  return sumv(lanes[0]);
}

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

// Activations that kernels apply to what they store: see activation.h.
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

// dx from dy and the activation's output y, from which every derivative here follows.
INLINE floatv activate_gradient(floatv dy, floatv y, int activation, float slope) {
  switch (activation) {
    case ACTIVATION_RELU: return CHOOSEV(y <= SPLAT(0.0f), SPLAT(0.0f), dy);
    case ACTIVATION_LEAKY_RELU: return CHOOSEV(y > SPLAT(0.0f), dy, dy * slope);
    case ACTIVATION_SIGMOID: return dy * (y * (SPLAT(1.0f) - y));
    case ACTIVATION_TANH: return dy * (SPLAT(1.0f) - y * y);
    // No mask: a dropped element and one that ReLU held back are both 0 in y and have the same gradient.
    case ACTIVATION_RELU_DROPOUT: return CHOOSEV(y <= SPLAT(0.0f), SPLAT(0.0f), dy * slope);
    default: return dy;
  }
}

// What a product's kernel stores of the first n elements of x: activation(x), or the gradient before an activation,
// whose output has them at `activated`.
INLINE floatv finish(floatv x, global const float *activated, int n, int activation, float slope) {
  if (activation < ACTIVATION_GRADIENT) return activate(x, activation, slope);
  return activate_gradient(x, load_part(activated, n), activation - ACTIVATION_GRADIENT, slope);
}

// Of a batch normalisation's y = activation(centred * factor + shift): dy * activation'(y). What is normalised is
// computed again, by the forward pass's own formula, rather than read back: memory is what these kernels wait for.
INLINE floatv gradient_before_activation(
    floatv dy, floatv centred, floatv factor, floatv shift, int activation, float slope) {
  if (activation == ACTIVATION_NONE) return dy;
  const floatv y = activate(MULTIPLY_ADD(centred, factor, shift), activation, slope);
  return activate_gradient(dy, y, activation, slope);
}

// The first n positions of a winner array.
INLINE intv load_winners(global const ushort *p, int n) {
  if (n >= VECTOR_WIDTH) return TO_INTV(LOADV(p));
  int lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[i] : -1;
  return LOADV(lanes);
}

INLINE void store_winners(intv v, global ushort *p, int n) {
  if (n >= VECTOR_WIDTH) {
    STOREV(CONCATENATE(convert_ushort, VECTOR_WIDTH)(v & POOL_NO_ARGMAX), p);
    return;
  }
  int lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < n; i++) p[i] = (ushort)lanes[i];
}

// The winner of a window as POOL_KEEP_POSITIVE_ARGMAX has it.
INLINE intv positive_winner(floatv best, intv winner) { return (best <= SPLAT(0.0f)) | winner; }

// Takes v, at `position` of its window, where it is larger than the best so far: the first of equal values wins, and
// NaN over everything, as in PyTorch.
INLINE void take_larger(floatv v, int position, floatv *best, intv *winner) {
  const intv wins = (v > *best) | (v != v);
  *best = CHOOSEV(wins, v, *best);
  *winner = (wins & position) | (~wins & *winner);
}

// The largest of a window of 2 x 2, in row order, and where it is.
INLINE floatv largest_of_four(const floatv values[4], intv *winner) {
  floatv best = values[0];
  *winner = (intv)(0);
#pragma unroll
  for (int i = 1; i < 4; i++) take_larger(values[i], i, &best, winner);
  return best;
}

// That one of them, by where it is.
INLINE floatv choose_of_four(const floatv values[4], const intv position) {
  floatv chosen = values[0];
#pragma unroll
  for (int i = 1; i < 4; i++) chosen = CHOOSEV(position == i, values[i], chosen);
  return chosen;
}

#endif

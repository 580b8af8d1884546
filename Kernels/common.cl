// What every program shares: vector types by width, multiply-add, loads and stores of part of a vector, transposes,
// sums.
//
// Kernels are both OpenCL C 1.2 and, through a shim that defines its keywords (Sources/CKernels/shim.h), C compiled
// ahead of time. They keep to what both understand:
//   - vectors are made by SPLAT (one value) or from arrays by vload, never by (float4)(a, b, c, d);
//   - float constants carry their f;
//   - contraction is off, and MULTIPLY_ADD is written where a fused operation is meant.
// A kernel returns early for work-items past its end: devices round the grid up to whole work-groups.
#ifndef COMMON_CL
#define COMMON_CL

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
// PoCL's vstore is several stores of four elements; a vector with the alignment of its elements is stored as one.
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

// The first n elements at p, zeros behind them; 0 <= n, and n >= VECTOR_WIDTH loads a whole vector. store_part stores the
// first n elements of v. With ..._aligned, p is aligned to a vector, as every VECTOR_WIDTH-th element of a buffer is.
#if VECTOR_WIDTH == 4 && !defined(TELAR_AHEAD_OF_TIME)
// For GPUs: an array of elements would lie in memory, and NVIDIA's vload4 is four loads where an aligned vector is one.
INLINE floatv load_few(global const float *p, int n) {
  floatv v = SPLAT(0.0f);
  if (n > 0) v.x = p[0];
  if (n > 1) v.y = p[1];
  if (n > 2) v.z = p[2];
  return v;
}

INLINE void store_few(floatv v, global float *p, int n) {
  if (n > 0) p[0] = v.x;
  if (n > 1) p[1] = v.y;
  if (n > 2) p[2] = v.z;
}

INLINE floatv load_part(global const float *p, int n) { return n >= VECTOR_WIDTH ? LOADV(p) : load_few(p, n); }

INLINE floatv load_aligned(global const float *p, int n) {
  return n >= VECTOR_WIDTH ? *(global const floatv *)p : load_few(p, n);
}

INLINE void store_part(floatv v, global float *p, int n) {
  if (n >= VECTOR_WIDTH) STOREV(v, p);
  else store_few(v, p, n);
}

INLINE void store_aligned(floatv v, global float *p, int n) {
  if (n >= VECTOR_WIDTH) *(global floatv *)p = v;
  else store_few(v, p, n);
}

// The first n elements of a row at p, 0 < n, of which no more than four are loaded. is_aligned: p is a multiple of 16
// bytes, and n of 4; it is then one load of a vector.
INLINE floatv load_quad(global const float *p, const int n, const int is_aligned) {
  if (is_aligned) return *(global const floatv *)p;
  floatv v = SPLAT(0.0f);
  v.x = p[0];
  if (n > 1) v.y = p[1];
  if (n > 2) v.z = p[2];
  if (n > 3) v.w = p[3];
  return v;
}

// Stores the first n elements of v, with load_quad's conditions.
INLINE void store_quad(const floatv v, global float *p, const int n, const int is_aligned) {
  if (is_aligned) {
    *(global floatv *)p = v;
    return;
  }
  p[0] = v.x;
  if (n > 1) p[1] = v.y;
  if (n > 2) p[2] = v.z;
  if (n > 3) p[3] = v.w;
}

INLINE floatv load_columns(global const float *p, const int C, const int channels) {
  return load_quad(p, channels, C % VECTOR_WIDTH == 0);
}

INLINE void store_columns(const floatv v, global float *p, const int C, const int channels) {
  store_quad(v, p, channels, C % VECTOR_WIDTH == 0);
}
#else
INLINE floatv load_part(global const float *p, int n) {
  if (n >= VECTOR_WIDTH) return LOADV(p);
  float lanes[VECTOR_WIDTH];
  for (int i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < n ? p[i] : 0.0f;
  return LOADV(lanes);
}

INLINE void store_part(floatv v, global float *p, int n) {
  if (n >= VECTOR_WIDTH) {
    STOREV(v, p);
    return;
  }
  float lanes[VECTOR_WIDTH];
  STOREV(v, lanes);
  for (int i = 0; i < n; i++) p[i] = lanes[i];
}

#define load_aligned load_part
#define store_aligned store_part
#define load_columns(p, C, channels) load_part(p, channels)
#define store_columns(v, p, C, channels) store_part(v, p, channels)
#endif

// A square of VECTOR_WIDTH rows, `step` elements from one row to the next, of which the first `rows` rows and n
// columns are loaded and the rest is zero. Both may exceed VECTOR_WIDTH.
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

// Elements of two vectors in a constant order: 0 is a's first, VECTOR_WIDTH b's first. Compilers based on clang have a
// builtin, which becomes one or two instructions; other drivers have OpenCL's shuffle2.
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

// Orders for SHUFFLE. Zips interleave the lower or upper halves of each four elements of a and b; EVEN_FOURS and
// ODD_FOURS take every other four of both.
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

// Transposes a square of VECTOR_WIDTH vectors in registers: first within blocks of 4 x 4, then the blocks.
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

// Transposes VECTOR_WIDTH rows at p, loaded as by load_square: column i goes to to[i * to_step], for i < n.
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

// Sums over consecutive elements are kept in 16 lanes, element i in lane i mod 16, whatever the vector's width, so that
// the order of additions is the same on every device.
#define SUM_LANES 16
#define SUM_VECTORS (SUM_LANES / VECTOR_WIDTH)

// The sum of 16 lanes, halves first.
INLINE float sum_lanes(floatv *lanes) {
  for (int step = SUM_VECTORS / 2; step > 0; step /= 2) {
    for (int i = 0; i < step; i++) lanes[i] += lanes[i + step];
  }
  return sumv(lanes[0]);
}

#endif

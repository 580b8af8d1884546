// OpenCL C's keywords, types and functions for clang compiling C: just those that Kernels/*.cl use.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define TELAR_AHEAD_OF_TIME 1
#define INLINE static inline __attribute__((always_inline))
// For inner loops that deserve the whole register file: inlined, they would share it with their surroundings.
#define OUTLINE static __attribute__((noinline))
#define kernel INLINE
#define global
#define local
#define constant const
#define private

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;

// --- Work-items -------------------------------------------------------------

// The work-item that runs on this thread: set by the entry points, read by get_global_id.
typedef struct {
  size_t id[3], size[3];
} telar_item;
static _Thread_local telar_item telar_current;
#define get_global_id(d) (telar_current.id[d])
#define get_global_size(d) (telar_current.size[d])

// --- Vectors ----------------------------------------------------------------

#define VECTOR_TYPES(n)                                        \
  typedef float float##n __attribute__((ext_vector_type(n)));  \
  typedef int int##n __attribute__((ext_vector_type(n)));      \
  typedef uint uint##n __attribute__((ext_vector_type(n)));    \
  typedef uchar uchar##n __attribute__((ext_vector_type(n)));  \
  typedef ushort ushort##n __attribute__((ext_vector_type(n)));
VECTOR_TYPES(2)
VECTOR_TYPES(4)
VECTOR_TYPES(8)
VECTOR_TYPES(16)
#undef VECTOR_TYPES
typedef ulong ulong8 __attribute__((ext_vector_type(8)));

#define OVERLOAD static inline __attribute__((overloadable, always_inline))

// vloadN(offset, p) and vstoreN(v, offset, p) at any alignment of the element.
#define VECTOR_ACCESS(T, n)                                                                 \
  OVERLOAD T##n vload##n(size_t offset, const T *p) {                                       \
    T##n v;                                                                                 \
    __builtin_memcpy(&v, p + offset * n, n * sizeof(T));                                    \
    return v;                                                                               \
  }                                                                                         \
  OVERLOAD void vstore##n(T##n v, size_t offset, T *p) { __builtin_memcpy(p + offset * n, &v, n * sizeof(T)); }
#define VECTOR_ACCESSES(n) \
  VECTOR_ACCESS(float, n) VECTOR_ACCESS(int, n) VECTOR_ACCESS(uint, n) VECTOR_ACCESS(uchar, n) VECTOR_ACCESS(ushort, n)
VECTOR_ACCESSES(2)
VECTOR_ACCESSES(4)
VECTOR_ACCESSES(8)
VECTOR_ACCESSES(16)
#undef VECTOR_ACCESSES
#undef VECTOR_ACCESS

// Reinterpretation and conversion.
#define AS_TYPE(T, x) ({ __typeof__(x) from_ = (x); T to_; __builtin_memcpy(&to_, &from_, sizeof to_); to_; })
#define as_int(x) AS_TYPE(int, x)
#define as_uint(x) AS_TYPE(uint, x)
#define as_float(x) AS_TYPE(float, x)
#define VECTOR_CONVERSIONS(n)                                                                \
  OVERLOAD int##n as_int##n(float##n x) { return AS_TYPE(int##n, x); }                       \
  OVERLOAD int##n as_int##n(uint##n x) { return AS_TYPE(int##n, x); }                        \
  OVERLOAD int##n as_int##n(int##n x) { return x; }                                          \
  OVERLOAD uint##n as_uint##n(float##n x) { return AS_TYPE(uint##n, x); }                    \
  OVERLOAD uint##n as_uint##n(int##n x) { return AS_TYPE(uint##n, x); }                      \
  OVERLOAD float##n as_float##n(int##n x) { return AS_TYPE(float##n, x); }                   \
  OVERLOAD float##n as_float##n(uint##n x) { return AS_TYPE(float##n, x); }                  \
  OVERLOAD float##n convert_float##n(int##n x) { return __builtin_convertvector(x, float##n); }    \
  OVERLOAD float##n convert_float##n(uint##n x) { return __builtin_convertvector(x, float##n); }   \
  OVERLOAD float##n convert_float##n(uchar##n x) { return __builtin_convertvector(x, float##n); }  \
  OVERLOAD float##n convert_float##n(ushort##n x) { return __builtin_convertvector(x, float##n); } \
  OVERLOAD int##n convert_int##n(float##n x) { return __builtin_convertvector(x, int##n); }        \
  OVERLOAD int##n convert_int##n(uchar##n x) { return __builtin_convertvector(x, int##n); }        \
  OVERLOAD int##n convert_int##n(ushort##n x) { return __builtin_convertvector(x, int##n); }       \
  OVERLOAD uint##n convert_uint##n(uchar##n x) { return __builtin_convertvector(x, uint##n); }     \
  OVERLOAD uint##n convert_uint##n(ushort##n x) { return __builtin_convertvector(x, uint##n); }    \
  OVERLOAD ushort##n convert_ushort##n(int##n x) { return __builtin_convertvector(x, ushort##n); } \
  OVERLOAD ushort##n convert_ushort##n(uint##n x) { return __builtin_convertvector(x, ushort##n); } \
  OVERLOAD uchar##n convert_uchar##n(int##n x) { return __builtin_convertvector(x, uchar##n); }
VECTOR_CONVERSIONS(4)
VECTOR_CONVERSIONS(8)
VECTOR_CONVERSIONS(16)
#undef VECTOR_CONVERSIONS
OVERLOAD ulong8 as_ulong8(uint16 x) { return AS_TYPE(ulong8, x); }
OVERLOAD uint16 as_uint16(ulong8 x) { return AS_TYPE(uint16, x); }

// --- Functions --------------------------------------------------------------

#define fma(a, b, c) __builtin_elementwise_fma(a, b, c)
#define sqrt(x) __builtin_elementwise_sqrt(x)
#define fabs(x) __builtin_elementwise_abs(x)
#define log(x) __builtin_elementwise_log(x)
#define min(a, b) __builtin_elementwise_min(a, b)
#define max(a, b) __builtin_elementwise_max(a, b)
#define fmin(a, b) __builtin_elementwise_min(a, b)
#define fmax(a, b) __builtin_elementwise_max(a, b)
#undef isnan
#define isnan(x) ((x) != (x))
// n elements from p on: the first line of the cache, and the last.
#define prefetch(p, n) (__builtin_prefetch(p), __builtin_prefetch((p) + (n) - 1))

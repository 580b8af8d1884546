// Entry points made from a list of kernels and their arguments.
//
// KERNEL(program, name, types...) makes name_entry, which takes a range of work-items and untyped arguments, and
// checks at compile time that the kernel has exactly these argument types. The lists are in kernels.h.
#pragma once
#include "CKernels.h"

// How argument types are written in the lists.
#define B(T) T *
#define C(T) const T *

#define COUNT(...) COUNT_(__VA_ARGS__, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#define COUNT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, \
               a23, a24, n, ...) n
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// EACH_n(m, s, _, types...): m(tag, type) for each type, with s() between them. The tag grows by a digit each time, so
// it is unique, and its length is the argument's place: _, _1, _11, ...
#define EACH_1(m, s, i, t) m(i, t)
#define EACH_2(m, s, i, t, ...) m(i, t) s() EACH_1(m, s, i##1, __VA_ARGS__)
#define EACH_3(m, s, i, t, ...) m(i, t) s() EACH_2(m, s, i##1, __VA_ARGS__)
#define EACH_4(m, s, i, t, ...) m(i, t) s() EACH_3(m, s, i##1, __VA_ARGS__)
#define EACH_5(m, s, i, t, ...) m(i, t) s() EACH_4(m, s, i##1, __VA_ARGS__)
#define EACH_6(m, s, i, t, ...) m(i, t) s() EACH_5(m, s, i##1, __VA_ARGS__)
#define EACH_7(m, s, i, t, ...) m(i, t) s() EACH_6(m, s, i##1, __VA_ARGS__)
#define EACH_8(m, s, i, t, ...) m(i, t) s() EACH_7(m, s, i##1, __VA_ARGS__)
#define EACH_9(m, s, i, t, ...) m(i, t) s() EACH_8(m, s, i##1, __VA_ARGS__)
#define EACH_10(m, s, i, t, ...) m(i, t) s() EACH_9(m, s, i##1, __VA_ARGS__)
#define EACH_11(m, s, i, t, ...) m(i, t) s() EACH_10(m, s, i##1, __VA_ARGS__)
#define EACH_12(m, s, i, t, ...) m(i, t) s() EACH_11(m, s, i##1, __VA_ARGS__)
#define EACH_13(m, s, i, t, ...) m(i, t) s() EACH_12(m, s, i##1, __VA_ARGS__)
#define EACH_14(m, s, i, t, ...) m(i, t) s() EACH_13(m, s, i##1, __VA_ARGS__)
#define EACH_15(m, s, i, t, ...) m(i, t) s() EACH_14(m, s, i##1, __VA_ARGS__)
#define EACH_16(m, s, i, t, ...) m(i, t) s() EACH_15(m, s, i##1, __VA_ARGS__)
#define EACH_17(m, s, i, t, ...) m(i, t) s() EACH_16(m, s, i##1, __VA_ARGS__)
#define EACH_18(m, s, i, t, ...) m(i, t) s() EACH_17(m, s, i##1, __VA_ARGS__)
#define EACH_19(m, s, i, t, ...) m(i, t) s() EACH_18(m, s, i##1, __VA_ARGS__)
#define EACH_20(m, s, i, t, ...) m(i, t) s() EACH_19(m, s, i##1, __VA_ARGS__)
#define EACH_21(m, s, i, t, ...) m(i, t) s() EACH_20(m, s, i##1, __VA_ARGS__)
#define EACH_22(m, s, i, t, ...) m(i, t) s() EACH_21(m, s, i##1, __VA_ARGS__)
#define EACH_23(m, s, i, t, ...) m(i, t) s() EACH_22(m, s, i##1, __VA_ARGS__)
#define EACH_24(m, s, i, t, ...) m(i, t) s() EACH_23(m, s, i##1, __VA_ARGS__)
#define EACH(m, s, ...) JOIN(EACH_, COUNT(__VA_ARGS__))(m, s, _, __VA_ARGS__)
#define SEPARATE_NOTHING()
#define SEPARATE_COMMA() ,

#define ARGUMENT_PLACE(tag) (sizeof #tag - 2)
#define ARGUMENT_UNPACK(tag, T) T const argument##tag = *(T const *)arguments[ARGUMENT_PLACE(tag)];
#define ARGUMENT_NAME(tag, T) argument##tag
#define ARGUMENT_TYPE(tag, T) T
#define ARGUMENT_LETTER(tag, T) \
  _Generic((T)0, int: 'i', uint: 'u', float: 'f', const float *: 'c', const int *: 'c', const uint *: 'c', \
           const uchar *: 'c', const ushort *: 'c', float *: 'b', int *: 'b', uint *: 'b', uchar *: 'b', ushort *: 'b')

#define KERNEL_ENTRY(program, name, ...)                                                            \
  static const char JOIN(name, _signature)[] = {EACH(ARGUMENT_LETTER, SEPARATE_COMMA, __VA_ARGS__), 0}; \
  static void (*const JOIN(name, _typed))(EACH(ARGUMENT_TYPE, SEPARATE_COMMA, __VA_ARGS__)) = name;  \
  static void JOIN(name, _entry)(const telar_range *range, const void *const *arguments) {          \
    (void)JOIN(name, _typed);                                                                       \
    EACH(ARGUMENT_UNPACK, SEPARATE_NOTHING, __VA_ARGS__)                                            \
    const size_t nx = range->x, ny = range->y;                                                      \
    size_t x = range->begin % nx, y = range->begin / nx % ny, z = range->begin / nx / ny;           \
    telar_current.size[0] = nx, telar_current.size[1] = ny, telar_current.size[2] = range->z;       \
    for (uint64_t item = range->begin; item < range->end; item++) {                                 \
      telar_current.id[0] = x, telar_current.id[1] = y, telar_current.id[2] = z;                    \
      name(EACH(ARGUMENT_NAME, SEPARATE_COMMA, __VA_ARGS__));                                       \
      if (++x == nx) {                                                                              \
        x = 0;                                                                                      \
        if (++y == ny) y = 0, z++;                                                                  \
      }                                                                                             \
    }                                                                                               \
  }
#define KERNEL_ROW(program, name, ...) {#program, KERNEL_STRING(name), JOIN(name, _signature), JOIN(name, _entry)},
#define KERNEL_STRING(name) KERNEL_STRING_(name)
#define KERNEL_STRING_(name) #name

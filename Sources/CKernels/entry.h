// Entry points: functions that take a range of work-items and untyped arguments. generated/*_kernels.h lists them.
#pragma once
#include "CKernels.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define STRING_(name) #name
#define STRING(name) STRING_(name)

// Argument `index` of a kernel, as a local variable.
#define A(index, type) type const a##index = *(type const *)arguments[index];

// name_entry calls a kernel for each work-item of a range. `types` are those of the kernel's arguments, which is checked
// here, `loads` an A for each and `values` what these define. telar_current (shim.h) tells the kernel its work-item.
#define ENTRY(name, types, loads, values)                                                     \
  static void (*const JOIN(name, _typed)) types = name;                                       \
  static void JOIN(name, _entry)(const telar_range *range, const void *const *arguments) {    \
    (void)JOIN(name, _typed);                                                                 \
    loads                                                                                     \
    const size_t nx = range->x, ny = range->y;                                                \
    size_t x = range->begin % nx, y = range->begin / nx % ny, z = range->begin / nx / ny;     \
    telar_current.size[0] = nx, telar_current.size[1] = ny, telar_current.size[2] = range->z; \
    for (uint64_t item = range->begin; item < range->end; item++) {                           \
      telar_current.id[0] = x, telar_current.id[1] = y, telar_current.id[2] = z;              \
      name values;                                                                            \
      if (++x == nx) {                                                                        \
        x = 0;                                                                                \
        if (++y == ny) y = 0, z++;                                                            \
      }                                                                                       \
    }                                                                                         \
  }

// A kernel in the table of a clone.
#define ROW(name) {STRING(name), JOIN(name, _entry)},

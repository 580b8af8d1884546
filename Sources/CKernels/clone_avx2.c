// AVX2 with fused multiply-add: eight floats in a vector, sixteen registers.
#if defined(__x86_64__)
#include "CKernels.h"
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CLONE avx2
#define VECTOR_WIDTH 8
#define USE_FMA 1
#define CLONE_ROWS 6
#include "clone.h"
#pragma clang attribute pop
#endif

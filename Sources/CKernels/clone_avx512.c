// AVX-512: sixteen floats in a vector, thirty-two registers.
#if defined(__x86_64__)
#include "CKernels.h"
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#define CLONE avx512
#define VECTOR_WIDTH 16
#define USE_FMA 1
#define CLONE_ROWS 8
#include "clone.h"
#pragma clang attribute pop
#endif

// 64-bit Arm, which always has vectors and fused multiply-add.
#if defined(__aarch64__)
#define CLONE neon
#define VECTOR_WIDTH 4
#define USE_FMA 1
#define CLONE_ROWS 8
#include "clone.h"
#endif

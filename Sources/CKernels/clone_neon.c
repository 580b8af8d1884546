// 64-bit Arm, which always has vectors and fused multiply-add.
#if defined(__aarch64__)
#define CLONE neon
#define VECTOR_WIDTH 4
#define USE_FMA 1
#define CLONE_TILES {8,2},{8,1}
#include "clone.h"
#endif

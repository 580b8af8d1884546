// x86-64 as it has always been: SSE2, no fused multiply-add.
#if defined(__x86_64__)
#define CLONE baseline
#define VECTOR_WIDTH 4
#define USE_FMA 0
#define CLONE_ROWS 6
#include "clone.h"
#endif

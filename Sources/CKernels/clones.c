// Which clones there are and which of them this processor can run.
#include "CKernels.h"
#include <string.h>

#if defined(__x86_64__)
extern const telar_clone telar_clone_avx512, telar_clone_avx2, telar_clone_baseline;
static const telar_clone *const clones[] = {&telar_clone_avx512, &telar_clone_avx2, &telar_clone_baseline};

int telar_clone_is_supported(const telar_clone *clone) {
  __builtin_cpu_init();
  if (!strcmp(clone->name, "avx512")) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  }
  if (!strcmp(clone->name, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return 1;
}

int telar_host_has_fma(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("fma") != 0;
}
#elif defined(__aarch64__)
extern const telar_clone telar_clone_neon;
static const telar_clone *const clones[] = {&telar_clone_neon};

int telar_clone_is_supported(const telar_clone *clone) { return clone == &telar_clone_neon; }
int telar_host_has_fma(void) { return 1; }
#else
#error "Telar's CPU backend is written for x86-64 and 64-bit Arm"
#endif

const int telar_clone_count = sizeof clones / sizeof *clones;

const telar_clone *telar_clone_at(int index) { return clones[index]; }

int telar_is_optimized(void) {
#ifdef __OPTIMIZE__
  return 1;
#else
  return 0;
#endif
}

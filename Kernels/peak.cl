// Fused multiply-adds in registers and nothing else: the device's peak arithmetic throughput. For benchmarks.
#include "common.cl"
#include "peak.h"

// Each work-item does rounds * PEAK_CHAINS * VECTOR_WIDTH multiply-adds. Writing out[item] keeps compilers from
// removing them.
kernel void peak_multiply_add(global float *out, int rounds, float factor, float summand) {
  floatv sums[PEAK_CHAINS];
#pragma unroll
  for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = SPLAT(summand * (float)i);
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int i = 0; i < PEAK_CHAINS; i++) sums[i] = MULTIPLY_ADD(sums[i], SPLAT(factor), SPLAT(summand));
  }
  floatv total = sums[0];
#pragma unroll
  for (int i = 1; i < PEAK_CHAINS; i++) total += sums[i];
  out[get_global_id(0)] = sumv(total);
}

// One block of Philox4x32-10 (philox.cl) for a work-item that needs few numbers.
#ifndef PHILOX_BLOCK_CL
#define PHILOX_BLOCK_CL
#include "common.cl"
#include "philox.h"

// The 16-bit numbers of the block with a counter: the halves of its words, low half first.
INLINE void draw_block(
    uint numbers[PHILOX_BLOCK_NUMBERS], uint c0, uint c1, uint c2, uint c3, uint key0, uint key1) {
  for (int round = 0; round < 10; round++) {
    const ulong first = (ulong)PHILOX_M0 * (ulong)c0, second = (ulong)PHILOX_M1 * (ulong)c2;
    c0 = (uint)(second >> 32) ^ c1 ^ key0;
    c1 = (uint)second;
    c2 = (uint)(first >> 32) ^ c3 ^ key1;
    c3 = (uint)first;
    key0 += PHILOX_W0;
    key1 += PHILOX_W1;
  }
  numbers[0] = c0 & 0xffffu;
  numbers[1] = c0 >> 16;
  numbers[2] = c1 & 0xffffu;
  numbers[3] = c1 >> 16;
  numbers[4] = c2 & 0xffffu;
  numbers[5] = c2 >> 16;
  numbers[6] = c3 & 0xffffu;
  numbers[7] = c3 >> 16;
}

#endif

// Sizes of the generator of dropout masks, philox.cl.
#ifndef PHILOX_H
#define PHILOX_H

// Multipliers and increments of the key, a round.
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

#define PHILOX_BLOCK_NUMBERS 8     // numbers of a block
#define PHILOX_LANES 16            // elements between those of neighbouring numbers of a block
#define PHILOX_GROUP_ELEMENTS 128  // elements whose numbers are drawn by 16 blocks
#define PHILOX_GROUPS_NARROW 1     // groups that are drawn together, with vectors of 4 and 8 floats
#define PHILOX_GROUPS_WIDE 2       // the same with vectors of 16
#define PHILOX_KEPT_ELEMENTS 8192  // elements whose numbers a work-item keeps in private memory, at most

#endif

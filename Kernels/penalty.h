// Sizes of penalty.cl.
#ifndef PENALTY_H
#define PENALTY_H

#define SAMPLED_ELEMENTS 16  // that a work-item samples

#endif

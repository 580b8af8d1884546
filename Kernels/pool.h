// What max-pooling keeps of each window for the gradient: its argmax, the position of the largest value in row order.
#ifndef POOL_H
#define POOL_H

#define POOL_KEEP_NOTHING 0
#define POOL_KEEP_ARGMAX 1
#define POOL_KEEP_POSITIVE_ARGMAX 2  // POOL_NO_ARGMAX where the largest value is not above 0: no gradient passes ReLU
#define POOL_NO_ARGMAX 0xffff        // in place of a position; so a window has at most as many positions

#endif

// What conv2d_depthwise.cl and its host agree on.
#ifndef CONV2D_DEPTHWISE_H
#define CONV2D_DEPTHWISE_H

#define DEPTHWISE_TAPS 64  // the most taps of a filter

#endif

// The activations that kernels apply, by number.
#ifndef ACTIVATION_H
#define ACTIVATION_H

#define ACTIVATION_NONE 0
#define ACTIVATION_RELU 1
#define ACTIVATION_LEAKY_RELU 2    // x below 0 times a slope
#define ACTIVATION_SIGMOID 3
#define ACTIVATION_TANH 4
#define ACTIVATION_RELU_DROPOUT 5  // gradients only: dropout behind ReLU, whose scale is the slope
// Added to one of these where a kernel computes the gradient of an activation's output and stores that of its input.
#define ACTIVATION_GRADIENT 16

#endif

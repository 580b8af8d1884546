// Every kernel without local memory and its argument types, by program: the one list from which the entry points and
// their signatures are made. X(program, name, types...); B(T) is a buffer, C(T) a constant one.

#define ELEMENTWISE_KERNELS(X)                                                             \
  X(elementwise, activation_forward, C(float), B(float), int, int, float)                  \
  X(elementwise, activation_backward, C(float), C(float), B(float), int, int, float)       \
  X(elementwise, add, C(float), C(float), B(float), int)

// Kernels that there is one of in each clone.
#define PLAIN_KERNELS(X) \
  ELEMENTWISE_KERNELS(X)

// Kernels that there is one of for each register tile; their names end in it.
#define TILED_KERNELS(X)

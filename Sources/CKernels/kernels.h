// Every kernel without local memory and its argument types, by program: the one list from which the entry points and
// their signatures are made. X(program, name, types...); B(T) is a buffer, C(T) a constant one.

#define ELEMENTWISE_KERNELS(X)                                                             \
  X(elementwise, activation_forward, C(float), B(float), int, int, float)                  \
  X(elementwise, activation_backward, C(float), C(float), B(float), int, int, float)       \
  X(elementwise, add, C(float), C(float), B(float), int)

#define PACK_KERNELS(X) X(pack, pack_panels, C(float), B(float), int, int, int, int, int)

#define PEAK_KERNELS(X) X(peak, peak_multiply_add, B(float), int, float, float)

#define COLUMN_SUM_KERNELS(X)                                      \
  X(column_sum, column_sum, C(float), B(float), int, int, int)     \
  X(column_sum, add_parts, C(float), B(float), int, int, int)

#define CONV2D_KERNELS(X)                                                                                            \
  X(conv2d_dot, conv2d_transposed_dot, C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, \
    int, int, int, float)                                                                                            \
  X(conv2d_dot, conv2d_collect, C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, float)      \
  X(conv2d_prepare, pad_image, C(float), B(float), int, int, int, int)                                               \
  X(conv2d_prepare, transpose_taps, C(float), B(float), int, int, int, int)

// Kernels that there is one of in each clone.
#define PLAIN_KERNELS(X) \
  PEAK_KERNELS(X) \
  ELEMENTWISE_KERNELS(X) \
  PACK_KERNELS(X)        \
  COLUMN_SUM_KERNELS(X)  \
  CONV2D_KERNELS(X)

// Kernels that there is one of for each register tile; their names end in it.
#define TILED_KERNELS(X)                                                                                      \
  X(gemm, TILED(gemm), C(float), C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, \
    int, float, float, int, float) \
  X(conv2d, TILED(conv2d_window), C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, \
    int, int, int, float)                                                                                       \
  X(conv2d, TILED(conv2d_transposed), C(float), C(float), C(float), C(float), B(float), int, int, int, int, int, int,  \
    int, int, int, int, int, int, int, float)                                                                   \
  X(conv2d, TILED(conv2d_weight_gradient), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, \
    int)

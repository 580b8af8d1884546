// Every kernel without local memory and its argument types, by program: the one list from which the entry points and
// their signatures are made. X(program, name, types...); B(T) is a buffer, C(T) a constant one.

#define ELEMENTWISE_KERNELS(X)                                                             \
  X(elementwise, activation_forward, C(float), B(float), int, int, float)                  \
  X(elementwise, activation_backward, C(float), C(float), B(float), int, int, float)       \
  X(elementwise, add, C(float), C(float), B(float), int)                                   \
  X(elementwise, scale_by_scalar, C(float), C(float), B(float), int, float)                \
  X(elementwise, broadcast_scalar, C(float), B(float), int, float)                         \
  X(elementwise, exponential, C(float), B(float), int)

#define POOL_KERNELS(X)                                                                                       \
  X(pool, pool_max_forward, C(float), B(float), B(ushort), int, int, int, int, int, int, int, int, int, int, int, \
    int, int)                                                                                                 \
  X(pool, pool_max_forward_2x2, C(float), B(float), B(ushort), int, int, int, int, int, int, int)             \
  X(pool, pool_max_backward, C(float), C(ushort), B(float), int, int, int, int, int, int, int, int, int, int, int, \
    int)                                                                                                      \
  X(pool, pool_max_backward_cells, C(float), C(ushort), B(float), int, int, int, int, int, int, int, int, int,    \
    float)                                                                                                       \
  X(pool, pool_average_forward, C(float), B(float), int, int, int, int, int, int, int, int, int, int, int, int, int) \
  X(pool, pool_average_backward, C(float), B(float), int, int, int, int, int, int, int, int, int, int, int, int, int) \
  X(pool, pool_average_backward_cells, C(float), B(float), int, int, int, int, int, int, int, int)

#define BATCH_NORM_KERNELS(X)                                                                                 \
  X(batch_norm, batch_norm_chunk_statistics, C(float), B(float), B(float), int, int, int)                     \
  X(batch_norm, batch_norm_statistics, C(float), C(float), B(float), B(float), B(float), B(float), int, int, int, \
    float)                                                                                                    \
  X(batch_norm, batch_norm_forward, C(float), B(float), C(float), C(float), C(float), C(float), int, int, float, \
    int, float)                                                                                               \
  X(batch_norm, batch_norm_chunk_gradients, C(float), C(float), C(float), C(float), C(float), C(float), B(float), \
    B(float), int, int, int, float, int, float)                                                               \
  X(batch_norm, batch_norm_parameter_gradients, C(float), C(float), C(float), B(float), B(float), B(float), int, \
    int, float, int, int)                                                                                     \
  X(batch_norm, batch_norm_backward, C(float), C(float), C(float), C(float), C(float), C(float), C(float), B(float), \
    int, int, float, int, int, float)                                                                         \
  X(batch_norm_pool, batch_norm_pool_forward, C(float), B(float), B(ushort), B(float), C(float), C(float), C(float), \
    C(float), int, int, int, int, float, int, float, int, int)                                                \
  X(batch_norm_pool, batch_norm_average_chunk_gradients, C(float), C(float), C(float), C(float), C(float), C(float), \
    B(float), B(float), int, int, int, int, int, float, int, float)                                           \
  X(batch_norm_pool, batch_norm_pool_backward, C(float), C(ushort), C(float), C(float), C(float), C(float), C(float), \
    C(float), B(float), int, int, int, int, float, int, int, float, int)

#define REDUCE_KERNELS(X)                                             \
  X(reduce, chunk_sum, C(float), B(float), int, int, float, int)      \
  X(reduce, arg_max, C(float), B(int), int, int)                      \
  X(reduce, count_correct, C(float), C(int), B(int), int, int, int)

#define LOSS_KERNELS(X)                                                                                        \
  X(softmax, cross_entropy_rows, C(float), C(int), B(float), B(float), B(int), int, int, int, float, int)      \
  X(loss, squared_error, C(float), C(float), B(float), B(float), int, int, float, int, int, float)             \
  X(loss, loss_finish, C(float), C(int), B(float), B(uint), int, float, int, int, int)

#define DROPOUT_KERNELS(X)                                                                         \
  X(dropout, philox_blocks, B(uint), int, uint, uint, uint, uint, uint, uint)                      \
  X(dropout, dropout_forward, C(float), B(float), int, uint, uint, uint, uint, uint, float, int)   \
  X(dropout_pool, relu_dropout_pool_2x2, C(float), B(float), B(ushort), int, int, int, int, uint, uint, uint, uint, uint, \
    float)

#define OPTIMIZER_KERNELS(X)                                                                               \
  X(optimizer, adam_step, B(float), C(float), B(float), B(float), int, float, float, float, float, float, float, \
    float)                                                                                                 \
  X(optimizer, sgd_step, B(float), C(float), B(float), int, float, float, float, int)

#define GATHER_KERNELS(X)                                                                  \
  X(gather, gather_bytes, C(uchar), C(int), B(float), int, int, int, float, float)         \
  X(gather, gather_labels, C(uchar), C(int), B(int), int, int)

#define LAYOUT_KERNELS(X) X(layout, transpose_batch, C(float), B(float), int, int, int)

#define PEAK_KERNELS(X) X(peak, peak_multiply_add, B(float), int, float, float)

#define COLUMN_SUM_KERNELS(X)                                      \
  X(column_sum, column_sum, C(float), B(float), int, int, int, int) \
  X(column_sum, add_parts, C(float), B(float), int, int, int)

#define CONV2D_KERNELS(X)                                                                                            \
  X(conv2d_dot, conv2d_transposed_dot, C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, \
    int, int, int, float)                                                                                            \
  X(conv2d_dot, conv2d_collect, C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, float)      \
  X(conv2d_first, conv2d_first, C(float), C(float), C(float), B(float), int, int, int, int, C(float), int, float)    \
  X(conv2d_first, conv2d_first_pool, C(float), C(float), C(float), B(float), B(ushort), int, int, int, int, int, int,   \
    float)                                                                                                           \
  X(conv2d_first, conv2d_first_dropout_pool, C(float), C(float), C(float), B(float), B(ushort), int, int, int, int,  \
    int, uint, uint, uint, uint, uint, float)                                                                     \
  X(conv2d_first, conv2d_first_pool_gradient, C(float), C(float), C(ushort), B(float), B(float), int, int, int, int, \
    int, float)                                                                                                      \
  X(conv2d_first_norm, conv2d_first_chunk_statistics, C(float), C(float), C(float), B(float), B(float), int, int, int, \
    int, int)                                                                                                      \
  X(conv2d_first_norm, conv2d_first_norm_pool, C(float), C(float), C(float), B(float), B(ushort), B(float), C(float), \
    C(float), C(float), C(float), int, int, int, int, float, int, float, int)                                       \
  X(conv2d_first_norm, conv2d_first_norm_gradient, C(float), C(float), C(float), C(float), C(ushort), B(float),     \
    C(float), C(float), C(float), C(float), C(float), int, int, int, int, int, float, int, float)                   \
  X(conv2d_prepare, pad_image, C(float), B(float), int, int, int, int, int, int)                                     \
  X(conv2d_prepare, pack_taps, C(float), C(float), B(float), int, int, int, int, int, int)                           \
  X(conv2d_prepare, winograd_filters, C(float), B(float), int, int, int, int)                                        \
  X(conv2d_from_one, conv2d_from_one, C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, \
    int, C(float), int, float)                                                                                       \
  X(conv2d_from_one, conv2d_from_one_gradient, C(float), C(float), B(float), int, int, int, int, int, int, int, int, \
    int)                                                                                                             \
  X(conv2d_to_one, conv2d_to_one, C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, \
    int, float)

// Kernels that there is one of in each clone.
#define PLAIN_KERNELS(X)  \
  PEAK_KERNELS(X)         \
  ELEMENTWISE_KERNELS(X)  \
  COLUMN_SUM_KERNELS(X)   \
  CONV2D_KERNELS(X)       \
  POOL_KERNELS(X)         \
  BATCH_NORM_KERNELS(X)   \
  REDUCE_KERNELS(X)       \
  LOSS_KERNELS(X)         \
  DROPOUT_KERNELS(X)      \
  OPTIMIZER_KERNELS(X)    \
  GATHER_KERNELS(X)       \
  LAYOUT_KERNELS(X)

// Kernels that there is one of for each register tile; their names end in it.
#define TILED_KERNELS(X)                                                                                      \
  X(gemm, TILED(gemm), C(float), C(float), C(float), C(float), B(float), int, int, int, int, int, int, int, int, \
    int, int, int, int, float, float, C(float), int, float)                                                     \
  X(gemm, TILED(gemm_pack), C(float), C(float), B(float), B(float), int, int, int, int, int, int, int)          \
  X(gemm, TILED(gemm_packed), C(float), C(float), C(float), C(float), B(float), int, int, int, int, int, int, float, \
    float, C(float), int, float)                                                                                          \
  X(conv2d, TILED(conv2d_window), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, int, \
    C(float), int, float)                                                                                  \
  X(conv2d, TILED(conv2d_transposed), C(float), C(float), C(float), B(float), int, int, int, int, int, int,  \
    int, int, int, int, int, C(float), int, float)                                                              \
  X(conv2d, TILED(conv2d_weight_gradient), C(float), C(float), B(float), int, int, int, int, int, int, int, int, int, \
    int) \
  X(conv2d_batch, TILED(conv2d_batch), C(float), C(float), B(float), int, int, int, int, int, int, int, int,  \
    int, int, int, int, C(float), int, float) \
  X(conv2d_batch, TILED(conv2d_pool), C(float), C(float), B(float), B(ushort), int, int, int, int, int, int, \
    int, int, int, int, int, int, int, int, float) \
  X(winograd, TILED(winograd_conv), C(float), C(float), C(float), C(float), B(float), B(ushort), int, int, int, int, \
    int, int, int, int, int, int, C(float), int, float) \
  X(winograd, TILED(winograd_weight_gradient), C(float), C(float), C(float), B(float), int, int, int, int, int, int, \
    int, int, int, int)

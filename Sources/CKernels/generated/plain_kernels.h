// Written by Tools/kernels/generate.py from Kernels/: `make kernels`, never by hand.

#pragma once
#include "../../../Kernels/augment.cl"
#include "../../../Kernels/batch_norm.cl"
#include "../../../Kernels/batch_norm_pool.cl"
#include "../../../Kernels/clip.cl"
#include "../../../Kernels/column_sum.cl"
#include "../../../Kernels/columns.cl"
#include "../../../Kernels/conv2d_depthwise.cl"
#include "../../../Kernels/conv2d_dot.cl"
#include "../../../Kernels/conv2d_first.cl"
#include "../../../Kernels/conv2d_first_norm.cl"
#include "../../../Kernels/conv2d_from_one.cl"
#include "../../../Kernels/conv2d_prepare.cl"
#include "../../../Kernels/conv2d_to_one.cl"
#include "../../../Kernels/dropout.cl"
#include "../../../Kernels/dropout_pool.cl"
#include "../../../Kernels/elementwise.cl"
#include "../../../Kernels/gated_units.cl"
#include "../../../Kernels/gather.cl"
#include "../../../Kernels/group_norm.cl"
#include "../../../Kernels/layout.cl"
#include "../../../Kernels/loss.cl"
#include "../../../Kernels/moving_average.cl"
#include "../../../Kernels/optimizer.cl"
#include "../../../Kernels/peak.cl"
#include "../../../Kernels/penalty.cl"
#include "../../../Kernels/pointwise_loss.cl"
#include "../../../Kernels/pool.cl"
#include "../../../Kernels/reduce.cl"
#include "../../../Kernels/softmax.cl"
#include "../../../Kernels/weighted_cross_entropy.cl"

ENTRY(
    gather_augmented,
    (const uchar *, const int *, const uint *, const uint *, const float *, float *, int, int, int, int, float),
    A(0, const uchar *) A(1, const int *) A(2, const uint *) A(3, const uint *) A(4, const float *) A(5, float *)
        A(6, int) A(7, int) A(8, int) A(9, int) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    add_noise,
    (const float *, const int *, const uint *, const uint *, const float *, const float *, float *, int, int, int,
        float),
    A(0, const float *) A(1, const int *) A(2, const uint *) A(3, const uint *) A(4, const float *)
        A(5, const float *) A(6, float *) A(7, int) A(8, int) A(9, int) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    batch_norm_chunk_statistics,
    (const float *, float *, float *, int, int, int),
    A(0, const float *) A(1, float *) A(2, float *) A(3, int) A(4, int) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    batch_norm_statistics,
    (const float *, const float *, float *, float *, float *, float *, int, int, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, float *) A(4, float *) A(5, float *) A(6, int)
        A(7, int) A(8, int) A(9, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    batch_norm_forward,
    (const float *, float *, const float *, const float *, const float *, const float *, int, int, float, int, float),
    A(0, const float *) A(1, float *) A(2, const float *) A(3, const float *) A(4, const float *) A(5, const float *)
        A(6, int) A(7, int) A(8, float) A(9, int) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    batch_norm_chunk_gradients,
    (const float *, const float *, const float *, const float *, const float *, const float *, float *, float *, int,
        int, int, float, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, const float *)
        A(5, const float *) A(6, float *) A(7, float *) A(8, int) A(9, int) A(10, int) A(11, float) A(12, int)
        A(13, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13))
ENTRY(
    batch_norm_parameter_gradients,
    (const float *, const float *, const float *, float *, float *, float *, int, int, float, int, int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, float *) A(5, float *) A(6, int)
        A(7, int) A(8, float) A(9, int) A(10, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    batch_norm_backward,
    (const float *, const float *, const float *, const float *, const float *, const float *, const float *, float *,
        int, int, float, int, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, const float *)
        A(5, const float *) A(6, const float *) A(7, float *) A(8, int) A(9, int) A(10, float) A(11, int) A(12, int)
        A(13, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13))
ENTRY(
    batch_norm_pool_forward,
    (const float *, float *, ushort *, float *, const float *, const float *, const float *, const float *, int, int,
        int, int, float, int, float, int, int),
    A(0, const float *) A(1, float *) A(2, ushort *) A(3, float *) A(4, const float *) A(5, const float *)
        A(6, const float *) A(7, const float *) A(8, int) A(9, int) A(10, int) A(11, int) A(12, float) A(13, int)
        A(14, float) A(15, int) A(16, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16))
ENTRY(
    batch_norm_average_chunk_gradients,
    (const float *, const float *, const float *, const float *, const float *, const float *, float *, float *, int,
        int, int, int, int, float, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, const float *)
        A(5, const float *) A(6, float *) A(7, float *) A(8, int) A(9, int) A(10, int) A(11, int) A(12, int)
        A(13, float) A(14, int) A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    batch_norm_pool_backward,
    (const float *, const ushort *, const float *, const float *, const float *, const float *, const float *,
        const float *, float *, int, int, int, int, float, int, int, float, int),
    A(0, const float *) A(1, const ushort *) A(2, const float *) A(3, const float *) A(4, const float *)
        A(5, const float *) A(6, const float *) A(7, const float *) A(8, float *) A(9, int) A(10, int) A(11, int)
        A(12, int) A(13, float) A(14, int) A(15, int) A(16, float) A(17, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17))
ENTRY(
    clip_to_norm,
    (float *, const float *, int, float),
    A(0, float *) A(1, const float *) A(2, int) A(3, float),
    (a0, a1, a2, a3))
ENTRY(
    column_sum,
    (const float *, float *, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    add_parts,
    (const float *, float *, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int),
    (a0, a1, a2, a3, a4))
ENTRY(
    copy_columns,
    (const float *, float *, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    conv2d_depthwise,
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, const float *, int,
        float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, const float *) A(13, int) A(14, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    conv2d_depthwise_transposed,
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, const float *, int,
        float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, const float *) A(13, int) A(14, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    conv2d_depthwise_weight_gradient,
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11))
ENTRY(
    conv2d_transposed_dot,
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int, int,
        float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    conv2d_collect,
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    conv2d_first,
    (const float *, const float *, const float *, float *, int, int, int, int, const float *, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, const float *) A(9, int) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    conv2d_first_pool,
    (const float *, const float *, const float *, float *, ushort *, int, int, int, int, int, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, ushort *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int) A(10, int) A(11, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11))
ENTRY(
    conv2d_first_dropout_pool,
    (const float *, const float *, const float *, float *, ushort *, int, int, int, int, int, uint, uint, uint,
        const uint *, uint, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, ushort *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int) A(10, uint) A(11, uint) A(12, uint) A(13, const uint *) A(14, uint)
        A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    conv2d_first_pool_weight_gradient,
    (const float *, const float *, const ushort *, float *, float *, int, int, int, int, int, float),
    A(0, const float *) A(1, const float *) A(2, const ushort *) A(3, float *) A(4, float *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    conv2d_first_chunk_statistics,
    (const float *, const float *, const float *, float *, float *, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, float *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    conv2d_first_norm_pool,
    (const float *, const float *, const float *, float *, ushort *, float *, const float *, const float *,
        const float *, const float *, int, int, int, int, float, int, float, int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, ushort *) A(5, float *)
        A(6, const float *) A(7, const float *) A(8, const float *) A(9, const float *) A(10, int) A(11, int)
        A(12, int) A(13, int) A(14, float) A(15, int) A(16, float) A(17, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17))
ENTRY(
    conv2d_first_norm_weight_gradient,
    (const float *, const float *, const float *, const float *, const ushort *, float *, const float *,
        const float *, const float *, const float *, const float *, int, int, int, int, int, float, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, const ushort *) A(5, float *)
        A(6, const float *) A(7, const float *) A(8, const float *) A(9, const float *) A(10, const float *)
        A(11, int) A(12, int) A(13, int) A(14, int) A(15, int) A(16, float) A(17, int) A(18, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18))
ENTRY(
    conv2d_from_one,
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int, const float *,
        int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, const float *) A(14, int) A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    conv2d_from_one_weight_gradient,
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11))
ENTRY(
    pad_image,
    (const float *, float *, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    pack_taps,
    (const float *, const float *, float *, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8))
ENTRY(
    winograd_filters,
    (const float *, float *, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    conv2d_to_one,
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    philox_blocks,
    (uint *, int, uint, uint, uint, uint, uint, uint),
    A(0, uint *) A(1, int) A(2, uint) A(3, uint) A(4, uint) A(5, uint) A(6, uint) A(7, uint),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    dropout_forward,
    (const float *, float *, int, uint, uint, uint, const uint *, uint, float, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, uint) A(4, uint) A(5, uint) A(6, const uint *) A(7, uint)
        A(8, float) A(9, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    relu_dropout_pool_2x2,
    (const float *, float *, ushort *, int, int, int, int, uint, uint, uint, const uint *, uint, float),
    A(0, const float *) A(1, float *) A(2, ushort *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, uint) A(8, uint)
        A(9, uint) A(10, const uint *) A(11, uint) A(12, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    activation_forward,
    (const float *, float *, int, int, float),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, float),
    (a0, a1, a2, a3, a4))
ENTRY(
    activation_backward,
    (const float *, const float *, float *, int, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, float),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    add,
    (const float *, const float *, float *, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int),
    (a0, a1, a2, a3))
ENTRY(
    scale_by_scalar,
    (const float *, const float *, float *, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, float),
    (a0, a1, a2, a3, a4))
ENTRY(
    broadcast_scalar,
    (const float *, float *, int, float),
    A(0, const float *) A(1, float *) A(2, int) A(3, float),
    (a0, a1, a2, a3))
ENTRY(
    exponential,
    (const float *, float *, int),
    A(0, const float *) A(1, float *) A(2, int),
    (a0, a1, a2))
ENTRY(
    silu_forward,
    (const float *, float *, int),
    A(0, const float *) A(1, float *) A(2, int),
    (a0, a1, a2))
ENTRY(
    silu_backward,
    (const float *, const float *, float *, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int),
    (a0, a1, a2, a3))
ENTRY(
    gelu_forward,
    (const float *, float *, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int),
    (a0, a1, a2, a3))
ENTRY(
    gelu_backward,
    (const float *, const float *, float *, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int),
    (a0, a1, a2, a3, a4))
ENTRY(
    gather_bytes,
    (const uchar *, const int *, const uint *, float *, int, int, float, float),
    A(0, const uchar *) A(1, const int *) A(2, const uint *) A(3, float *) A(4, int) A(5, int) A(6, float)
        A(7, float),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    gather_bytes_by_channel,
    (const uchar *, const int *, const uint *, const float *, float *, int, int, int),
    A(0, const uchar *) A(1, const int *) A(2, const uint *) A(3, const float *) A(4, float *) A(5, int) A(6, int)
        A(7, int),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    gather_labels,
    (const ushort *, const int *, const uint *, int *, int),
    A(0, const ushort *) A(1, const int *) A(2, const uint *) A(3, int *) A(4, int),
    (a0, a1, a2, a3, a4))
ENTRY(
    group_norm_forward,
    (const float *, float *, const float *, const float *, float *, int, int, int, int, float, int, int),
    A(0, const float *) A(1, float *) A(2, const float *) A(3, const float *) A(4, float *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, float) A(10, int) A(11, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11))
ENTRY(
    group_norm_backward,
    (const float *, const float *, const float *, const float *, float *, float *, float *, int, int, int, int, int,
        int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, float *) A(5, float *)
        A(6, float *) A(7, int) A(8, int) A(9, int) A(10, int) A(11, int) A(12, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    transpose_batch,
    (const float *, float *, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int),
    (a0, a1, a2, a3, a4))
ENTRY(
    squared_error,
    (const float *, const float *, float *, float *, int, int, float, int, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, float *) A(4, int) A(5, int) A(6, float) A(7, int)
        A(8, int) A(9, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    loss_finish,
    (const float *, const int *, float *, uint *, int, float, int, int, int),
    A(0, const float *) A(1, const int *) A(2, float *) A(3, uint *) A(4, int) A(5, float) A(6, int) A(7, int)
        A(8, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8))
ENTRY(
    moving_average,
    (const float *, float *, int, float),
    A(0, const float *) A(1, float *) A(2, int) A(3, float),
    (a0, a1, a2, a3))
ENTRY(
    adam_step,
    (float *, const float *, float *, float *, const uint *, int, float, float, float, float, float),
    A(0, float *) A(1, const float *) A(2, float *) A(3, float *) A(4, const uint *) A(5, int) A(6, float) A(7, float)
        A(8, float) A(9, float) A(10, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    sgd_step,
    (float *, const float *, float *, const uint *, int, float, float, int),
    A(0, float *) A(1, const float *) A(2, float *) A(3, const uint *) A(4, int) A(5, float) A(6, float) A(7, int),
    (a0, a1, a2, a3, a4, a5, a6, a7))
ENTRY(
    rmsprop_step,
    (float *, const float *, float *, float *, float *, const uint *, int, float, float, float, float, float, int),
    A(0, float *) A(1, const float *) A(2, float *) A(3, float *) A(4, float *) A(5, const uint *) A(6, int)
        A(7, float) A(8, float) A(9, float) A(10, float) A(11, float) A(12, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    peak_multiply_add,
    (float *, int, float, float),
    A(0, float *) A(1, int) A(2, float) A(3, float),
    (a0, a1, a2, a3))
ENTRY(
    absolute_terms,
    (const float *, float *, float *, int, float),
    A(0, const float *) A(1, float *) A(2, float *) A(3, int) A(4, float),
    (a0, a1, a2, a3, a4))
ENTRY(
    sample_normal,
    (const float *, float *, float *, const uint *, int, int, uint, uint, uint, float),
    A(0, const float *) A(1, float *) A(2, float *) A(3, const uint *) A(4, int) A(5, int) A(6, uint) A(7, uint)
        A(8, uint) A(9, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    sample_normal_gradient,
    (const float *, const float *, const float *, float *, int, int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    divergence_gradient,
    (const float *, float *, int, int, float),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, float),
    (a0, a1, a2, a3, a4))
ENTRY(
    pointwise_loss,
    (const float *, const float *, float *, float *, int, int, float, int, int, float, int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, float *) A(4, int) A(5, int) A(6, float) A(7, int)
        A(8, int) A(9, float) A(10, int) A(11, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11))
ENTRY(
    pool_max_forward,
    (const float *, float *, ushort *, int, int, int, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, ushort *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    pool_max_forward_2x2,
    (const float *, float *, ushort *, int, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, ushort *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    pool_max_backward,
    (const float *, const ushort *, float *, int, int, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const ushort *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    pool_max_backward_tiling,
    (const float *, const ushort *, float *, int, int, int, int, int, int, int, int, int, float),
    A(0, const float *) A(1, const ushort *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    pool_average_forward,
    (const float *, float *, int, int, int, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int) A(9, int)
        A(10, int) A(11, int) A(12, int) A(13, int) A(14, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    pool_average_backward,
    (const float *, float *, int, int, int, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int) A(9, int)
        A(10, int) A(11, int) A(12, int) A(13, int) A(14, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14))
ENTRY(
    pool_average_backward_tiling,
    (const float *, float *, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int) A(9, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    chunk_sum,
    (const float *, float *, int, int, float, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int) A(4, float) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    chunk_square_sum,
    (const float *, float *, int, int),
    A(0, const float *) A(1, float *) A(2, int) A(3, int),
    (a0, a1, a2, a3))
ENTRY(
    argmax,
    (const float *, int *, int, int),
    A(0, const float *) A(1, int *) A(2, int) A(3, int),
    (a0, a1, a2, a3))
ENTRY(
    count_correct,
    (const float *, const int *, int *, int, int, int),
    A(0, const float *) A(1, const int *) A(2, int *) A(3, int) A(4, int) A(5, int),
    (a0, a1, a2, a3, a4, a5))
ENTRY(
    cross_entropy_rows,
    (const float *, const int *, float *, float *, int *, int, int, int, float, int),
    A(0, const float *) A(1, const int *) A(2, float *) A(3, float *) A(4, int *) A(5, int) A(6, int) A(7, int)
        A(8, float) A(9, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9))
ENTRY(
    sum_label_weights,
    (const float *, const int *, float *, int, int),
    A(0, const float *) A(1, const int *) A(2, float *) A(3, int) A(4, int),
    (a0, a1, a2, a3, a4))
ENTRY(
    weighted_cross_entropy_rows,
    (const float *, const int *, const float *, const float *, float *, float *, int *, int, int, int, float, float,
        int),
    A(0, const float *) A(1, const int *) A(2, const float *) A(3, const float *) A(4, float *) A(5, float *)
        A(6, int *) A(7, int) A(8, int) A(9, int) A(10, float) A(11, float) A(12, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))

#define PLAIN_ROWS ROW(gather_augmented) ROW(add_noise) ROW(batch_norm_chunk_statistics) ROW(batch_norm_statistics) \
    ROW(batch_norm_forward) ROW(batch_norm_chunk_gradients) ROW(batch_norm_parameter_gradients) \
    ROW(batch_norm_backward) ROW(batch_norm_pool_forward) ROW(batch_norm_average_chunk_gradients) \
    ROW(batch_norm_pool_backward) ROW(clip_to_norm) ROW(column_sum) ROW(add_parts) ROW(copy_columns) \
    ROW(conv2d_depthwise) ROW(conv2d_depthwise_transposed) ROW(conv2d_depthwise_weight_gradient) \
    ROW(conv2d_transposed_dot) ROW(conv2d_collect) ROW(conv2d_first) ROW(conv2d_first_pool) \
    ROW(conv2d_first_dropout_pool) ROW(conv2d_first_pool_weight_gradient) ROW(conv2d_first_chunk_statistics) \
    ROW(conv2d_first_norm_pool) ROW(conv2d_first_norm_weight_gradient) ROW(conv2d_from_one) \
    ROW(conv2d_from_one_weight_gradient) ROW(pad_image) ROW(pack_taps) ROW(winograd_filters) ROW(conv2d_to_one) \
    ROW(philox_blocks) ROW(dropout_forward) ROW(relu_dropout_pool_2x2) ROW(activation_forward) \
    ROW(activation_backward) ROW(add) ROW(scale_by_scalar) ROW(broadcast_scalar) ROW(exponential) ROW(silu_forward) \
    ROW(silu_backward) ROW(gelu_forward) ROW(gelu_backward) ROW(gather_bytes) ROW(gather_bytes_by_channel) \
    ROW(gather_labels) ROW(group_norm_forward) ROW(group_norm_backward) ROW(transpose_batch) ROW(squared_error) \
    ROW(loss_finish) ROW(moving_average) ROW(adam_step) ROW(sgd_step) ROW(rmsprop_step) ROW(peak_multiply_add) \
    ROW(absolute_terms) ROW(sample_normal) ROW(sample_normal_gradient) ROW(divergence_gradient) ROW(pointwise_loss) \
    ROW(pool_max_forward) ROW(pool_max_forward_2x2) ROW(pool_max_backward) ROW(pool_max_backward_tiling) \
    ROW(pool_average_forward) ROW(pool_average_backward) ROW(pool_average_backward_tiling) ROW(chunk_sum) \
    ROW(chunk_square_sum) ROW(argmax) ROW(count_correct) ROW(cross_entropy_rows) ROW(sum_label_weights) \
    ROW(weighted_cross_entropy_rows)

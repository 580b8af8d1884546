// Written by Tools/kernels/generate.py from Kernels/: `make kernels`, never by hand.

#include "CKernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT_FILE(id, name) static const telar_file id = {name, id##_text, sizeof id##_text};

static const char activation_cl_text[] = {
#embed "../../../Kernels/activation.cl"
};
TEXT_FILE(activation_cl, "activation.cl")
static const char activation_h_text[] = {
#embed "../../../Kernels/activation.h"
};
TEXT_FILE(activation_h, "activation.h")
static const char argmax_cl_text[] = {
#embed "../../../Kernels/argmax.cl"
};
TEXT_FILE(argmax_cl, "argmax.cl")
static const char augment_cl_text[] = {
#embed "../../../Kernels/augment.cl"
};
TEXT_FILE(augment_cl, "augment.cl")
static const char augment_h_text[] = {
#embed "../../../Kernels/augment.h"
};
TEXT_FILE(augment_h, "augment.h")
static const char batch_norm_cl_text[] = {
#embed "../../../Kernels/batch_norm.cl"
};
TEXT_FILE(batch_norm_cl, "batch_norm.cl")
static const char batch_norm_h_text[] = {
#embed "../../../Kernels/batch_norm.h"
};
TEXT_FILE(batch_norm_h, "batch_norm.h")
static const char batch_norm_pool_cl_text[] = {
#embed "../../../Kernels/batch_norm_pool.cl"
};
TEXT_FILE(batch_norm_pool_cl, "batch_norm_pool.cl")
static const char batch_norm_pool_tile_cl_text[] = {
#embed "../../../Kernels/batch_norm_pool_tile.cl"
};
TEXT_FILE(batch_norm_pool_tile_cl, "batch_norm_pool_tile.cl")
static const char batch_norm_tile_cl_text[] = {
#embed "../../../Kernels/batch_norm_tile.cl"
};
TEXT_FILE(batch_norm_tile_cl, "batch_norm_tile.cl")
static const char clip_cl_text[] = {
#embed "../../../Kernels/clip.cl"
};
TEXT_FILE(clip_cl, "clip.cl")
static const char column_sum_cl_text[] = {
#embed "../../../Kernels/column_sum.cl"
};
TEXT_FILE(column_sum_cl, "column_sum.cl")
static const char column_sum_tile_cl_text[] = {
#embed "../../../Kernels/column_sum_tile.cl"
};
TEXT_FILE(column_sum_tile_cl, "column_sum_tile.cl")
static const char columns_cl_text[] = {
#embed "../../../Kernels/columns.cl"
};
TEXT_FILE(columns_cl, "columns.cl")
static const char common_cl_text[] = {
#embed "../../../Kernels/common.cl"
};
TEXT_FILE(common_cl, "common.cl")
static const char conv2d_cl_text[] = {
#embed "../../../Kernels/conv2d.cl"
};
TEXT_FILE(conv2d_cl, "conv2d.cl")
static const char conv2d_h_text[] = {
#embed "../../../Kernels/conv2d.h"
};
TEXT_FILE(conv2d_h, "conv2d.h")
static const char conv2d_batch_cl_text[] = {
#embed "../../../Kernels/conv2d_batch.cl"
};
TEXT_FILE(conv2d_batch_cl, "conv2d_batch.cl")
static const char conv2d_batch_h_text[] = {
#embed "../../../Kernels/conv2d_batch.h"
};
TEXT_FILE(conv2d_batch_h, "conv2d_batch.h")
static const char conv2d_depthwise_cl_text[] = {
#embed "../../../Kernels/conv2d_depthwise.cl"
};
TEXT_FILE(conv2d_depthwise_cl, "conv2d_depthwise.cl")
static const char conv2d_dot_cl_text[] = {
#embed "../../../Kernels/conv2d_dot.cl"
};
TEXT_FILE(conv2d_dot_cl, "conv2d_dot.cl")
static const char conv2d_first_cl_text[] = {
#embed "../../../Kernels/conv2d_first.cl"
};
TEXT_FILE(conv2d_first_cl, "conv2d_first.cl")
static const char conv2d_first_norm_cl_text[] = {
#embed "../../../Kernels/conv2d_first_norm.cl"
};
TEXT_FILE(conv2d_first_norm_cl, "conv2d_first_norm.cl")
static const char conv2d_from_one_cl_text[] = {
#embed "../../../Kernels/conv2d_from_one.cl"
};
TEXT_FILE(conv2d_from_one_cl, "conv2d_from_one.cl")
static const char conv2d_from_one_h_text[] = {
#embed "../../../Kernels/conv2d_from_one.h"
};
TEXT_FILE(conv2d_from_one_h, "conv2d_from_one.h")
static const char conv2d_pool_tile_cl_text[] = {
#embed "../../../Kernels/conv2d_pool_tile.cl"
};
TEXT_FILE(conv2d_pool_tile_cl, "conv2d_pool_tile.cl")
static const char conv2d_prepare_cl_text[] = {
#embed "../../../Kernels/conv2d_prepare.cl"
};
TEXT_FILE(conv2d_prepare_cl, "conv2d_prepare.cl")
static const char conv2d_taps_cl_text[] = {
#embed "../../../Kernels/conv2d_taps.cl"
};
TEXT_FILE(conv2d_taps_cl, "conv2d_taps.cl")
static const char conv2d_tile_cl_text[] = {
#embed "../../../Kernels/conv2d_tile.cl"
};
TEXT_FILE(conv2d_tile_cl, "conv2d_tile.cl")
static const char conv2d_tile_h_text[] = {
#embed "../../../Kernels/conv2d_tile.h"
};
TEXT_FILE(conv2d_tile_h, "conv2d_tile.h")
static const char conv2d_to_one_cl_text[] = {
#embed "../../../Kernels/conv2d_to_one.cl"
};
TEXT_FILE(conv2d_to_one_cl, "conv2d_to_one.cl")
static const char conv2d_to_one_h_text[] = {
#embed "../../../Kernels/conv2d_to_one.h"
};
TEXT_FILE(conv2d_to_one_h, "conv2d_to_one.h")
static const char conv2d_weight_gradient_tile_cl_text[] = {
#embed "../../../Kernels/conv2d_weight_gradient_tile.cl"
};
TEXT_FILE(conv2d_weight_gradient_tile_cl, "conv2d_weight_gradient_tile.cl")
static const char dropout_cl_text[] = {
#embed "../../../Kernels/dropout.cl"
};
TEXT_FILE(dropout_cl, "dropout.cl")
static const char dropout_h_text[] = {
#embed "../../../Kernels/dropout.h"
};
TEXT_FILE(dropout_h, "dropout.h")
static const char dropout_pool_cl_text[] = {
#embed "../../../Kernels/dropout_pool.cl"
};
TEXT_FILE(dropout_pool_cl, "dropout_pool.cl")
static const char dropout_tile_cl_text[] = {
#embed "../../../Kernels/dropout_tile.cl"
};
TEXT_FILE(dropout_tile_cl, "dropout_tile.cl")
static const char elementwise_cl_text[] = {
#embed "../../../Kernels/elementwise.cl"
};
TEXT_FILE(elementwise_cl, "elementwise.cl")
static const char epilogue_tile_cl_text[] = {
#embed "../../../Kernels/epilogue_tile.cl"
};
TEXT_FILE(epilogue_tile_cl, "epilogue_tile.cl")
static const char first_layer_cl_text[] = {
#embed "../../../Kernels/first_layer.cl"
};
TEXT_FILE(first_layer_cl, "first_layer.cl")
static const char gated_units_cl_text[] = {
#embed "../../../Kernels/gated_units.cl"
};
TEXT_FILE(gated_units_cl, "gated_units.cl")
static const char gather_cl_text[] = {
#embed "../../../Kernels/gather.cl"
};
TEXT_FILE(gather_cl, "gather.cl")
static const char gather_h_text[] = {
#embed "../../../Kernels/gather.h"
};
TEXT_FILE(gather_h, "gather.h")
static const char gemm_cl_text[] = {
#embed "../../../Kernels/gemm.cl"
};
TEXT_FILE(gemm_cl, "gemm.cl")
static const char gemm_h_text[] = {
#embed "../../../Kernels/gemm.h"
};
TEXT_FILE(gemm_h, "gemm.h")
static const char gemm_tile_cl_text[] = {
#embed "../../../Kernels/gemm_tile.cl"
};
TEXT_FILE(gemm_tile_cl, "gemm_tile.cl")
static const char group_norm_cl_text[] = {
#embed "../../../Kernels/group_norm.cl"
};
TEXT_FILE(group_norm_cl, "group_norm.cl")
static const char group_norm_tile_cl_text[] = {
#embed "../../../Kernels/group_norm_tile.cl"
};
TEXT_FILE(group_norm_tile_cl, "group_norm_tile.cl")
static const char group_sum_cl_text[] = {
#embed "../../../Kernels/group_sum.cl"
};
TEXT_FILE(group_sum_cl, "group_sum.cl")
static const char group_sum_h_text[] = {
#embed "../../../Kernels/group_sum.h"
};
TEXT_FILE(group_sum_h, "group_sum.h")
static const char layout_cl_text[] = {
#embed "../../../Kernels/layout.cl"
};
TEXT_FILE(layout_cl, "layout.cl")
static const char layout_h_text[] = {
#embed "../../../Kernels/layout.h"
};
TEXT_FILE(layout_h, "layout.h")
static const char layout_tile_cl_text[] = {
#embed "../../../Kernels/layout_tile.cl"
};
TEXT_FILE(layout_tile_cl, "layout_tile.cl")
static const char local_tile_cl_text[] = {
#embed "../../../Kernels/local_tile.cl"
};
TEXT_FILE(local_tile_cl, "local_tile.cl")
static const char logarithm_cl_text[] = {
#embed "../../../Kernels/logarithm.cl"
};
TEXT_FILE(logarithm_cl, "logarithm.cl")
static const char loss_cl_text[] = {
#embed "../../../Kernels/loss.cl"
};
TEXT_FILE(loss_cl, "loss.cl")
static const char loss_h_text[] = {
#embed "../../../Kernels/loss.h"
};
TEXT_FILE(loss_h, "loss.h")
static const char loss_metrics_cl_text[] = {
#embed "../../../Kernels/loss_metrics.cl"
};
TEXT_FILE(loss_metrics_cl, "loss_metrics.cl")
static const char loss_terms_cl_text[] = {
#embed "../../../Kernels/loss_terms.cl"
};
TEXT_FILE(loss_terms_cl, "loss_terms.cl")
static const char loss_terms_h_text[] = {
#embed "../../../Kernels/loss_terms.h"
};
TEXT_FILE(loss_terms_h, "loss_terms.h")
static const char loss_tile_cl_text[] = {
#embed "../../../Kernels/loss_tile.cl"
};
TEXT_FILE(loss_tile_cl, "loss_tile.cl")
static const char moving_average_cl_text[] = {
#embed "../../../Kernels/moving_average.cl"
};
TEXT_FILE(moving_average_cl, "moving_average.cl")
static const char norm_columns_cl_text[] = {
#embed "../../../Kernels/norm_columns.cl"
};
TEXT_FILE(norm_columns_cl, "norm_columns.cl")
static const char normal_cl_text[] = {
#embed "../../../Kernels/normal.cl"
};
TEXT_FILE(normal_cl, "normal.cl")
static const char optimizer_cl_text[] = {
#embed "../../../Kernels/optimizer.cl"
};
TEXT_FILE(optimizer_cl, "optimizer.cl")
static const char optimizer_tile_cl_text[] = {
#embed "../../../Kernels/optimizer_tile.cl"
};
TEXT_FILE(optimizer_tile_cl, "optimizer_tile.cl")
static const char optimizer_tile_h_text[] = {
#embed "../../../Kernels/optimizer_tile.h"
};
TEXT_FILE(optimizer_tile_h, "optimizer_tile.h")
static const char optimizer_update_cl_text[] = {
#embed "../../../Kernels/optimizer_update.cl"
};
TEXT_FILE(optimizer_update_cl, "optimizer_update.cl")
static const char peak_cl_text[] = {
#embed "../../../Kernels/peak.cl"
};
TEXT_FILE(peak_cl, "peak.cl")
static const char peak_h_text[] = {
#embed "../../../Kernels/peak.h"
};
TEXT_FILE(peak_h, "peak.h")
static const char penalty_cl_text[] = {
#embed "../../../Kernels/penalty.cl"
};
TEXT_FILE(penalty_cl, "penalty.cl")
static const char penalty_h_text[] = {
#embed "../../../Kernels/penalty.h"
};
TEXT_FILE(penalty_h, "penalty.h")
static const char philox_cl_text[] = {
#embed "../../../Kernels/philox.cl"
};
TEXT_FILE(philox_cl, "philox.cl")
static const char philox_h_text[] = {
#embed "../../../Kernels/philox.h"
};
TEXT_FILE(philox_h, "philox.h")
static const char philox_block_cl_text[] = {
#embed "../../../Kernels/philox_block.cl"
};
TEXT_FILE(philox_block_cl, "philox_block.cl")
static const char philox_tile_cl_text[] = {
#embed "../../../Kernels/philox_tile.cl"
};
TEXT_FILE(philox_tile_cl, "philox_tile.cl")
static const char pointwise_loss_cl_text[] = {
#embed "../../../Kernels/pointwise_loss.cl"
};
TEXT_FILE(pointwise_loss_cl, "pointwise_loss.cl")
static const char pointwise_loss_tile_cl_text[] = {
#embed "../../../Kernels/pointwise_loss_tile.cl"
};
TEXT_FILE(pointwise_loss_tile_cl, "pointwise_loss_tile.cl")
static const char pool_cl_text[] = {
#embed "../../../Kernels/pool.cl"
};
TEXT_FILE(pool_cl, "pool.cl")
static const char pool_h_text[] = {
#embed "../../../Kernels/pool.h"
};
TEXT_FILE(pool_h, "pool.h")
static const char pool_tile_cl_text[] = {
#embed "../../../Kernels/pool_tile.cl"
};
TEXT_FILE(pool_tile_cl, "pool_tile.cl")
static const char quad_cl_text[] = {
#embed "../../../Kernels/quad.cl"
};
TEXT_FILE(quad_cl, "quad.cl")
static const char reduce_cl_text[] = {
#embed "../../../Kernels/reduce.cl"
};
TEXT_FILE(reduce_cl, "reduce.cl")
static const char reduce_tile_cl_text[] = {
#embed "../../../Kernels/reduce_tile.cl"
};
TEXT_FILE(reduce_tile_cl, "reduce_tile.cl")
static const char register_tile_cl_text[] = {
#embed "../../../Kernels/register_tile.cl"
};
TEXT_FILE(register_tile_cl, "register_tile.cl")
static const char softmax_cl_text[] = {
#embed "../../../Kernels/softmax.cl"
};
TEXT_FILE(softmax_cl, "softmax.cl")
static const char softmax_row_cl_text[] = {
#embed "../../../Kernels/softmax_row.cl"
};
TEXT_FILE(softmax_row_cl, "softmax_row.cl")
static const char softmax_row_tile_cl_text[] = {
#embed "../../../Kernels/softmax_row_tile.cl"
};
TEXT_FILE(softmax_row_tile_cl, "softmax_row_tile.cl")
static const char step_values_h_text[] = {
#embed "../../../Kernels/step_values.h"
};
TEXT_FILE(step_values_h, "step_values.h")
static const char sum_splits_cl_text[] = {
#embed "../../../Kernels/sum_splits.cl"
};
TEXT_FILE(sum_splits_cl, "sum_splits.cl")
static const char sum_splits_h_text[] = {
#embed "../../../Kernels/sum_splits.h"
};
TEXT_FILE(sum_splits_h, "sum_splits.h")
static const char sums_beside_cl_text[] = {
#embed "../../../Kernels/sums_beside.cl"
};
TEXT_FILE(sums_beside_cl, "sums_beside.cl")
static const char weighted_cross_entropy_cl_text[] = {
#embed "../../../Kernels/weighted_cross_entropy.cl"
};
TEXT_FILE(weighted_cross_entropy_cl, "weighted_cross_entropy.cl")
static const char weighted_cross_entropy_tile_cl_text[] = {
#embed "../../../Kernels/weighted_cross_entropy_tile.cl"
};
TEXT_FILE(weighted_cross_entropy_tile_cl, "weighted_cross_entropy_tile.cl")
static const char winograd_cl_text[] = {
#embed "../../../Kernels/winograd.cl"
};
TEXT_FILE(winograd_cl, "winograd.cl")
static const char winograd_h_text[] = {
#embed "../../../Kernels/winograd.h"
};
TEXT_FILE(winograd_h, "winograd.h")
static const char winograd_transforms_cl_text[] = {
#embed "../../../Kernels/winograd_transforms.cl"
};
TEXT_FILE(winograd_transforms_cl, "winograd_transforms.cl")

static const telar_file *const augment_files[] = {&common_cl, &augment_h, &gather_h, &philox_h, &philox_block_cl,
    &step_values_h, &augment_cl};
static const telar_file *const batch_norm_files[] = {&common_cl, &activation_h, &activation_cl, &batch_norm_h,
    &batch_norm_cl};
static const telar_file *const batch_norm_pool_files[] = {&common_cl, &activation_h, &activation_cl, &pool_h,
    &argmax_cl, &batch_norm_pool_cl};
static const telar_file *const batch_norm_pool_tile_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h,
    &activation_cl, &batch_norm_h, &quad_cl, &group_sum_h, &group_sum_cl, &norm_columns_cl, &batch_norm_pool_tile_cl};
static const telar_file *const batch_norm_tile_files[] = {&common_cl, &activation_h, &activation_cl, &batch_norm_h,
    &quad_cl, &group_sum_h, &group_sum_cl, &norm_columns_cl, &batch_norm_tile_cl};
static const telar_file *const clip_files[] = {&common_cl, &clip_cl};
static const telar_file *const column_sum_files[] = {&common_cl, &column_sum_cl};
static const telar_file *const column_sum_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl,
    &group_sum_h, &group_sum_cl, &column_sum_tile_cl};
static const telar_file *const columns_files[] = {&common_cl, &columns_cl};
static const telar_file *const conv2d_files[] = {&common_cl, &activation_h, &activation_cl, &register_tile_cl,
    &conv2d_h, &conv2d_cl};
static const telar_file *const conv2d_batch_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &register_tile_cl, &conv2d_batch_h, &conv2d_batch_cl};
static const telar_file *const conv2d_depthwise_files[] = {&common_cl, &activation_h, &activation_cl,
    &conv2d_depthwise_cl};
static const telar_file *const conv2d_dot_files[] = {&common_cl, &activation_h, &activation_cl, &conv2d_dot_cl};
static const telar_file *const conv2d_first_files[] = {&common_cl, &pool_h, &argmax_cl, &first_layer_cl,
    &activation_h, &activation_cl, &philox_h, &philox_cl, &step_values_h, &conv2d_first_cl};
static const telar_file *const conv2d_first_norm_files[] = {&common_cl, &activation_h, &activation_cl, &pool_h,
    &argmax_cl, &first_layer_cl, &conv2d_first_norm_cl};
static const telar_file *const conv2d_from_one_files[] = {&common_cl, &activation_h, &activation_cl,
    &conv2d_from_one_h, &conv2d_from_one_cl};
static const telar_file *const conv2d_pool_tile_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h,
    &activation_cl, &quad_cl, &philox_h, &philox_tile_cl, &step_values_h, &epilogue_tile_cl, &local_tile_cl,
    &conv2d_tile_h, &conv2d_taps_cl, &conv2d_pool_tile_cl};
static const telar_file *const conv2d_prepare_files[] = {&common_cl, &conv2d_prepare_cl};
static const telar_file *const conv2d_tile_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &quad_cl, &philox_h, &philox_tile_cl, &step_values_h, &epilogue_tile_cl, &local_tile_cl, &conv2d_tile_h,
    &conv2d_taps_cl, &conv2d_tile_cl};
static const telar_file *const conv2d_to_one_files[] = {&common_cl, &activation_h, &activation_cl, &conv2d_to_one_h,
    &conv2d_to_one_cl};
static const telar_file *const conv2d_weight_gradient_tile_files[] = {&common_cl, &activation_h, &activation_cl,
    &quad_cl, &local_tile_cl, &group_sum_h, &group_sum_cl, &sums_beside_cl, &conv2d_weight_gradient_tile_cl};
static const telar_file *const dropout_files[] = {&common_cl, &activation_h, &activation_cl, &philox_h, &philox_cl,
    &dropout_h, &step_values_h, &dropout_cl};
static const telar_file *const dropout_pool_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &philox_h, &philox_cl, &step_values_h, &dropout_pool_cl};
static const telar_file *const dropout_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl, &philox_h,
    &philox_tile_cl, &dropout_h, &step_values_h, &dropout_tile_cl};
static const telar_file *const elementwise_files[] = {&common_cl, &activation_h, &activation_cl, &elementwise_cl};
static const telar_file *const gated_units_files[] = {&common_cl, &activation_h, &activation_cl, &gated_units_cl};
static const telar_file *const gather_files[] = {&common_cl, &gather_h, &step_values_h, &gather_cl};
static const telar_file *const gemm_files[] = {&common_cl, &activation_h, &activation_cl, &register_tile_cl, &gemm_h,
    &gemm_cl};
static const telar_file *const gemm_tile_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &quad_cl, &philox_h, &philox_tile_cl, &step_values_h, &epilogue_tile_cl, &local_tile_cl, &group_sum_h,
    &group_sum_cl, &sums_beside_cl, &gemm_tile_cl};
static const telar_file *const group_norm_files[] = {&common_cl, &group_norm_cl};
static const telar_file *const group_norm_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl,
    &group_sum_h, &group_sum_cl, &group_norm_tile_cl};
static const telar_file *const layout_files[] = {&common_cl, &layout_h, &layout_cl};
static const telar_file *const layout_tile_files[] = {&common_cl, &layout_h, &layout_tile_cl};
static const telar_file *const loss_files[] = {&common_cl, &activation_h, &activation_cl, &loss_metrics_cl, &loss_cl};
static const telar_file *const loss_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl, &group_sum_h,
    &group_sum_cl, &loss_metrics_cl, &loss_h, &softmax_row_tile_cl, &loss_tile_cl};
static const telar_file *const moving_average_files[] = {&common_cl, &moving_average_cl};
static const telar_file *const optimizer_files[] = {&common_cl, &step_values_h, &optimizer_update_cl, &optimizer_cl};
static const telar_file *const optimizer_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl,
    &group_sum_h, &group_sum_cl, &loss_metrics_cl, &optimizer_tile_h, &step_values_h, &optimizer_update_cl,
    &optimizer_tile_cl};
static const telar_file *const peak_files[] = {&common_cl, &peak_h, &peak_cl};
static const telar_file *const penalty_files[] = {&common_cl, &activation_h, &activation_cl, &logarithm_cl,
    &normal_cl, &penalty_h, &philox_h, &philox_block_cl, &step_values_h, &penalty_cl};
static const telar_file *const pointwise_loss_files[] = {&common_cl, &activation_h, &activation_cl, &logarithm_cl,
    &loss_terms_h, &loss_terms_cl, &pointwise_loss_cl};
static const telar_file *const pointwise_loss_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl,
    &group_sum_h, &group_sum_cl, &logarithm_cl, &loss_terms_h, &loss_terms_cl, &pointwise_loss_tile_cl};
static const telar_file *const pool_files[] = {&common_cl, &pool_h, &argmax_cl, &pool_cl};
static const telar_file *const pool_tile_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &quad_cl, &philox_h, &philox_tile_cl, &step_values_h, &epilogue_tile_cl, &pool_tile_cl};
static const telar_file *const reduce_files[] = {&common_cl, &reduce_cl};
static const telar_file *const reduce_tile_files[] = {&common_cl, &activation_h, &activation_cl, &quad_cl,
    &group_sum_h, &group_sum_cl, &reduce_tile_cl};
static const telar_file *const softmax_files[] = {&common_cl, &activation_h, &activation_cl, &softmax_row_cl,
    &softmax_cl};
static const telar_file *const sum_splits_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &quad_cl, &philox_h, &philox_tile_cl, &step_values_h, &epilogue_tile_cl, &sum_splits_h, &sum_splits_cl};
static const telar_file *const weighted_cross_entropy_files[] = {&common_cl, &activation_h, &activation_cl,
    &softmax_row_cl, &weighted_cross_entropy_cl};
static const telar_file *const weighted_cross_entropy_tile_files[] = {&common_cl, &activation_h, &activation_cl,
    &quad_cl, &group_sum_h, &group_sum_cl, &loss_h, &softmax_row_tile_cl, &weighted_cross_entropy_tile_cl};
static const telar_file *const winograd_files[] = {&common_cl, &pool_h, &argmax_cl, &activation_h, &activation_cl,
    &register_tile_cl, &winograd_h, &winograd_transforms_cl, &winograd_cl};

#define PROGRAM(name, has_local_memory) \
  {#name, name##_files, sizeof name##_files / sizeof *name##_files, has_local_memory},
static const telar_program programs[] = {
    PROGRAM(augment, 0)
    PROGRAM(batch_norm, 0)
    PROGRAM(batch_norm_pool, 0)
    PROGRAM(batch_norm_pool_tile, 1)
    PROGRAM(batch_norm_tile, 1)
    PROGRAM(clip, 0)
    PROGRAM(column_sum, 0)
    PROGRAM(column_sum_tile, 1)
    PROGRAM(columns, 0)
    PROGRAM(conv2d, 0)
    PROGRAM(conv2d_batch, 0)
    PROGRAM(conv2d_depthwise, 0)
    PROGRAM(conv2d_dot, 0)
    PROGRAM(conv2d_first, 0)
    PROGRAM(conv2d_first_norm, 0)
    PROGRAM(conv2d_from_one, 0)
    PROGRAM(conv2d_pool_tile, 1)
    PROGRAM(conv2d_prepare, 0)
    PROGRAM(conv2d_tile, 1)
    PROGRAM(conv2d_to_one, 0)
    PROGRAM(conv2d_weight_gradient_tile, 1)
    PROGRAM(dropout, 0)
    PROGRAM(dropout_pool, 0)
    PROGRAM(dropout_tile, 1)
    PROGRAM(elementwise, 0)
    PROGRAM(gated_units, 0)
    PROGRAM(gather, 0)
    PROGRAM(gemm, 0)
    PROGRAM(gemm_tile, 1)
    PROGRAM(group_norm, 0)
    PROGRAM(group_norm_tile, 1)
    PROGRAM(layout, 0)
    PROGRAM(layout_tile, 1)
    PROGRAM(loss, 0)
    PROGRAM(loss_tile, 1)
    PROGRAM(moving_average, 0)
    PROGRAM(optimizer, 0)
    PROGRAM(optimizer_tile, 1)
    PROGRAM(peak, 0)
    PROGRAM(penalty, 0)
    PROGRAM(pointwise_loss, 0)
    PROGRAM(pointwise_loss_tile, 1)
    PROGRAM(pool, 0)
    PROGRAM(pool_tile, 1)
    PROGRAM(reduce, 0)
    PROGRAM(reduce_tile, 1)
    PROGRAM(softmax, 0)
    PROGRAM(sum_splits, 1)
    PROGRAM(weighted_cross_entropy, 0)
    PROGRAM(weighted_cross_entropy_tile, 1)
    PROGRAM(winograd, 0)
};
const int telar_program_count = sizeof programs / sizeof *programs;

const telar_program *telar_program_at(int index) { return &programs[index]; }

static const telar_kernel kernels[] = {
    {"augment", "gather_augmented", "cccccbiiiif", 0},
    {"augment", "add_noise", "ccccccbiiif", 0},
    {"batch_norm", "batch_norm_chunk_statistics", "cbbiii", 0},
    {"batch_norm", "batch_norm_statistics", "ccbbbbiiif", 0},
    {"batch_norm", "batch_norm_forward", "cbcccciifif", 0},
    {"batch_norm", "batch_norm_chunk_gradients", "ccccccbbiiifif", 0},
    {"batch_norm", "batch_norm_parameter_gradients", "cccbbbiifii", 0},
    {"batch_norm", "batch_norm_backward", "cccccccbiifiif", 0},
    {"batch_norm_pool", "batch_norm_pool_forward", "cbbbcccciiiififii", 0},
    {"batch_norm_pool", "batch_norm_average_chunk_gradients", "ccccccbbiiiiifif", 0},
    {"batch_norm_pool", "batch_norm_pool_backward", "ccccccccbiiiifiifi", 0},
    {"batch_norm_pool_tile", "batch_norm_pool_forward_tile", "cbbbcccciiiififii", 0},
    {"batch_norm_pool_tile", "batch_norm_average_chunk_gradients_tile", "ccccccbbiiiiiifif", 0},
    {"batch_norm_pool_tile", "batch_norm_pool_backward_tile", "cccccccccibiiiiififi", 0},
    {"batch_norm_tile", "batch_norm_chunk_statistics_tile", "cbbiiii", 0},
    {"batch_norm_tile", "batch_norm_statistics_tile", "ccbbbbiiiif", 0},
    {"batch_norm_tile", "batch_norm_forward_tile", "cbcccciifif", 0},
    {"batch_norm_tile", "batch_norm_chunk_gradients_tile", "ccccccbbiiiifif", 0},
    {"batch_norm_tile", "batch_norm_backward_tile", "ccccccccibiiifif", 0},
    {"clip", "clip_to_norm", "bcif", 0},
    {"column_sum", "column_sum", "cbiiii", 0},
    {"column_sum", "add_parts", "cbiii", 0},
    {"column_sum_tile", "column_sum_tile", "cbiiiii", 0},
    {"columns", "copy_columns", "cbiiiiii", 0},
    {"conv2d", "conv2d_window", "ccbiiiiiiiiiicif", 1},
    {"conv2d", "conv2d_transposed", "cccbiiiiiiiiiiicif", 1},
    {"conv2d", "conv2d_weight_gradient", "ccbiiiiiiiiii", 1},
    {"conv2d_batch", "conv2d_batch", "ccbiiiiiiiiiiiicif", 1},
    {"conv2d_batch", "conv2d_pool", "ccbbiiiiiiiiiiiiiif", 1},
    {"conv2d_depthwise", "conv2d_depthwise", "cccbiiiiiiiicif", 0},
    {"conv2d_depthwise", "conv2d_depthwise_transposed", "cccbiiiiiiiicif", 0},
    {"conv2d_depthwise", "conv2d_depthwise_weight_gradient", "ccbiiiiiiiii", 0},
    {"conv2d_dot", "conv2d_transposed_dot", "cccbiiiiiiiiiiif", 0},
    {"conv2d_dot", "conv2d_collect", "ccbiiiiiiiiif", 0},
    {"conv2d_first", "conv2d_first", "cccbiiiicif", 0},
    {"conv2d_first", "conv2d_first_pool", "cccbbiiiiiif", 0},
    {"conv2d_first", "conv2d_first_dropout_pool", "cccbbiiiiiuuucuf", 0},
    {"conv2d_first", "conv2d_first_pool_weight_gradient", "cccbbiiiiif", 0},
    {"conv2d_first_norm", "conv2d_first_chunk_statistics", "cccbbiiiii", 0},
    {"conv2d_first_norm", "conv2d_first_norm_pool", "cccbbbcccciiiififi", 0},
    {"conv2d_first_norm", "conv2d_first_norm_weight_gradient", "cccccbccccciiiiifif", 0},
    {"conv2d_from_one", "conv2d_from_one", "cccbiiiiiiiiicif", 0},
    {"conv2d_from_one", "conv2d_from_one_weight_gradient", "ccbiiiiiiiii", 0},
    {"conv2d_pool_tile", "conv2d_max_pool_2x2_tile", "cccbbiiiiiiiiiiiiiiiiiiifuuucu", 0},
    {"conv2d_prepare", "pad_image", "cbiiiiii", 0},
    {"conv2d_prepare", "pack_taps", "ccbiiiiii", 0},
    {"conv2d_prepare", "winograd_filters", "cbiiii", 0},
    {"conv2d_tile", "conv2d_forward_tile", "cccbiiiiiiiiiiiiiiiiicifuuucu", 0},
    {"conv2d_tile", "conv2d_input_gradient_tile", "cccbiiiiiiiiiiiiiiiiiiicifuuucu", 0},
    {"conv2d_to_one", "conv2d_to_one", "cccbiiiiiiiiiif", 0},
    {"conv2d_weight_gradient_tile", "conv2d_weight_gradient_tile", "ccbiiiiiiiiiiiiiiiiiicbiiiii", 0},
    {"dropout", "philox_blocks", "biuuuuuu", 0},
    {"dropout", "dropout_forward", "cbiuuucufi", 0},
    {"dropout_pool", "relu_dropout_pool_2x2", "cbbiiiiuuucuf", 0},
    {"dropout_tile", "philox_blocks_tile", "biuuuuuu", 0},
    {"dropout_tile", "dropout_forward_tile", "cbiuuucufi", 0},
    {"elementwise", "activation_forward", "cbiif", 0},
    {"elementwise", "activation_backward", "ccbiif", 0},
    {"elementwise", "add", "ccbi", 0},
    {"elementwise", "scale_by_scalar", "ccbif", 0},
    {"elementwise", "broadcast_scalar", "cbif", 0},
    {"elementwise", "exponential", "cbi", 0},
    {"gated_units", "silu_forward", "cbi", 0},
    {"gated_units", "silu_backward", "ccbi", 0},
    {"gated_units", "gelu_forward", "cbii", 0},
    {"gated_units", "gelu_backward", "ccbii", 0},
    {"gather", "gather_bytes", "cccbiiff", 0},
    {"gather", "gather_bytes_by_channel", "ccccbiii", 0},
    {"gather", "gather_labels", "cccbi", 0},
    {"gemm", "gemm", "ccccbiiiiiiiiiiiiffcif", 1},
    {"gemm", "gemm_pack", "ccbbiiiiiii", 1},
    {"gemm", "gemm_packed", "ccccbiiiiiiffcif", 1},
    {"gemm_tile", "gemm_tile", "ccccbiiiiiiffcifuuucubii", 0},
    {"group_norm", "group_norm_forward", "cbccbiiiifii", 0},
    {"group_norm", "group_norm_backward", "ccccbbbiiiiii", 0},
    {"group_norm_tile", "group_norm_forward_tile", "cbccbiiiifii", 0},
    {"group_norm_tile", "group_norm_backward_tile", "ccccbbbiiiiii", 0},
    {"layout", "transpose_batch", "cbiii", 0},
    {"layout_tile", "transpose_batch_tile", "cbii", 0},
    {"loss", "squared_error", "ccbbiifiif", 0},
    {"loss", "loss_finish", "ccbbifiii", 0},
    {"loss_tile", "squared_error_tile", "ccbbiifiif", 0},
    {"loss_tile", "cross_entropy_rows_tile", "ccbbbiifi", 0},
    {"loss_tile", "loss_finish_tile", "ccbbifiii", 0},
    {"moving_average", "moving_average", "cbif", 0},
    {"optimizer", "adam_step", "bcbbcifffff", 0},
    {"optimizer", "sgd_step", "bcbciffi", 0},
    {"optimizer", "rmsprop_step", "bcbbbcifffffi", 0},
    {"optimizer_tile", "adam_step_tile", "bcccbbcfffffccbbifiii", 0},
    {"optimizer_tile", "sgd_step_tile", "bcccbcfficcbbifiii", 0},
    {"optimizer_tile", "rmsprop_step_tile", "bcccbbbcffffficcbbifiii", 0},
    {"peak", "peak_multiply_add", "biff", 0},
    {"penalty", "absolute_terms", "cbbif", 0},
    {"penalty", "sample_normal", "cbbciiuuuf", 0},
    {"penalty", "sample_normal_gradient", "cccbii", 0},
    {"penalty", "divergence_gradient", "cbiif", 0},
    {"pointwise_loss", "pointwise_loss", "ccbbiifiifif", 0},
    {"pointwise_loss_tile", "pointwise_loss_tile", "ccbbiifiifif", 0},
    {"pool", "pool_max_forward", "cbbiiiiiiiiiiiii", 0},
    {"pool", "pool_max_forward_2x2", "cbbiiiiiii", 0},
    {"pool", "pool_max_backward", "ccbiiiiiiiiiiii", 0},
    {"pool", "pool_max_backward_tiling", "ccbiiiiiiiiif", 0},
    {"pool", "pool_average_forward", "cbiiiiiiiiiiiii", 0},
    {"pool", "pool_average_backward", "cbiiiiiiiiiiiii", 0},
    {"pool", "pool_average_backward_tiling", "cbiiiiiiii", 0},
    {"pool_tile", "pool_max_relu_2x2_tile", "cbbiiiiiiifuuucu", 0},
    {"reduce", "chunk_sum", "cbiifi", 0},
    {"reduce", "chunk_square_sum", "cbii", 0},
    {"reduce", "argmax", "cbii", 0},
    {"reduce", "count_correct", "ccbiii", 0},
    {"reduce_tile", "chunk_sum_tile", "cbiifi", 0},
    {"reduce_tile", "chunk_square_sum_tile", "cbii", 0},
    {"softmax", "cross_entropy_rows", "ccbbbiiifi", 0},
    {"sum_splits", "sum_splits", "cccbiiiffcifuuucu", 0},
    {"weighted_cross_entropy", "sum_label_weights", "ccbii", 0},
    {"weighted_cross_entropy", "weighted_cross_entropy_rows", "ccccbbbiiiffi", 0},
    {"weighted_cross_entropy_tile", "sum_label_weights_tile", "ccbii", 0},
    {"weighted_cross_entropy_tile", "weighted_cross_entropy_rows_tile", "ccccbbbiiffi", 0},
    {"winograd", "winograd_forward", "ccccbbiiiiiiiiiicif", 1},
    {"winograd", "winograd_weight_gradient", "cccbiiiiiiiiii", 1},
};
const int telar_kernel_count = sizeof kernels / sizeof *kernels;

const telar_kernel *telar_kernel_at(int index) { return &kernels[index]; }

// What the kernels of batch normalisation in the tile family share.
#ifndef NORM_COLUMNS_CL
#define NORM_COLUMNS_CL
#include "activation.cl"
#include "batch_norm.h"
#include "group_sum.cl"

// What rows are normalised by: centred = x - mean, y = centred * factor + shift; square = variance + epsilon.
typedef struct {
  floatv mean, square, factor, shift;
} norm_columns;

INLINE norm_columns load_norm(
    global const float *mean, global const float *variance, global const float *weight, global const float *bias,
    const int C, const column_item item, const float epsilon) {
  const int c = item.channels > 0 ? item.c : 0, channels = C - c;
  norm_columns norm;
  norm.mean = load_columns(mean + c, C, channels);
  norm.square = load_columns(variance + c, C, channels) + epsilon;
  norm.factor = load_columns(weight + c, C, channels) / sqrt(norm.square);
  norm.shift = load_columns(bias + c, C, channels);
  return norm;
}

// What the input's gradient subtracts in training: the mean of g, and the mean of g * (x - mean) over the variance.
INLINE void load_means(
    floatv *mean_gradient, floatv *slope_gradient, global const float *totals, const int C, const column_item item,
    const norm_columns norm, const float rows) {
  *mean_gradient = load_columns(totals + item.c, C, item.channels) / rows;
  *slope_gradient = load_columns(totals + C + item.c, C, item.channels) / (norm.square * rows);
}

#endif

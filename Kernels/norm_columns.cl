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

// Adds up a group's sums of g and of g * (x - mean), and stores them among those of the chunks, [chunks, C]. All items of
// the group call it.
INLINE void store_chunk_gradients(
    local floatv *room, floatv sum, floatv product, global float *sums, global float *products, const int C,
    const column_item item, const int vectors) {
  sum = sum_items(room, sum, vectors);
  product = sum_items(room, product, vectors);
  if ((int)get_local_id(0) >= vectors || item.channels <= 0) return;
  const int to = (int)get_group_id(1) * C + item.c;
  store_columns(sum, sums + to, C, item.channels);
  store_columns(product, products + to, C, item.channels);
}

#endif

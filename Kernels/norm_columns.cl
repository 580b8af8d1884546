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

// The part of an image's gradient that an item computes: VECTOR_WIDTH channels, in rows (or windows) from `row` on, with
// steps of `step`, in turns of `turn` from one of its loads to the next.
//
// A group does `vectors` vectors of channels, and its other items, its lanes, share out the rows with those of the groups
// that have the same channels.
typedef struct {
  column_item item;
  int turn;
} norm_item;

INLINE norm_item find_gradient_item(const int rows, const int C, const int rows_at_once, const int vectors) {
  const int id = (int)get_local_id(0), lanes = (int)get_local_size(0) / vectors;
  norm_item found;
  found.item.c = ((int)get_group_id(0) * vectors + id % vectors) * VECTOR_WIDTH;
  found.item.channels = C - found.item.c;
  found.item.step = lanes;
  found.item.row = (int)get_group_id(1) * lanes * rows_at_once + id / vectors;
  found.item.end = found.item.channels > 0 ? rows : 0;
  found.turn = (int)get_num_groups(1) * lanes * rows_at_once;
  return found;
}

// What the input's gradient subtracts in training: the mean of g, and the mean of g * (x - mean) over the variance, from
// the chunks' sums, [chunks, C], which every group adds up for itself: they are few. Without training there are none. All
// items of the group call it.
INLINE void sum_means(
    floatv *mean_gradient, floatv *slope_gradient, local floatv *room, global const float *sums,
    global const float *products, const int chunks, const int C, const column_item item, const norm_columns norm,
    const int vectors, const float rows) {
  column_item chunk = item;
  chunk.row = (int)get_local_id(0) / vectors;
  chunk.end = chunks;
  const floatv sum = sum_rows(sums, C, chunk), product = sum_rows(products, C, chunk);
  *mean_gradient = sum_items(room, sum, vectors) / rows;
  *slope_gradient = sum_items(room, product, vectors) / (sqrt(norm.square) * rows);
}

// Adds up a group's sums of g and of g * (x - mean), the latter over s, s^2 = variance + epsilon, and stores them among
// those of the chunks, [chunks, C]: parts of the gradients of bias and weight. All items of the group call it.
INLINE void store_chunk_gradients(
    local floatv *room, floatv sum, floatv product, global float *sums, global float *products, const int C,
    const column_item item, global const float *variance, const float epsilon, const int vectors) {
  sum = sum_items(room, sum, vectors);
  product = sum_items(room, product, vectors);
  if ((int)get_local_id(0) >= vectors || item.channels <= 0) return;
  const int to = (int)get_group_id(1) * C + item.c;
  store_columns(sum, sums + to, C, item.channels);
  const floatv square = load_columns(variance + item.c, C, item.channels) + epsilon;
  store_columns(product / sqrt(square), products + to, C, item.channels);
}

#endif

// Optimizer steps of gradients that are sums of parts, tile family: the parts that the launches of weight gradients cut
// their sums into, and the loss's chunks, are added up where they are needed, and not by launches of their own.
//
// A table says of each work-group which elements of which parameter it updates (optimizer_tile.h). The group sums them
// as column_sum_tile would, so the order of additions does not depend on who adds them. The last entry of the table is
// the loss's; without a loss to finish, the launch leaves out its group.
#include "group_sum.cl"
#include "loss_metrics.cl"
#include "optimizer_tile.h"
#include "optimizer_update.cl"

// The elements that an item updates: n from `first` on, of which four at most; none where n is not positive.
typedef struct {
  int first, n;
} updated;

// The gradient of the item's elements. In the loss's group, the sum of the loss's chunks, and of its hits, which a float
// counts exactly up to 2^24, in the first item, which finishes the loss.
INLINE floatv sum_gradient(
    local floatv room[GROUP_SUM_ITEMS], global const float *gradients, global const float *parts,
    global const int *shares, global const float *partial, global const int *hits, global float *loss,
    global uint *metrics, const int chunks, const float scale, const int has_hits, const int wants_metrics,
    const int examples, updated *elements) {
  global const int *share = shares + (int)get_group_id(0) * SHARE_WORDS;
  const int id = (int)get_local_id(0), items = (int)get_local_size(0);
  const int vectors = share[SHARE_VECTORS], count = share[SHARE_COUNT], kind = share[SHARE_PARTS];
  column_item item;
  item.c = (share[SHARE_GROUP] * vectors + id % vectors) * VECTOR_WIDTH;
  item.channels = count - item.c;
  item.row = id / vectors;
  item.end = kind == SHARE_IS_WHOLE ? 1 : max(kind, 0);
  item.step = items / vectors;
  elements->first = share[SHARE_PARAMETER] + item.c;
  elements->n = id < vectors && kind != SHARE_IS_LOSS ? item.channels : 0;
  floatv sum =
      sum_rows(kind == SHARE_IS_WHOLE ? gradients + share[SHARE_PARAMETER] : parts + share[SHARE_PLACE], count, item);
  if (kind == SHARE_IS_LOSS) {
    sum.x = sum_elements(partial, 0, chunks);
    int correct = 0;
    if (has_hits) {
#pragma unroll 4
      for (int i = id; i < chunks; i += items) correct += hits[i];
    }
    sum.y = (float)correct;
  }
  sum = sum_items(room, sum, vectors);
  if (kind == SHARE_IS_LOSS && id == 0) put_loss(sum.x * scale, (uint)sum.y, loss, metrics, wants_metrics, examples);
  return sum;
}

// The kernels of optimizer.cl, where gradients and parts are what the table `shares` says, and loss_finish of loss_tile.cl.
kernel void adam_step_tile(
    global float *parameters, global const float *gradients, global const float *parts, global const int *shares,
    global float *first_moment, global float *second_moment, global const uint *step_values, float one_minus_beta1,
    float beta2, float one_minus_beta2, float epsilon, float weight_decay,
    global const float *partial, global const int *hits, global float *loss, global uint *metrics, int chunks,
    float scale, int has_hits, int wants_metrics, int examples) {
  local floatv room[GROUP_SUM_ITEMS];
  updated elements;
  const floatv gradient = sum_gradient(
      room, gradients, parts, shares, partial, hits, loss, metrics, chunks, scale, has_hits, wants_metrics, examples,
      &elements);
  if (elements.n <= 0) return;
  update_by_adam(
      gradient, parameters, first_moment, second_moment, step_values, elements.first, elements.n, one_minus_beta1,
      beta2, one_minus_beta2, epsilon, weight_decay);
}

kernel void sgd_step_tile(
    global float *parameters, global const float *gradients, global const float *parts, global const int *shares,
    global float *velocity, global const uint *step_values, float momentum, float weight_decay, int nesterov,
    global const float *partial, global const int *hits, global float *loss, global uint *metrics, int chunks,
    float scale, int has_hits, int wants_metrics, int examples) {
  local floatv room[GROUP_SUM_ITEMS];
  updated elements;
  const floatv gradient = sum_gradient(
      room, gradients, parts, shares, partial, hits, loss, metrics, chunks, scale, has_hits, wants_metrics, examples,
      &elements);
  if (elements.n <= 0) return;
  update_by_sgd(
      gradient, parameters, velocity, step_values, elements.first, elements.n, momentum, weight_decay, nesterov);
}

kernel void rmsprop_step_tile(
    global float *parameters, global const float *gradients, global const float *parts, global const int *shares,
    global float *square_average, global float *gradient_average, global float *velocity,
    global const uint *step_values, float alpha, float one_minus_alpha, float epsilon, float momentum,
    float weight_decay, int centered,
    global const float *partial, global const int *hits, global float *loss, global uint *metrics, int chunks,
    float scale, int has_hits, int wants_metrics, int examples) {
  local floatv room[GROUP_SUM_ITEMS];
  updated elements;
  const floatv gradient = sum_gradient(
      room, gradients, parts, shares, partial, hits, loss, metrics, chunks, scale, has_hits, wants_metrics, examples,
      &elements);
  if (elements.n <= 0) return;
  update_by_rmsprop(
      gradient, parameters, square_average, gradient_average, velocity, step_values, elements.first, elements.n, alpha,
      one_minus_alpha, epsilon, momentum, weight_decay, centered);
}

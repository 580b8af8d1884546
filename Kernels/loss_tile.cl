// Mean squared error, cross entropy of softmax, and the last pass of every loss, tile family.
#include "activation.cl"
#include "group_sum.cl"
#include "loss_metrics.cl"
#include "softmax_row_tile.cl"

// The squared error of VECTOR_WIDTH elements, and its gradient.
INLINE floatv squared_error_of(
    const floatv y, const floatv target, floatv *gradient, const float scale, const int activation, const float slope) {
  const floatv d = y - target;
  *gradient = activate_gradient(d * scale, y, activation, slope);
  return d * d;
}

// partial[j] = the sum of (prediction - target)^2 over chunk j; with wants_gradient, gradient = (prediction - target)
// * scale, or its pre-activation gradient where `activation` is what the prediction is the output of.
// Work-group j: elements j * length ..< (j + 1) * length; VECTOR_WIDTH divides length.
kernel void squared_error_tile(
    global const float *prediction, global const float *target, global float *gradient, global float *partial,
    int count, int length, float scale, int wants_gradient, int activation, float slope) {
  local float room[GROUP_SUM_ITEMS];
  const int id = (int)get_local_id(0), chunk = (int)get_group_id(0), step = (int)get_local_size(0) * VECTOR_WIDTH;
  const int first = chunk * length, end = min(count, first + length);
  const int whole = end - (end - first) % VECTOR_WIDTH;
  floatv sums = SPLAT(0.0f), d;
  for (int at = first + id * VECTOR_WIDTH; at < whole; at += 2 * step) {
    const int next = at + step, has_next = next < whole, from = has_next ? next : at;
    const floatv y0 = *(global const floatv *)(prediction + at), y1 = *(global const floatv *)(prediction + from);
    const floatv t0 = *(global const floatv *)(target + at), t1 = *(global const floatv *)(target + from);
    sums += squared_error_of(y0, t0, &d, scale, activation, slope);
    if (wants_gradient) *(global floatv *)(gradient + at) = d;
    if (!has_next) break;
    sums += squared_error_of(y1, t1, &d, scale, activation, slope);
    if (wants_gradient) *(global floatv *)(gradient + next) = d;
  }
  const int last = whole + id;
  if (last < end) {
    sums.x += squared_error_of(SPLAT(prediction[last]), SPLAT(target[last]), &d, scale, activation, slope).x;
    if (wants_gradient) gradient[last] = d.x;
  }
  const float sum = sum_group(room, (sums.x + sums.y) + (sums.z + sums.w));
  if (id == 0) partial[chunk] = sum;
}

// losses, hits [rows] = of each row of logits [rows, columns] the loss log(sum exp(x - m)) + m - x[label], with m the
// row's maximum, and whether its argmax is the label; with wants_gradient, gradient = (softmax(x) - onehot(label)) *
// scale. A label out of range gives a NaN loss.
// LOSS_ROW_ITEMS work-items a row.
kernel void cross_entropy_rows_tile(
    global const float *logits, global const int *labels, global float *gradient, global float *losses,
    global int *hits, int rows, int columns, float scale, int wants_gradient) {
  local float values[LOSS_GROUP_ITEMS];
  local int places[LOSS_GROUP_ITEMS];
  const int id = (int)get_local_id(0), lane = id % LOSS_ROW_ITEMS;
  const int item_row = (int)get_global_id(0) / LOSS_ROW_ITEMS, row = min(item_row, rows - 1);
  const int label = labels[row];
  global const float *x = logits + row * columns;

  float largest;
  int best;
  const float sum = exponential_sum(values, places, x, columns, &largest, &best);
  if (item_row >= rows) return;
  const int valid = label >= 0 && label < columns;
  if (lane == 0) {
    losses[row] = valid ? log(sum) + (largest - x[label]) : NAN;
    hits[row] = best == label ? 1 : 0;
  }
  if (!wants_gradient) return;
  const float factor = scale / sum;
  global float *d = gradient + row * columns;
  for (int c = lane; c < columns; c += LOSS_ROW_ITEMS) {
    d[c] = expv(SPLAT(x[c] - largest)).x * factor - (c == label ? scale : 0.0f);
  }
}

// loss[0] = the sum of partial * scale. With wants_metrics, metrics accumulates over batches: the sum of loss *
// examples as a float and its rounding error (words 0 and 1), hits (word 2) and examples (word 3).
// One work-group.
kernel void loss_finish_tile(
    global const float *partial, global const int *hits, global float *loss, global uint *metrics, int chunks,
    float scale, int has_hits, int wants_metrics, int examples) {
  local float room[GROUP_SUM_ITEMS];
  local int hit_room[GROUP_SUM_ITEMS];
  const int id = (int)get_local_id(0), items = (int)get_local_size(0);
  int correct = 0;
  if (has_hits) {
#pragma unroll 4
    for (int i = id; i < chunks; i += items) correct += hits[i];
  }
  hit_room[id] = correct;
  const float mean = sum_group(room, sum_elements(partial, 0, chunks)) * scale;
  for (int step = items / 2; step > 0; step /= 2) {
    if (id < step) hit_room[id] += hit_room[id + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (id == 0) put_loss(mean, (uint)hit_room[0], loss, metrics, wants_metrics, examples);
}

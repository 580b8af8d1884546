// Cross entropy of softmax with weights of classes and smoothed labels, tile family; formulas in weighted_cross_entropy.cl.
#include "group_sum.cl"
#include "softmax_row_tile.cl"

// total[0] = the sum of weights[labels[i]] over the batch.
// One work-group.
kernel void sum_label_weights_tile(
    global const float *weights, global const int *labels, global float *total, int rows, int columns) {
  local float room[GROUP_SUM_ITEMS];
  const int id = (int)get_local_id(0), items = (int)get_local_size(0);
  float sum = 0.0f;
#pragma unroll 4
  for (int r = id; r < rows; r += items) {
    const int label = labels[r];
    sum += label >= 0 && label < columns ? weights[label] : NAN;
  }
  sum = sum_group(room, sum);
  if (id == 0) total[0] = sum;
}

// losses, hits [rows] = the loss of each row of logits [rows, columns], and whether its argmax is the label.
// LOSS_ROW_ITEMS work-items a row.
kernel void weighted_cross_entropy_rows_tile(
    global const float *logits, global const int *labels, global const float *weights, global const float *total,
    global float *gradient, global float *losses, global int *hits, int rows, int columns, float smoothing,
    float weight_sum, int wants_gradient) {
  local float values[LOSS_GROUP_ITEMS];
  local int places[LOSS_GROUP_ITEMS];
  const int id = (int)get_local_id(0), lane = id % LOSS_ROW_ITEMS;
  const int item_row = (int)get_global_id(0) / LOSS_ROW_ITEMS, row = min(item_row, rows - 1);
  const int label = labels[row], valid = label >= 0 && label < columns;
  global const float *x = logits + row * columns;

  float largest, below = 0.0f;
  int best;
  const float sum = exponential_sum(values, places, x, columns, &largest, &best);
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
  for (int c = lane; c < columns; c += LOSS_ROW_ITEMS) below += weights[c] * (largest - x[c]);
  below = sum_row(values, below);
  if (item_row >= rows) return;
  const float scale = 1.0f / total[0], share = smoothing / (float)columns;
  const float hard = valid ? (1.0f - smoothing) * weights[label] : NAN;
  if (lane == 0) {
    losses[row] =
        (hard * (log(sum) + (largest - x[valid ? label : 0])) + share * (weight_sum * log(sum) + below)) * scale;
    hits[row] = best == label ? 1 : 0;
  }
  if (!wants_gradient) return;
  const float factor = (hard + share * weight_sum) * scale / sum, smooth = share * scale;
  global float *d = gradient + row * columns;
  for (int c = lane; c < columns; c += LOSS_ROW_ITEMS) {
    const float p = expv(SPLAT(x[c] - largest)).x * factor - weights[c] * smooth;
    d[c] = p - (c == label ? hard * scale : 0.0f);
  }
}

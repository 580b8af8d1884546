// Cross entropy of softmax with weights of classes and smoothed labels. Without either, softmax.cl computes it.
//
// With m a row's maximum, S = sum exp(x - m), p = exp(x - m) / S and w the weights, the loss of a row is
//   (1 - smoothing) w[label] (-log p[label]) + share sum_c w[c] (-log p[c]),  share = smoothing / columns,
// and its gradient by x[c], (1 - smoothing) w[label] (p[c] - [c is label]) + share (W p[c] - w[c]) with W = sum_c w[c]. Both
// are divided by the sum of the labels' weights over the batch. A label out of range gives a NaN loss.
#include "softmax_row.cl"

// total[0] = the sum of weights[labels[i]] over the batch, in the order of the batch.
// Work-item: one does all.
kernel void sum_label_weights(
    global const float *weights, global const int *labels, global float *total, int rows, int columns) {
  if (get_global_id(0) > 0) return;
  float sum = 0.0f;
#pragma unroll 4
  for (int r = 0; r < rows; r++) {
    const int label = labels[r];
    sum += label >= 0 && label < columns ? weights[label] : NAN;
  }
  total[0] = sum;
}

// losses[j], hits[j] = the sums of losses and hits of chunk j of the rows.
// Work-item j: rows j * rows_per_chunk ..< (j + 1) * rows_per_chunk.
kernel void weighted_cross_entropy_rows(
    global const float *logits, global const int *labels, global const float *weights, global const float *total,
    global float *gradient, global float *losses, global int *hits, int rows, int columns, int rows_per_chunk,
    float smoothing, float weight_sum, int wants_gradient) {
  const int chunk = (int)get_global_id(0), first = chunk * rows_per_chunk;
  if (first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  const float scale = 1.0f / total[0], share = smoothing / (float)columns;
  float loss = 0.0f;
  int correct = 0;
  for (int r = first; r < end; r++) {
    global const float *x = logits + r * columns;
    const int label = labels[r], valid = label >= 0 && label < columns;
    float largest, below = 0.0f;
    int best;
    const float sum = exponential_sum(x, columns, &largest, &best);
    for (int c = 0; c < columns; c++) below += weights[c] * (largest - x[c]);
    const float hard = valid ? (1.0f - smoothing) * weights[label] : NAN;
    loss += (hard * (log(sum) + (largest - x[valid ? label : 0])) + share * (weight_sum * log(sum) + below)) * scale;
    correct += best == label ? 1 : 0;
    if (!wants_gradient) continue;
    const float factor = (hard + share * weight_sum) * scale / sum, smooth = share * scale;
    global float *d = gradient + r * columns;
    for (int c = 0; c < columns; c += VECTOR_WIDTH) {
      const int n = min(columns - c, VECTOR_WIDTH);
      const floatv p = expv(load_part(x + c, n) - SPLAT(largest)) * factor;
      store_part(p - load_part(weights + c, n) * smooth, d + c, n);
    }
    if (valid) d[label] -= hard * scale;
  }
  losses[chunk] = loss;
  hits[chunk] = correct;
}

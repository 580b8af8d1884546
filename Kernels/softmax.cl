// Cross entropy of softmax, from logits [rows, columns]: losses, gradient and hits in one pass over the rows.
//
// The loss of a row is log(sum exp(x - m)) + m - x[label] with m the row's maximum, its gradient (softmax(x) -
// onehot(label)) * scale; a hit is a row whose argmax is the label. A label out of range gives a NaN loss.
// Work-item: a chunk of rows, whose sums of losses and hits loss_finish (loss.cl) adds up.
#include "softmax_row.cl"

kernel void cross_entropy_rows(
    global const float *logits, global const int *labels, global float *gradient, global float *losses,
    global int *hits, int rows, int columns, int rows_per_chunk, float scale, int wants_gradient) {
  const int chunk = (int)get_global_id(0), first = chunk * rows_per_chunk;
  if (first >= rows) return;
  const int end = min(rows, first + rows_per_chunk);
  float loss = 0.0f;
  int correct = 0;
  for (int r = first; r < end; r++) {
    global const float *x = logits + r * columns;
    const int label = labels[r];
    float largest;
    int best;
    const float sum = exponential_sum(x, columns, &largest, &best);
    const int valid = label >= 0 && label < columns;
    loss += valid ? log(sum) + (largest - x[label]) : NAN;
    correct += best == label ? 1 : 0;
    if (wants_gradient) {
      const float factor = scale / sum;
      global float *d = gradient + r * columns;
      for (int c = 0; c < columns; c += VECTOR_WIDTH) {
        const int n = min(columns - c, VECTOR_WIDTH);
        store_part(expv(load_part(x + c, n) - SPLAT(largest)) * factor, d + c, n);
      }
      if (valid) d[label] -= scale;
    }
  }
  losses[chunk] = loss;
  hits[chunk] = correct;
}

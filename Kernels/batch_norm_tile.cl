// Batch normalisation over the rows of x [rows, C], tile family: the formulas of batch_norm.cl, with reductions by
// work-groups (group_sum.cl), and rows loaded before the first is stored.
#include "norm_columns.cl"

#if BATCH_NORM_TILE_ROWS != GROUP_SUM_ROWS
#error "load_rows loads GROUP_SUM_ROWS rows"
#endif

// Rows first ..< first + BATCH_NORM_TILE_ROWS of a work-item that normalises: `step` is 1.
INLINE column_item find_norm_item(const int rows, const int C) {
  column_item item;
  item.c = (int)get_global_id(0) * VECTOR_WIDTH;
  item.row = (int)get_global_id(1) * BATCH_NORM_TILE_ROWS;
  item.end = min(rows, item.row + BATCH_NORM_TILE_ROWS);
  item.channels = item.row < rows ? C - item.c : 0;
  item.step = 1;
  return item;
}

// means, m2 [chunks, C] = mean and M2 of each chunk, in two passes as batch_norm_chunk_statistics.
// Work-group (i, j): `vectors` vectors of channels from i * vectors on, of chunk j.
kernel void batch_norm_chunk_statistics_tile(
    global const float *x, global float *means, global float *m2, int rows, int C, int rows_per_chunk, int vectors) {
  local floatv room[GROUP_SUM_ITEMS];
  const column_item item = find_column_item(rows, C, rows_per_chunk, vectors);
  const int chunk = (int)get_group_id(1);
  const float count = (float)(item.end - chunk * rows_per_chunk);
  const floatv mean = sum_items(room, sum_rows(x, C, item), vectors) / count;
  floatv rest = SPLAT(0.0f), squares = SPLAT(0.0f);
  for (int row = item.row; row < item.end; row += GROUP_SUM_ROWS * item.step) {
    floatv values[GROUP_SUM_ROWS];
    load_rows(values, x, C, item, row);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      const floatv d = row + k * item.step < item.end ? values[k] - mean : SPLAT(0.0f);
      rest += d;
      squares = MULTIPLY_ADD(d, d, squares);
    }
  }
  rest = sum_items(room, rest, vectors);
  squares = sum_items(room, squares, vectors);
  if ((int)get_local_id(0) >= vectors || item.channels <= 0) return;
  const floatv correction = rest / count;
  store_columns(mean + correction, means + chunk * C + item.c, C, item.channels);
  store_columns(squares - rest * correction, m2 + chunk * C + item.c, C, item.channels);
}

// The number of rows of chunk i.
INLINE float chunk_rows(const int i, const int rows, const int rows_per_chunk) {
  return (float)(min(rows, (i + 1) * rows_per_chunk) - i * rows_per_chunk);
}

// mean, variance [C] = the mean and the biased variance, from the chunks; running statistics [C] are updated, as by
// batch_norm_statistics.
// Work-group i: `vectors` vectors of channels from i * vectors on.
kernel void batch_norm_statistics_tile(
    global const float *means, global const float *m2, global float *mean, global float *variance,
    global float *running_mean, global float *running_variance, int rows, int C, int rows_per_chunk, int vectors,
    float momentum) {
  local floatv room[GROUP_SUM_ITEMS];
  const int chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  const column_item item = find_column_item(chunks, C, chunks, vectors);
  const int c = item.channels > 0 ? item.c : 0;
  // Only items that write the running statistics read them: items past the end would read what others write.
  const int is_writer = (int)get_local_id(0) < vectors && item.channels > 0;
  const floatv old_mean = is_writer ? load_columns(running_mean + c, C, C - c) : SPLAT(0.0f);
  const floatv old_variance = is_writer ? load_columns(running_variance + c, C, C - c) : SPLAT(0.0f);
  const floatv origin = load_columns(means + c, C, C - c);
  floatv sum = SPLAT(0.0f), squares = SPLAT(0.0f);
  for (int i = item.row; i < item.end; i += GROUP_SUM_ROWS * item.step) {
    floatv values[GROUP_SUM_ROWS];
    load_rows(values, means, C, item, i);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      const int chunk = i + k * item.step;
      const floatv d = chunk < item.end ? values[k] - origin : SPLAT(0.0f);
      sum = MULTIPLY_ADD(d, SPLAT(chunk_rows(chunk, rows, rows_per_chunk)), sum);
    }
  }
  const floatv m = origin + sum_items(room, sum, vectors) / (float)rows;
  for (int i = item.row; i < item.end; i += GROUP_SUM_ROWS * item.step) {
    floatv values[GROUP_SUM_ROWS], chunk_squares[GROUP_SUM_ROWS];
    load_rows(values, means, C, item, i);
    load_rows(chunk_squares, m2, C, item, i);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      const int chunk = i + k * item.step;
      const floatv d = values[k] - m;
      const floatv term = MULTIPLY_ADD(d * chunk_rows(chunk, rows, rows_per_chunk), d, chunk_squares[k]);
      squares += chunk < item.end ? term : SPLAT(0.0f);
    }
  }
  squares = sum_items(room, squares, vectors);
  if (!is_writer) return;
  store_columns(m, mean + c, C, item.channels);
  store_columns(squares / (float)rows, variance + c, C, item.channels);
  const floatv unbiased = squares / (float)(rows - 1);
  store_columns(MULTIPLY_ADD(m - old_mean, SPLAT(momentum), old_mean), running_mean + c, C, item.channels);
  store_columns(
      MULTIPLY_ADD(unbiased - old_variance, SPLAT(momentum), old_variance), running_variance + c, C, item.channels);
}

// y = activation((x - mean) / sqrt(variance + epsilon) * weight + bias).
// Work-item (i, j): VECTOR_WIDTH channels i of BATCH_NORM_TILE_ROWS rows j.
kernel void batch_norm_forward_tile(
    global const float *x, global float *y, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, int rows, int C, float epsilon, int activation, float slope) {
  const column_item item = find_norm_item(rows, C);
  if (item.channels <= 0) return;
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
  floatv values[BATCH_NORM_TILE_ROWS];
  load_rows(values, x, C, item, item.row);
#pragma unroll
  for (int k = 0; k < BATCH_NORM_TILE_ROWS; k++) {
    values[k] = activate(MULTIPLY_ADD(values[k] - norm.mean, norm.factor, norm.shift), activation, slope);
  }
#pragma unroll
  for (int k = 0; k < BATCH_NORM_TILE_ROWS; k++) {
    if (item.row + k < rows) store_columns(values[k], y + (item.row + k) * C + item.c, C, item.channels);
  }
}

// sums, products [chunks, C] = the sums over each chunk of g and of g * (x - mean) / s, where g is dy * activation' and
// s^2 = variance + epsilon: parts of the gradients of bias and weight.
// Work-group (i, j): `vectors` vectors of channels from i * vectors on, of chunk j.
kernel void batch_norm_chunk_gradients_tile(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global float *sums, global float *products, int rows, int C,
    int rows_per_chunk, int vectors, float epsilon, int activation, float slope) {
  local floatv room[GROUP_SUM_ITEMS];
  const column_item item = find_column_item(rows, C, rows_per_chunk, vectors);
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
  floatv sum = SPLAT(0.0f), product = SPLAT(0.0f);
  for (int row = item.row; row < item.end; row += GROUP_SUM_ROWS * item.step) {
    floatv gradients[GROUP_SUM_ROWS], values[GROUP_SUM_ROWS];
    load_rows(gradients, dy, C, item, row);
    load_rows(values, x, C, item, row);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      const int is_inside = row + k * item.step < item.end;
      const floatv centred = is_inside ? values[k] - norm.mean : SPLAT(0.0f);
      const floatv gradient = is_inside ? gradients[k] : SPLAT(0.0f);
      const floatv g = preactivation_gradient(gradient, centred, norm.factor, norm.shift, activation, slope);
      sum += g;
      product = MULTIPLY_ADD(g, centred, product);
    }
  }
  store_chunk_gradients(room, sum, product, sums, products, C, item, variance, epsilon, vectors);
}

// dx = weight / s * (g - mean of g - (x - mean) * mean of g * (x - mean) / s^2) with s^2 = variance + epsilon; in
// evaluation (training is 0), where mean and variance are constants, dx = weight / s * g.
// Work-group (i, j): `vectors` vectors of channels from i * vectors on, of every so many rows; see find_gradient_item. The
// chunks' sums are those of batch_norm_chunk_gradients_tile, and none without training.
kernel void batch_norm_backward_tile(
    global const float *dy, global const float *x, global const float *mean, global const float *variance,
    global const float *weight, global const float *bias, global const float *sums, global const float *products,
    int chunks, global float *dx, int rows, int C, int vectors, float epsilon, int activation, float slope) {
  local floatv room[GROUP_SUM_ITEMS];
  const norm_item mine = find_gradient_item(rows, C, BATCH_NORM_GRADIENT_ROWS, vectors);
  const column_item item = mine.item;
  const norm_columns norm = load_norm(mean, variance, weight, bias, C, item, epsilon);
  floatv mean_gradient, slope_gradient;
  sum_means(&mean_gradient, &slope_gradient, room, sums, products, chunks, C, item, norm, vectors, (float)rows);
  for (int row = item.row; row < item.end; row += mine.turn) {
    // Those that are not used are not loaded.
    floatv gradients[GROUP_SUM_ROWS], values[GROUP_SUM_ROWS];
    load_rows(gradients, dy, C, item, row);
    load_rows(values, x, C, item, row);
#pragma unroll
    for (int k = 0; k < BATCH_NORM_GRADIENT_ROWS; k++) {
      const int at = row + k * item.step;
      const floatv centred = values[k] - norm.mean;
      const floatv g = preactivation_gradient(gradients[k], centred, norm.factor, norm.shift, activation, slope);
      const floatv d = (g - mean_gradient - centred * slope_gradient) * norm.factor;
      if (at < rows) store_columns(d, dx + at * C + item.c, C, item.channels);
    }
  }
}

// Losses by element other than the squared error (loss_tile.cl), tile family.
#include "group_sum.cl"
#include "loss_terms.cl"

// As pointwise_loss.
// Work-group j: elements j * length ..< (j + 1) * length; VECTOR_WIDTH divides length.
kernel void pointwise_loss_tile(
    global const float *prediction, global const float *target, global float *gradient, global float *partial,
    int count, int length, float scale, int wants_gradient, int activation, float slope, int kind, float delta) {
  local float room[GROUP_SUM_ITEMS];
  const int id = (int)get_local_id(0), chunk = (int)get_group_id(0), step = (int)get_local_size(0) * VECTOR_WIDTH;
  const int first = chunk * length, end = min(count, first + length);
  const int whole = end - (end - first) % VECTOR_WIDTH;
  floatv sums = SPLAT(0.0f), d;
  for (int at = first + id * VECTOR_WIDTH; at < whole; at += step) {
    const floatv y = *(global const floatv *)(prediction + at), t = *(global const floatv *)(target + at);
    sums += loss_terms(y, t, &d, scale, kind, delta);
    if (wants_gradient) *(global floatv *)(gradient + at) = activate_gradient(d, y, activation, slope);
  }
  const int last = whole + id;
  if (last < end) {
    const floatv y = SPLAT(prediction[last]);
    sums.x += loss_terms(y, SPLAT(target[last]), &d, scale, kind, delta).x;
    if (wants_gradient) gradient[last] = activate_gradient(d, y, activation, slope).x;
  }
  const float sum = sum_group(room, (sums.x + sums.y) + (sums.z + sums.w));
  if (id == 0) partial[chunk] = sum;
}

// Elementwise operators on arrays of `count` elements: activations and their gradients, addition, scaling.
// A work-item computes VECTOR_WIDTH consecutive elements, the last one fewer.
#include "activation.cl"

// y = activation(x).
kernel void activation_forward(global const float *x, global float *y, int count, int activation, float slope) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_aligned(activate(load_aligned(x + first, n), activation, slope), y + first, n);
}

// dx = dy * activation'(x), from the activation's output y.
kernel void activation_backward(
    global const float *dy, global const float *y, global float *dx, int count, int activation, float slope) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  const floatv gradient = load_aligned(dy + first, n);
  store_aligned(activate_gradient(gradient, load_aligned(y + first, n), activation, slope), dx + first, n);
}

// y = a + b.
kernel void add(global const float *a, global const float *b, global float *y, int count) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_aligned(load_aligned(a + first, n) + load_aligned(b + first, n), y + first, n);
}

// y = x * factor[0] * scale.
kernel void scale_by_scalar(
    global const float *x, global const float *factor, global float *y, int count, float scale) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_aligned(load_aligned(x + first, n) * (factor[0] * scale), y + first, n);
}

// y = value[0] * scale in every element.
kernel void broadcast_scalar(global const float *value, global float *y, int count, float scale) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_aligned(SPLAT(value[0] * scale), y + first, n);
}

// y = e^x. For tests of the exponential that activations and losses use.
kernel void exponential(global const float *x, global float *y, int count) {
  const int first = (int)get_global_id(0) * VECTOR_WIDTH;
  const int n = count - first;
  if (n <= 0) return;
  store_aligned(expv(load_aligned(x + first, n)), y + first, n);
}

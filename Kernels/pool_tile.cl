// ReLU, dropout and max-pooling by windows of 2 x 2 in one pass, tile family.
#include "epilogue_tile.cl"

// y [N, H / 2, W / 2, C] = max-pooling of x, with ReLU and dropout behind it or, if drops_first, before it, as in
// conv2d_max_pool_2x2_tile, and its argmax.
// Work-item (x, y): VECTOR_WIDTH channels of a pixel of y, in row y of all images' rows.
kernel void pool_max_relu_2x2_tile(
    global const float *x, global float *y, global ushort *argmax, int N, int H, int W, int C, int keep,
    int drops_first, int activation, float slope, uint key0, uint key1, uint layer, global const uint *step_values,
    uint threshold) {
  const int HO = H / 2, WO = W / 2, vectors = (C + VECTOR_WIDTH - 1) / VECTOR_WIDTH;
  const int column = (int)get_global_id(0), row = (int)get_global_id(1);
  if (column >= WO * vectors || row >= N * HO) return;
  const int wo = column / vectors, c = (column - wo * vectors) * VECTOR_WIDTH, n = C - c;
  const int image = row / HO, ho = row - image * HO, is_aligned = C % VECTOR_WIDTH == 0;
  const uint corner = (uint)(((image * H + 2 * ho) * W + 2 * wo) * C + c);
  const long at = (long)(row * WO + wo) * C + c;
  floatv values[4];
#pragma unroll
  for (int k = 0; k < 4; k++) {
    values[k] = load_quad(x + corner + ((k >> 1) * W + (k & 1)) * C, n, is_aligned);
  }
  const Epilogue epilogue = make_epilogue(x, activation, slope, key0, key1, layer, step_values, threshold);
  const Windows places = {(uint)at, corner, (uint)(W * C), (uint)C, drops_first};
  const uint kept = draw_kept_windows(places, 1, 0, &epilogue);
  intv position;
  const floatv largest = pool_window(values, kept, drops_first, &epilogue, &position);
  store_quad(largest, y + at, n, is_aligned);
  if (keep) store_argmax_quad(position, argmax + at, n, is_aligned);
}

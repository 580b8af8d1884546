// What comes before the convolutions: padded images and transposed weights.

// padded = x with `padding` rows and columns of zeros around each image.
// Work-item (x, y): row x of the padded image y.
kernel void pad_image(
    global const float *x, global float *padded, int batch, int size, int channels, int padding) {
  const int height = HEIGHT(size) + 2 * HEIGHT(padding), width = WIDTH(size) + 2 * WIDTH(padding);
  const int line = (int)get_global_id(0), image = (int)get_global_id(1);
  if (line >= height || image >= batch) return;
  global float *to = padded + (long)(image * height + line) * width * channels;
  const int border = WIDTH(padding) * channels, inner = WIDTH(size) * channels;
  const int from_line = line - HEIGHT(padding);
  if ((uint)from_line >= (uint)HEIGHT(size)) {
    for (int i = 0; i < width * channels; i += VECTOR_WIDTH) store_part(SPLAT(0.0f), to + i, width * channels - i);
    return;
  }
  global const float *from = x + (long)(image * HEIGHT(size) + from_line) * inner;
  for (int i = 0; i < border; i++) to[i] = to[border + inner + i] = 0.0f;
  for (int i = 0; i < inner; i += VECTOR_WIDTH) store_part(load_part(from + i, inner - i), to + border + i, inner - i);
}

// Transposes the weights within each tap and group: from [taps, rows / groups, columns] with `columns` counted through
// the groups to [taps, columns / groups, rows], where rows are.
// Work-item (x, y): row x of the result, in tap y.
kernel void transpose_taps(
    global const float *w, global float *transposed, int taps, int rows, int columns, int groups) {
  const int group_rows = rows / groups, group_columns = columns / groups;
  const int column = (int)get_global_id(0), tap = (int)get_global_id(1);
  if (column >= group_columns || tap >= taps) return;
  global const float *from = w + (long)tap * group_rows * columns;
  global float *to = transposed + ((long)tap * group_columns + column) * rows;
  for (int group = 0; group < groups; group++) {
    for (int row = 0; row < group_rows; row++) {
      to[group * group_rows + row] = from[(long)row * columns + group * group_columns + column];
    }
  }
}

// Sums by whole work-groups, tile family: what the kernels that reduce share.
//
// Columns: a group sums VECTOR_WIDTH * `vectors` columns of a matrix over a chunk of its rows. `vectors` is a power of
// two that divides the group; item i does vector i % vectors, and shares its rows out in turns with the other items of
// that vector, its lanes. Elements: a group sums a chunk of consecutive elements, vector by vector in turns.
//
// An item loads GROUP_SUM_ROWS rows or vectors before it adds the first. No branch stands around one load alone, so all
// are on their way at once; what is past the end is loaded from the last place inside, and not added. Lanes meet in a
// tree in local memory. The order of additions follows from the sizes and the number of items in a group.
#ifndef GROUP_SUM_CL
#define GROUP_SUM_CL
#include "quad.cl"
#include "group_sum.h"

// The part of a matrix with C columns that an item of the group reduces.
typedef struct {
  int c;         // its first column
  int channels;  // columns it has from there on in the matrix; none or less past the end
  int row, end;  // its first row, and the end of the chunk
  int step;      // rows from one of its rows to the next: lanes
} column_item;

INLINE column_item find_column_item(const int rows, const int C, const int rows_per_chunk, const int vectors) {
  const int id = (int)get_local_id(0), first = (int)get_group_id(1) * rows_per_chunk;
  column_item item;
  item.c = ((int)get_group_id(0) * vectors + id % vectors) * VECTOR_WIDTH;
  item.channels = C - item.c;
  item.row = first + id / vectors;
  item.end = min(rows, first + rows_per_chunk);
  item.step = (int)get_local_size(0) / vectors;
  return item;
}

// VECTOR_WIDTH columns, of which at least one is inside, of some rows of x.
INLINE void load_rows_at(
    floatv values[GROUP_SUM_ROWS], global const float *x, const int C, const column_item item,
    const int rows[GROUP_SUM_ROWS]) {
  global const float *p = x + (item.channels > 0 ? item.c : 0);
  if (C % VECTOR_WIDTH == 0) {
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) values[k] = *(global const floatv *)(p + (long)rows[k] * C);
  } else {
    const int last = max(item.channels - 1, 0);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      global const float *from = p + (long)rows[k] * C;
      values[k].x = from[0];
      values[k].y = from[min(1, last)];
      values[k].z = from[min(2, last)];
      values[k].w = from[min(3, last)];
    }
  }
}

// The same of GROUP_SUM_ROWS rows of the item from `row` on.
INLINE void load_rows(
    floatv values[GROUP_SUM_ROWS], global const float *x, const int C, const column_item item, const int row) {
  int rows[GROUP_SUM_ROWS];
#pragma unroll
  for (int k = 0; k < GROUP_SUM_ROWS; k++) rows[k] = min(row + k * item.step, item.end - 1);
  load_rows_at(values, x, C, item, rows);
}

// The sum of the item's rows of x.
INLINE floatv sum_rows(global const float *x, const int C, const column_item item) {
  floatv sums[GROUP_SUM_ROWS];
#pragma unroll
  for (int k = 0; k < GROUP_SUM_ROWS; k++) sums[k] = SPLAT(0.0f);
  for (int row = item.row; row < item.end; row += GROUP_SUM_ROWS * item.step) {
    floatv values[GROUP_SUM_ROWS];
    load_rows(values, x, C, item, row);
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) sums[k] += row + k * item.step < item.end ? values[k] : SPLAT(0.0f);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The sum of v over the items that are the same modulo `vectors`, in each of them. All items of the group call it.
INLINE floatv sum_items(local floatv *room, const floatv v, const int vectors) {
  const int id = (int)get_local_id(0);
  room[id] = v;
  for (int step = (int)get_local_size(0) / 2; step >= vectors; step /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (id < step) room[id] += room[id + step];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const floatv sum = room[id % vectors];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

// The same of one number of each item.
INLINE float sum_columns(local float *room, const float v, const int columns) {
  const int id = (int)get_local_id(0);
  room[id] = v;
  for (int step = (int)get_local_size(0) / 2; step >= columns; step /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (id < step) room[id] += room[id + step];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float sum = room[id % columns];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

// The sum of one number of each item, in each of them.
INLINE float sum_group(local float *room, const float v) { return sum_columns(room, v, 1); }

// The sum of the item's share of elements first ..< end of x, where `first` is a multiple of VECTOR_WIDTH.
INLINE float sum_elements(global const float *x, const int first, const int end) {
  const int id = (int)get_local_id(0), step = (int)get_local_size(0) * VECTOR_WIDTH;
  const int whole = end - (end - first) % VECTOR_WIDTH;
  floatv sums[GROUP_SUM_ROWS];
#pragma unroll
  for (int k = 0; k < GROUP_SUM_ROWS; k++) sums[k] = SPLAT(0.0f);
  for (int at = first + id * VECTOR_WIDTH; at < whole; at += GROUP_SUM_ROWS * step) {
    floatv values[GROUP_SUM_ROWS];
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) {
      values[k] = *(global const floatv *)(x + min(at + k * step, whole - VECTOR_WIDTH));
    }
#pragma unroll
    for (int k = 0; k < GROUP_SUM_ROWS; k++) sums[k] += at + k * step < whole ? values[k] : SPLAT(0.0f);
  }
  const floatv sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const float rest = whole + id < end ? x[whole + id] : 0.0f;
  return ((sum.x + sum.y) + (sum.z + sum.w)) + rest;
}

#endif

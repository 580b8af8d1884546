// Sizes of conv2d_to_one.cl.
#ifndef CONV2D_TO_ONE_H
#define CONV2D_TO_ONE_H

#define TO_ONE_WEIGHT_FLOATS 8192  // the filter that a work-item packs, at most
#define TO_ONE_SUM_FLOATS 32768    // the rows of cells that it sums at once, at most
#define TO_ONE_SMALLEST_SIDE 2     // rows and columns of the filter
#define TO_ONE_LARGEST_SIDE 6
#define TO_ONE_LARGEST_STRIDE 2

// Rows of cells at once: as many as leave the sums in registers. Those of single outputs are even, so that all begin at
// the same phase of a stride of 2. WIDE is for vectors of 16 floats.
#define TO_ONE_ROWS_NARROW 2       // cells of one output
#define TO_ONE_ROWS_WIDE 4
#define TO_ONE_QUAD_ROWS_NARROW 3  // cells of 2 x 2 outputs
#define TO_ONE_QUAD_ROWS_WIDE 5

#endif

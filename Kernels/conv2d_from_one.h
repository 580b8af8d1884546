// Sizes of conv2d_from_one.cl.
#ifndef CONV2D_FROM_ONE_H
#define CONV2D_FROM_ONE_H

#define FROM_ONE_ROW_FLOATS 16384      // the padded rows of the image that a strip of outputs reads, at most
#define FROM_ONE_GRADIENT_VECTORS 512  // a strip's gradients, at most
#define FROM_ONE_COLUMNS 14            // outputs of a row at once: as many as leave all sums in registers
#define FROM_ONE_SMALLEST_FILTER 2     // columns
#define FROM_ONE_LARGEST_FILTER 7      // columns, and rows
#define FROM_ONE_LARGEST_STRIDE 2      // across

#endif

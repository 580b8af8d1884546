// Sizes of winograd.cl.
#ifndef WINOGRAD_H
#define WINOGRAD_H

#define WINOGRAD_POINTS 16          // products that take the place of the 36 of 2 x 2 outputs
#define WINOGRAD_FLOATS 4096        // a point's inputs in a block, at most: cells times channels
#define WINOGRAD_CELLS 48           // cells in a block, at most
#define WINOGRAD_GRADIENT_TILES 6   // column tiles of a work-item of the weight gradient, at most
#define WINOGRAD_GRADIENT_SUMS 6144 // a point's sums in a work-item of the weight gradient, at most

#endif

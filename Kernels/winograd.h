// Sizes of winograd.cl.
#ifndef WINOGRAD_H
#define WINOGRAD_H

#define WINOGRAD_POINTS 16                // products that take the place of the 36 of 2 x 2 outputs
#define WINOGRAD_FLOATS 4096              // a point's inputs in a block, at most: output tiles times channels
#define WINOGRAD_TILES 48                 // output tiles in a block, at most
#define WINOGRAD_GRADIENT_COLUMN_TILES 6  // column tiles of a work-item of the weight gradient, at most
#define WINOGRAD_GRADIENT_SUMS 6144       // a point's sums in a work-item of the weight gradient, at most

#endif

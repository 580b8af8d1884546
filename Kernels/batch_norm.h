// Sizes and codes of batch_norm.cl.
#ifndef BATCH_NORM_H
#define BATCH_NORM_H

#define BATCH_NORM_ROWS 16      // rows of pixels that a work-item of the vector family normalises
#define BATCH_NORM_TILE_ROWS 4  // the same of the tile family
#define BATCH_NORM_GRADIENT_ROWS 2  // rows that its work-items load at once for the input's gradient

// What becomes of a parameter's gradient.
#define BATCH_NORM_GRADIENT_OVERWRITE 0
#define BATCH_NORM_GRADIENT_ADD 1
#define BATCH_NORM_GRADIENT_SKIP 2

#endif

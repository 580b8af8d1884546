// Sizes of conv2d.cl.
#ifndef CONV2D_H
#define CONV2D_H

#define CONV2D_GRADIENT_TILES 64  // row tiles of a work-item of the weight gradient

#endif

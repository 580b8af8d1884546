// Sizes of layout.cl and layout_tile.cl.
#ifndef LAYOUT_H
#define LAYOUT_H

#define LAYOUT_TRANSPOSE_ROWS 16  // rows of x that a work-item transposes
#define LAYOUT_TILE 32            // rows and columns of the square that a work-group of the tile family transposes

#endif

// Sizes of layout.cl.
#ifndef LAYOUT_H
#define LAYOUT_H

#define LAYOUT_TRANSPOSE_ROWS 16  // rows of x that a work-item transposes

#endif

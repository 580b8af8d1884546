// What all files of the tile family stand behind: vectors of four.
#ifndef QUAD_CL
#define QUAD_CL
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif
#include "activation.cl"

#if VECTOR_WIDTH != 4
#error "the tile family needs vectors of four"
#endif

#endif

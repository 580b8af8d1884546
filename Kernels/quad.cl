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

// apply_epilogue (activation.cl) with load_quad's conditions (common.cl).
INLINE floatv apply_quad_epilogue(
    const floatv x, global const float *postactivation, const int n, const int activation, const float slope,
    const int is_aligned) {
  if (activation < ACTIVATION_GRADIENT) return activate(x, activation, slope);
  const floatv y = load_quad(postactivation, n, is_aligned);
  return activate_gradient(x, y, activation - ACTIVATION_GRADIENT, slope);
}

#endif

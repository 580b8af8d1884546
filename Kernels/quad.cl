// Rows in vectors of four on GPUs. A vector whose address and row are known to be aligned is loaded and stored by a
// cast of its address, since some compilers make four loads of vload4; the elements of others one by one, since part of
// a vector in an array would lie in memory.
#ifndef QUAD_CL
#define QUAD_CL
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif
#include "activation.cl"

#if VECTOR_WIDTH != 4
#error "the tile family needs vectors of four"
#endif

// The first n elements of the row at p, 0 < n, of which no more than four are loaded. is_aligned: p is a multiple of 16
// bytes, and n of 4.
INLINE floatv load_quad(global const float *p, const int n, const int is_aligned) {
  if (is_aligned) return *(global const floatv *)p;
  floatv v = SPLAT(0.0f);
  v.x = p[0];
  if (n > 1) v.y = p[1];
  if (n > 2) v.z = p[2];
  if (n > 3) v.w = p[3];
  return v;
}

// Stores the first n elements of v, with load_quad's conditions.
INLINE void store_quad(const floatv v, global float *p, const int n, const int is_aligned) {
  if (is_aligned) {
    *(global floatv *)p = v;
    return;
  }
  p[0] = v.x;
  if (n > 1) p[1] = v.y;
  if (n > 2) p[2] = v.z;
  if (n > 3) p[3] = v.w;
}

// apply_epilogue (activation.cl) with load_quad's conditions.
INLINE floatv apply_quad_epilogue(
    const floatv x, global const float *postactivation, const int n, const int activation, const float slope,
    const int is_aligned) {
  if (activation < ACTIVATION_GRADIENT) return activate(x, activation, slope);
  const floatv y = load_quad(postactivation, n, is_aligned);
  return activate_gradient(x, y, activation - ACTIVATION_GRADIENT, slope);
}

#endif

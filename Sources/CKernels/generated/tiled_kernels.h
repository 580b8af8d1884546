// Written by Tools/kernels/generate.py from Kernels/: `make kernels`, never by hand.

#undef REGISTER_TILE_CL
#include "../../../Kernels/conv2d.cl"
#include "../../../Kernels/conv2d_batch.cl"
#include "../../../Kernels/gemm.cl"
#include "../../../Kernels/winograd.cl"

ENTRY(
    TILED(conv2d_window),
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int, const float *, int,
        float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, int) A(13, const float *) A(14, int) A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    TILED(conv2d_transposed),
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int, int,
        const float *, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, const float *) A(16, int)
        A(17, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17))
ENTRY(
    TILED(conv2d_weight_gradient),
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12))
ENTRY(
    TILED(conv2d_batch),
    (const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int, int, int, const float *,
        int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, int) A(4, int) A(5, int) A(6, int) A(7, int) A(8, int)
        A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, const float *) A(16, int) A(17, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17))
ENTRY(
    TILED(conv2d_pool),
    (const float *, const float *, float *, ushort *, int, int, int, int, int, int, int, int, int, int, int, int, int,
        int, float),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, ushort *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, int) A(16, int) A(17, int)
        A(18, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18))
ENTRY(
    TILED(gemm),
    (const float *, const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int,
        int, int, int, float, float, const float *, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, float *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, int) A(16, int)
        A(17, float) A(18, float) A(19, const float *) A(20, int) A(21, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21))
ENTRY(
    TILED(gemm_pack),
    (const float *, const float *, float *, float *, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10))
ENTRY(
    TILED(gemm_packed),
    (const float *, const float *, const float *, const float *, float *, int, int, int, int, int, int, float, float,
        const float *, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, float *) A(5, int) A(6, int)
        A(7, int) A(8, int) A(9, int) A(10, int) A(11, float) A(12, float) A(13, const float *) A(14, int)
        A(15, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15))
ENTRY(
    TILED(winograd_forward),
    (const float *, const float *, const float *, const float *, float *, ushort *, int, int, int, int, int, int, int,
        int, int, int, const float *, int, float),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, const float *) A(4, float *) A(5, ushort *)
        A(6, int) A(7, int) A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int) A(14, int) A(15, int)
        A(16, const float *) A(17, int) A(18, float),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18))
ENTRY(
    TILED(winograd_weight_gradient),
    (const float *, const float *, const float *, float *, int, int, int, int, int, int, int, int, int, int),
    A(0, const float *) A(1, const float *) A(2, const float *) A(3, float *) A(4, int) A(5, int) A(6, int) A(7, int)
        A(8, int) A(9, int) A(10, int) A(11, int) A(12, int) A(13, int),
    (a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13))

#undef TILED_ROWS
#define TILED_ROWS ROW(TILED(conv2d_window)) ROW(TILED(conv2d_transposed)) ROW(TILED(conv2d_weight_gradient)) \
    ROW(TILED(conv2d_batch)) ROW(TILED(conv2d_pool)) ROW(TILED(gemm)) ROW(TILED(gemm_pack)) ROW(TILED(gemm_packed)) \
    ROW(TILED(winograd_forward)) ROW(TILED(winograd_weight_gradient))

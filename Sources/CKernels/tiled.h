// The kernels that there is one of for each register tile; included once for each, so it has no guard.
#include "../../Kernels/register_tile.cl"
#include "../../Kernels/gemm.cl"
#include "../../Kernels/conv2d.cl"
#include "../../Kernels/conv2d_batch.cl"
#include "../../Kernels/winograd.cl"

TILED_KERNELS(KERNEL_ENTRY)

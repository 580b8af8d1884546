// The kernels compiled for one instruction set. The including file defines CLONE (its name), VECTOR_WIDTH, USE_FMA and
// CLONE_ROWS (rows of the register tile); it is otherwise empty.
#include "shim.h"
#include "table.h"
#include "kernels.h"

#pragma clang diagnostic error "-Wunused-value"
#pragma clang diagnostic error "-Wdouble-promotion"
#pragma clang diagnostic error "-Wincompatible-pointer-types"
#pragma clang diagnostic error "-Wincompatible-pointer-types-discards-qualifiers"
// Vectors are passed to inlined functions only, so the calling convention of wide ones does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang fp contract(off)

#include "../../Kernels/common.cl"
#include "../../Kernels/elementwise.cl"
#include "../../Kernels/peak.cl"
#include "../../Kernels/column_sum.cl"
#include "../../Kernels/conv2d_dot.cl"
#include "../../Kernels/philox.cl"
#include "../../Kernels/first_layer.cl"
#include "../../Kernels/conv2d_first.cl"
#include "../../Kernels/conv2d_first_norm.cl"
#include "../../Kernels/conv2d_prepare.cl"
#include "../../Kernels/conv2d_from_one.cl"
#include "../../Kernels/conv2d_to_one.cl"
#include "../../Kernels/pool.cl"
#include "../../Kernels/batch_norm.cl"
#include "../../Kernels/batch_norm_pool.cl"
#include "../../Kernels/reduce.cl"
#include "../../Kernels/softmax.cl"
#include "../../Kernels/loss.cl"
#include "../../Kernels/dropout.cl"
#include "../../Kernels/dropout_pool.cl"
#include "../../Kernels/optimizer.cl"
#include "../../Kernels/gather.cl"
#include "../../Kernels/layout.cl"

PLAIN_KERNELS(KERNEL_ENTRY)

// Two tiles: a wide one, and one of a single vector for few columns.
#define ROWS CLONE_ROWS
#define VECTORS 2
#include "tiled.h"
#undef VECTORS
#define VECTORS 1
#include "tiled.h"
#undef VECTORS

static const int tiles[][2] = {{CLONE_ROWS, 2}, {CLONE_ROWS, 1}};

static const telar_kernel kernels[] = {
    PLAIN_KERNELS(KERNEL_ROW)
#define VECTORS 2
    TILED_KERNELS(KERNEL_ROW)
#undef VECTORS
#define VECTORS 1
    TILED_KERNELS(KERNEL_ROW)
#undef VECTORS
};

const telar_clone JOIN(telar_clone_, CLONE) = {
    KERNEL_STRING(CLONE), VECTOR_WIDTH, USE_FMA, tiles, sizeof tiles / sizeof *tiles,
    kernels, sizeof kernels / sizeof *kernels,
};

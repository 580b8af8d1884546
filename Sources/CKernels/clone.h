// The kernels compiled for one instruction set. The including file defines CLONE (its name), VECTOR_WIDTH, USE_FMA and
// CLONE_ROWS (rows of the register tile); it is otherwise empty.
#include "shim.h"
#include "entry.h"

#pragma clang diagnostic error "-Wunused-value"
#pragma clang diagnostic error "-Wdouble-promotion"
#pragma clang diagnostic error "-Wincompatible-pointer-types"
#pragma clang diagnostic error "-Wincompatible-pointer-types-discards-qualifiers"
// Vectors are passed to inlined functions only, so the calling convention of wide ones does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang fp contract(off)

#include "generated/plain_kernels.h"

// Two tiles: a wide one, and one of a single vector for few columns.
#define ROWS CLONE_ROWS
#define VECTORS 2
#include "generated/tiled_kernels.h"
#undef VECTORS
#define VECTORS 1
#include "generated/tiled_kernels.h"
#undef VECTORS

static const int tiles[][2] = {{CLONE_ROWS, 2}, {CLONE_ROWS, 1}};

static const telar_entry_point entry_points[] = {
    PLAIN_ROWS
#define VECTORS 2
    TILED_ROWS
#undef VECTORS
#define VECTORS 1
    TILED_ROWS
#undef VECTORS
};

const telar_clone JOIN(telar_clone_, CLONE) = {
    STRING(CLONE), VECTOR_WIDTH, USE_FMA, tiles, sizeof tiles / sizeof *tiles,
    entry_points, sizeof entry_points / sizeof *entry_points,
};

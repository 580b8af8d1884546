// The text of every kernel file, embedded so that the binary needs none of them.
#include "CKernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT(file) static const char file##_text[] = {
#define END };

TEXT(common)
#embed "../../Kernels/common.cl"
END
TEXT(elementwise)
#embed "../../Kernels/elementwise.cl"
END
TEXT(peak)
#embed "../../Kernels/peak.cl"
END
TEXT(column_sum)
#embed "../../Kernels/column_sum.cl"
END
TEXT(conv2d_dot)
#embed "../../Kernels/conv2d_dot.cl"
END
TEXT(conv2d_first)
#embed "../../Kernels/philox.cl"
,
#embed "../../Kernels/first_layer.cl"
,
#embed "../../Kernels/conv2d_first.cl"
END
TEXT(conv2d_first_norm)
#embed "../../Kernels/first_layer.cl"
,
#embed "../../Kernels/conv2d_first_norm.cl"
END
TEXT(conv2d_prepare)
#embed "../../Kernels/conv2d_prepare.cl"
END
TEXT(conv2d_from_one)
#embed "../../Kernels/conv2d_from_one.cl"
END
TEXT(conv2d_to_one)
#embed "../../Kernels/conv2d_to_one.cl"
END
// The heavy kernels stand behind the register tile that they share.
TEXT(gemm)
#embed "../../Kernels/register_tile.cl"
,
#embed "../../Kernels/gemm.cl"
END
TEXT(conv2d)
#embed "../../Kernels/register_tile.cl"
,
#embed "../../Kernels/conv2d.cl"
END
TEXT(conv2d_batch)
#embed "../../Kernels/register_tile.cl"
,
#embed "../../Kernels/conv2d_batch.cl"
END
TEXT(winograd)
#embed "../../Kernels/register_tile.cl"
,
#embed "../../Kernels/winograd.cl"
END
TEXT(pool)
#embed "../../Kernels/pool.cl"
END
TEXT(batch_norm)
#embed "../../Kernels/batch_norm.cl"
END
TEXT(batch_norm_pool)
#embed "../../Kernels/batch_norm_pool.cl"
END
TEXT(reduce)
#embed "../../Kernels/reduce.cl"
END
TEXT(softmax)
#embed "../../Kernels/softmax.cl"
END
TEXT(loss)
#embed "../../Kernels/loss.cl"
END
TEXT(dropout)
#embed "../../Kernels/philox.cl"
,
#embed "../../Kernels/dropout.cl"
END
TEXT(dropout_pool)
#embed "../../Kernels/philox.cl"
,
#embed "../../Kernels/dropout_pool.cl"
END
TEXT(optimizer)
#embed "../../Kernels/optimizer.cl"
END
TEXT(gather)
#embed "../../Kernels/gather.cl"
END
TEXT(layout)
#embed "../../Kernels/layout.cl"
END
// The tile family stands behind the local-memory tile that it shares.
TEXT(gemm_tile)
#embed "../../Kernels/local_tile.cl"
,
#embed "../../Kernels/gemm_tile.cl"
END
TEXT(conv2d_tile)
#embed "../../Kernels/local_tile.cl"
,
#embed "../../Kernels/conv2d_tile.cl"
END

TEXT(tuning)
#embed "../../Kernels/tuning.json"
END
const char *const telar_tuning = tuning_text;
const size_t telar_tuning_length = sizeof tuning_text;

#define PROGRAM(file) {#file, file##_text, sizeof file##_text}
static const telar_program programs[] = {
    PROGRAM(common),
    PROGRAM(elementwise),
    PROGRAM(peak),
    PROGRAM(column_sum),
    PROGRAM(gemm),
    PROGRAM(conv2d),
    PROGRAM(conv2d_batch),
    PROGRAM(conv2d_dot),
    PROGRAM(conv2d_first),
    PROGRAM(conv2d_first_norm),
    PROGRAM(conv2d_prepare),
    PROGRAM(conv2d_from_one),
    PROGRAM(conv2d_to_one),
    PROGRAM(winograd),
    PROGRAM(pool),
    PROGRAM(batch_norm),
    PROGRAM(batch_norm_pool),
    PROGRAM(reduce),
    PROGRAM(softmax),
    PROGRAM(loss),
    PROGRAM(dropout),
    PROGRAM(dropout_pool),
    PROGRAM(optimizer),
    PROGRAM(gather),
    PROGRAM(layout),
    PROGRAM(gemm_tile),
    PROGRAM(conv2d_tile),
};
const int telar_program_count = sizeof programs / sizeof *programs;

const telar_program *telar_program_at(int index) { return &programs[index]; }

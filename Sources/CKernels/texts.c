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

#define PROGRAM(file) {#file, file##_text, sizeof file##_text}
static const telar_program programs[] = {
    PROGRAM(common),
    PROGRAM(elementwise),
};
const int telar_program_count = sizeof programs / sizeof *programs;

const telar_program *telar_program_at(int index) { return &programs[index]; }

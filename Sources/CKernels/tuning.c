// The tunings that are shipped, embedded so that the binary needs no file.
#include "CKernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char text[] = {
#embed "../../Kernels/tuning.json"
};
const char *const telar_tuning = text;
const size_t telar_tuning_length = sizeof text;

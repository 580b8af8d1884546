// The kernels of Kernels/*.cl, as text for OpenCL drivers and as code for the CPU backend.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Sizes and codes that kernels and their callers share: the macros of Kernels/*.h.
#include "../generated/sizes.h"

// --- As text ---------------------------------------------------------------

// A file under Kernels/.
typedef struct {
  const char *name;
  const char *text;  // not terminated
  size_t length;
} telar_file;

// A file with kernels, and those that it includes.
typedef struct {
  const char *name;  // the file's name without .cl
  // Each file once, in the order of inclusion; the program's own is the last.
  const telar_file *const *files;
  int file_count;
  // Whether its kernels use local memory; clones do not have them then.
  int has_local_memory;
} telar_program;

extern const int telar_program_count;
const telar_program *telar_program_at(int index);

// --- The table of kernels --------------------------------------------------

typedef struct {
  const char *program;
  // Without the register tile: `gemm` of gemm_6x2 and gemm_6x1.
  const char *name;
  // A letter an argument: b buffer, c constant buffer, l local memory, i int, u uint, f float.
  const char *signature;
  // Whether there is one for each register tile, by the names name_ROWSxVECTORS.
  int is_tiled;
} telar_kernel;

extern const int telar_kernel_count;
const telar_kernel *telar_kernel_at(int index);

// --- Tunings ---------------------------------------------------------------

// Kernels/tuning.json: the tunings that are shipped. Not terminated.
extern const char *const telar_tuning;
extern const size_t telar_tuning_length;

// --- As code ---------------------------------------------------------------

// The work-items begin ..< end, counted along x first, of a grid of x by y by z.
typedef struct {
  uint32_t x, y, z;
  uint64_t begin, end;
} telar_range;

// Runs a range of a kernel's work-items; arguments[i] points to the i-th argument's value.
typedef void (*telar_entry)(const telar_range *range, const void *const *arguments);

typedef struct {
  const char *name;
  telar_entry entry;
} telar_entry_point;

// The kernels compiled for one instruction set.
typedef struct {
  const char *name;
  int vector_width;
  int uses_fma;
  // Register tiles of the heavy kernels: rows, vectors; in the order of preference.
  const int (*tiles)[2];
  int tile_count;
  const telar_entry_point *entry_points;
  int entry_point_count;
} telar_clone;

// All clones in the binary, the most capable first.
extern const int telar_clone_count;
const telar_clone *telar_clone_at(int index);

// Whether this processor and its operating system can run the clone.
int telar_clone_is_supported(const telar_clone *clone);

// Whether this processor has fused multiply-add, which drivers for it then have too.
int telar_host_has_fma(void);

// Whether the kernels were compiled with optimisation.
int telar_is_optimized(void);

// Tells the processor that this thread waits in a loop, so that the other thread of its core gets on.
static inline void telar_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

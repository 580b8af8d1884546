/* A faulty OpenCL driver: a library that LD_PRELOAD puts before libOpenCL, and that passes calls on unless told to
 * fail, to answer wrongly or to change a number that a kernel has written.
 *
 *   cc -O1 -fPIC -shared -o faults.so faults.c -ldl
 *
 * FAULT_CALL    a function that fails, for example clEnqueueNDRangeKernel
 * FAULT_AT      which of its calls, from 1
 * FAULT_CODE    the status that it returns, for example -5; "event": the call succeeds, and the next one that waits
 *               for its work fails
 * FAULT_STICKY  1: all later calls of the function fail too, as those of a device that is gone
 * FAULT_COUNTS  a file that is told how often each function was called
 * FAULT_ANSWER  what a clGet...Info function answers instead: PARAMETER=NUMBER, PARAMETER=text:TEXT, or
 *               PARAMETER=size:BYTES, which only claims a size. 0x1002=0 is a device without compute units
 *
 * CORRUPT_AT    the launch, from 1, after which one number that it has written is changed
 * CORRUPT_ARG   the buffer among the kernel's arguments to begin at; the first one that was written is taken
 * CORRUPT_PLACE which of the words that it wrote there, from 0 to 999
 * CORRUPT_BITS  what is xor-ed into the 32-bit word
 * CORRUPT_LOG   a file that is told what was changed */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS(X) \
  X(clEnqueueNDRangeKernel) X(clEnqueueReadBuffer) X(clEnqueueWriteBuffer) X(clEnqueueCopyBuffer) \
  X(clEnqueueFillBuffer) X(clFinish) X(clFlush) X(clCreateBuffer) X(clCreateSubBuffer) X(clCreateKernel) \
  X(clSetKernelArg) X(clBuildProgram) X(clCreateProgramWithSource) X(clCreateProgramWithBinary) X(clCreateContext) \
  X(clCreateCommandQueue) X(clGetDeviceInfo) X(clGetPlatformInfo) X(clGetDeviceIDs) X(clGetPlatformIDs) \
  X(clGetKernelInfo) X(clGetProgramInfo) X(clGetProgramBuildInfo) X(clGetMemObjectInfo) X(clGetEventInfo) \
  X(clGetEventProfilingInfo) X(clCreateSubDevices)
#define ENTRY(name) call_##name,
#define NAME(name) #name,
enum { CALLS(ENTRY) CALL_COUNT };
static const char *const names[CALL_COUNT] = {CALLS(NAME)};

static struct {
  int is_read, call, code, is_sticky, is_event;
  long at;
  long corrupt_at, corrupt_argument, corrupt_place;
  unsigned corrupt_bits;
  unsigned long long parameter; /* of FAULT_ANSWER; 0 for none */
  const char *answer;
} plan;
static long counts[CALL_COUNT];
static int pending; /* the status of the next call that waits; 0 for none */

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? strtol(text, 0, 0) : 0;
}

static void read_plan(void) {
  if (plan.is_read) return;
  plan.is_read = 1;
  plan.call = -1;
  const char *call = getenv("FAULT_CALL"), *code = getenv("FAULT_CODE"), *answer = getenv("FAULT_ANSWER");
  for (int i = 0; call && i < CALL_COUNT; i++)
    if (!strcmp(call, names[i])) plan.call = i;
  plan.at = number("FAULT_AT");
  plan.is_event = code && !strcmp(code, "event");
  plan.code = (int)number("FAULT_CODE");
  plan.is_sticky = (int)number("FAULT_STICKY");
  plan.corrupt_at = number("CORRUPT_AT");
  plan.corrupt_argument = number("CORRUPT_ARG");
  plan.corrupt_place = number("CORRUPT_PLACE");
  plan.corrupt_bits = (unsigned)number("CORRUPT_BITS");
  if (answer) {
    char *end;
    plan.parameter = strtoull(answer, &end, 0);
    plan.answer = *end ? end + 1 : end;
  }
}

__attribute__((destructor)) static void write_counts(void) {
  const char *path = getenv("FAULT_COUNTS");
  FILE *file = path ? fopen(path, "w") : 0;
  if (!file) return;
  for (int i = 0; i < CALL_COUNT; i++) fprintf(file, "%s %ld\n", names[i], counts[i]);
  fclose(file);
}

/* The status that a call has to fail with; 0 for none. */
static int fault(int call) {
  read_plan();
  long n = ++counts[call];
  if (call != plan.call || !(n == plan.at || (plan.is_sticky && n > plan.at))) return 0;
  if (!plan.is_event) return plan.code;
  pending = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
  return 0;
}

/* The same for a call that waits for the work before it. */
static int fault_of_wait(int call) {
  int status = fault(call);
  if (!status) {
    status = pending;
    pending = 0;
  }
  return status;
}

/* Gives the answer of FAULT_ANSWER, if the parameter is its. */
static int answers(unsigned long long parameter, size_t size, void *value, size_t *needed) {
  read_plan();
  if (!plan.parameter || plan.parameter != parameter) return 0;
  if (!strncmp(plan.answer, "size:", 5)) {
    if (needed) *needed = strtoull(plan.answer + 5, 0, 0);
    if (value) memset(value, 'x', size);
  } else if (!strncmp(plan.answer, "text:", 5)) {
    size_t length = strlen(plan.answer + 5) + 1;
    if (needed) *needed = length;
    if (value) memcpy(value, plan.answer + 5, size < length ? size : length);
  } else {
    unsigned long long n = strtoull(plan.answer, 0, 0);
    if (needed) *needed = sizeof n;
    if (value) memcpy(value, &n, size < sizeof n ? size : sizeof n);
  }
  return 1;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A function that returns a status, one that asks for information, and one that makes an object. */
#define STATUS(name, parameters, arguments) \
  cl_int name parameters { \
    REAL(name); \
    int status = fault(call_##name); \
    return status ? status : real arguments; \
  }
#define INFORMATION(name, parameters, arguments) \
  cl_int name parameters { \
    REAL(name); \
    int status = fault(call_##name); \
    if (!status && answers(info, size, value, needed)) return CL_SUCCESS; \
    return status ? status : real arguments; \
  }
#define OBJECT(type, name, parameters, arguments) \
  type name parameters { \
    REAL(name); \
    int code = fault(call_##name); \
    if (code && status) *status = code; \
    return code ? 0 : real arguments; \
  }

/* MARK: A number that is changed */

enum { MOST_ARGUMENTS = 32, MOST_KERNELS = 512 };
/* The buffers that kernels were given. */
static struct { cl_kernel kernel; cl_mem buffers[MOST_ARGUMENTS]; } given[MOST_KERNELS];
static int kernel_count;
/* The buffers of the launch, and what was in them before it. */
static struct { cl_mem memory; size_t size; unsigned *words; } before[MOST_ARGUMENTS];
static int before_count;

static void note_argument(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  int slot = 0;
  while (slot < kernel_count && given[slot].kernel != kernel) slot++;
  if (slot == MOST_KERNELS || index >= MOST_ARGUMENTS) return;
  if (slot == kernel_count) given[kernel_count++].kernel = kernel;
  cl_mem memory = 0;
  if (size == sizeof memory && value) memcpy(&memory, value, size);
  given[slot].buffers[index] = memory;
}

static unsigned *words_of(cl_command_queue queue, cl_mem memory, size_t size) {
  __typeof__(clEnqueueReadBuffer) *get = (__typeof__(clEnqueueReadBuffer) *)dlsym(RTLD_NEXT, "clEnqueueReadBuffer");
  unsigned *words = malloc(size);
  if (words && get(queue, memory, CL_TRUE, 0, size, words, 0, 0, 0) == CL_SUCCESS) return words;
  free(words);
  return 0;
}

static void keep_buffers(cl_command_queue queue, cl_kernel kernel) {
  __typeof__(clGetMemObjectInfo) *ask = (__typeof__(clGetMemObjectInfo) *)dlsym(RTLD_NEXT, "clGetMemObjectInfo");
  before_count = 0;
  for (int slot = 0; slot < kernel_count; slot++) {
    for (int i = 0; given[slot].kernel == kernel && i < MOST_ARGUMENTS; i++) {
      cl_mem memory = given[slot].buffers[i];
      size_t size = 0;
      if (!memory || ask(memory, CL_MEM_SIZE, sizeof size, &size, 0) != CL_SUCCESS || size < 4) continue;
      unsigned *words = words_of(queue, memory, size);
      if (!words) continue;
      before[before_count].memory = memory;
      before[before_count].size = size;
      before[before_count++].words = words;
    }
  }
}

static void log_change(cl_kernel kernel, unsigned was, unsigned is, size_t place, size_t count) {
  const char *path = getenv("CORRUPT_LOG");
  FILE *file = path ? fopen(path, "w") : 0;
  if (!file) return;
  char name[200] = "";
  __typeof__(clGetKernelInfo) *ask = (__typeof__(clGetKernelInfo) *)dlsym(RTLD_NEXT, "clGetKernelInfo");
  ask(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, 0);
  float x, y;
  memcpy(&x, &was, 4);
  memcpy(&y, &is, 4);
  fprintf(file, "%s %g -> %g, word %zu of %zu written\n", name, x, y, place, count);
  fclose(file);
}

/* Changes the chosen one of the words that the launch has written; 0 where it has written none of the buffer. */
static int change_word(cl_command_queue queue, cl_kernel kernel, int buffer) {
  size_t length = before[buffer].size / 4, count = 0, place = 0;
  unsigned *old = before[buffer].words, *words = words_of(queue, before[buffer].memory, before[buffer].size);
  if (!words) return 0;
  for (size_t i = 0; i < length; i++) count += words[i] != old[i];
  size_t wanted = count * plan.corrupt_place / 1000, seen = 0;
  while (count && (words[place] == old[place] || seen++ != wanted)) place++;
  unsigned was = words[place], is = was ^ plan.corrupt_bits;
  free(words);
  if (!count) return 0;
  __typeof__(clEnqueueWriteBuffer) *put = (__typeof__(clEnqueueWriteBuffer) *)dlsym(RTLD_NEXT, "clEnqueueWriteBuffer");
  put(queue, before[buffer].memory, CL_TRUE, place * 4, 4, &is, 0, 0, 0);
  log_change(kernel, was, is, place, count);
  return 1;
}

static void corrupt(cl_command_queue queue, cl_kernel kernel) {
  for (int n = 0; n < before_count; n++)
    if (change_word(queue, kernel, (int)((plan.corrupt_argument + n) % before_count))) break;
  for (int n = 0; n < before_count; n++) free(before[n].words);
}

/* MARK: The functions */

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  REAL(clSetKernelArg);
  int status = fault(call_clSetKernelArg);
  if (status) return status;
  if (plan.corrupt_at) note_argument(kernel, index, size, value);
  return real(kernel, index, size, value);
}

cl_int clEnqueueNDRangeKernel(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global,
    const size_t *local, cl_uint n, const cl_event *waits, cl_event *event) {
  REAL(clEnqueueNDRangeKernel);
  int status = fault(call_clEnqueueNDRangeKernel);
  if (status) return status;
  int is_chosen = plan.corrupt_at && counts[call_clEnqueueNDRangeKernel] == plan.corrupt_at;
  if (is_chosen) keep_buffers(queue, kernel);
  status = real(queue, kernel, dimensions, offset, global, local, n, waits, event);
  if (is_chosen) corrupt(queue, kernel);
  return status;
}

cl_int clEnqueueReadBuffer(
    cl_command_queue queue, cl_mem memory, cl_bool waits, size_t offset, size_t size, void *value, cl_uint n,
    const cl_event *events, cl_event *event) {
  REAL(clEnqueueReadBuffer);
  int status = fault_of_wait(call_clEnqueueReadBuffer);
  return status ? status : real(queue, memory, waits, offset, size, value, n, events, event);
}

/* Waits in any case, so that nothing is still being written when the program has been told of the failure. */
cl_int clFinish(cl_command_queue queue) {
  REAL(clFinish);
  int status = fault_of_wait(call_clFinish), own = real(queue);
  return status ? status : own;
}

STATUS(clEnqueueWriteBuffer,
  (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t s, const void *p, cl_uint n, const cl_event *w,
   cl_event *e),
  (q, m, b, o, s, p, n, w, e))
STATUS(clEnqueueCopyBuffer,
  (cl_command_queue q, cl_mem a, cl_mem b, size_t x, size_t y, size_t s, cl_uint n, const cl_event *w, cl_event *e),
  (q, a, b, x, y, s, n, w, e))
STATUS(clEnqueueFillBuffer,
  (cl_command_queue q, cl_mem m, const void *p, size_t z, size_t o, size_t s, cl_uint n, const cl_event *w,
   cl_event *e),
  (q, m, p, z, o, s, n, w, e))
STATUS(clFlush, (cl_command_queue q), (q))
STATUS(clBuildProgram,
  (cl_program p, cl_uint n, const cl_device_id *d, const char *o, void (CL_CALLBACK *c)(cl_program, void *), void *u),
  (p, n, d, o, c, u))
STATUS(clGetDeviceIDs, (cl_platform_id p, cl_device_type t, cl_uint n, cl_device_id *d, cl_uint *r), (p, t, n, d, r))
STATUS(clGetPlatformIDs, (cl_uint n, cl_platform_id *p, cl_uint *r), (n, p, r))
STATUS(clCreateSubDevices,
  (cl_device_id d, const cl_device_partition_property *p, cl_uint n, cl_device_id *o, cl_uint *r), (d, p, n, o, r))

INFORMATION(clGetDeviceInfo, (cl_device_id d, cl_device_info info, size_t size, void *value, size_t *needed),
  (d, info, size, value, needed))
INFORMATION(clGetPlatformInfo, (cl_platform_id p, cl_platform_info info, size_t size, void *value, size_t *needed),
  (p, info, size, value, needed))
INFORMATION(clGetKernelInfo, (cl_kernel k, cl_kernel_info info, size_t size, void *value, size_t *needed),
  (k, info, size, value, needed))
INFORMATION(clGetProgramInfo, (cl_program p, cl_program_info info, size_t size, void *value, size_t *needed),
  (p, info, size, value, needed))
INFORMATION(clGetProgramBuildInfo,
  (cl_program p, cl_device_id d, cl_program_build_info info, size_t size, void *value, size_t *needed),
  (p, d, info, size, value, needed))
INFORMATION(clGetMemObjectInfo, (cl_mem m, cl_mem_info info, size_t size, void *value, size_t *needed),
  (m, info, size, value, needed))
INFORMATION(clGetEventInfo, (cl_event e, cl_event_info info, size_t size, void *value, size_t *needed),
  (e, info, size, value, needed))
INFORMATION(clGetEventProfilingInfo, (cl_event e, cl_profiling_info info, size_t size, void *value, size_t *needed),
  (e, info, size, value, needed))

OBJECT(cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags f, size_t s, void *p, cl_int *status), (c, f, s, p, status))
OBJECT(cl_mem, clCreateSubBuffer,
  (cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *p, cl_int *status), (m, f, t, p, status))
OBJECT(cl_kernel, clCreateKernel, (cl_program p, const char *n, cl_int *status), (p, n, status))
OBJECT(cl_program, clCreateProgramWithSource,
  (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *status), (c, n, s, l, status))
OBJECT(cl_program, clCreateProgramWithBinary,
  (cl_context c, cl_uint n, const cl_device_id *d, const size_t *l, const unsigned char **b, cl_int *each,
   cl_int *status),
  (c, n, d, l, b, each, status))
OBJECT(cl_context, clCreateContext,
  (const cl_context_properties *p, cl_uint n, const cl_device_id *d,
   void (CL_CALLBACK *c)(const char *, const void *, size_t, void *), void *u, cl_int *status),
  (p, n, d, c, u, status))
OBJECT(cl_command_queue, clCreateCommandQueue,
  (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *status), (c, d, p, status))

/* Stands before libOpenCL by LD_PRELOAD and makes PoCL's processor pass for a GPU, so that a machine without one runs what
   a GPU would be given.

   PRETEND_GPU      any value: the device says that it is a GPU of 132 units with 48 KiB of local memory
   PRETEND_GROUP    the most work-items of a group of the kernels that compute tiles: gemm_tile, conv2d_...
   PRETEND_NOTHING  any value: launches, writes and flushes return at once and nothing is computed, so that what is left is
                    the cost of the host
   PRETEND_COUNTS   a file that gets the number of calls of each function below, a line each, when the process ends */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SET_ARG, LAUNCH, WRITE, READ, FLUSH, FINISH, COPY, FILL, CREATE_KERNEL, FUNCTIONS };
static const char *const names[FUNCTIONS] = {
  "clSetKernelArg", "clEnqueueNDRangeKernel", "clEnqueueWriteBuffer", "clEnqueueReadBuffer", "clFlush", "clFinish",
  "clEnqueueCopyBuffer", "clEnqueueFillBuffer", "clCreateKernel",
};
static long counts[FUNCTIONS];
static int is_gpu, does_nothing;

#define NEXT(f)                                      \
  ({                                                 \
    static __typeof__(f) *next;                      \
    if (!next) next = (__typeof__(f) *)dlsym(RTLD_NEXT, #f); \
    next;                                            \
  })

__attribute__((constructor)) static void begin(void) {
  is_gpu = getenv("PRETEND_GPU") != NULL;
  does_nothing = getenv("PRETEND_NOTHING") != NULL;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("PRETEND_COUNTS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int i = 0; i < FUNCTIONS; i++) fprintf(file, "%s %ld\n", names[i], counts[i]);
  fclose(file);
}

/* The answers of a GPU in place of the processor's. */
cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *value, size_t *needed) {
  const cl_int status = NEXT(clGetDeviceInfo)(device, what, size, value, needed);
  if (status != CL_SUCCESS || !value || !is_gpu) return status;
  switch (what) {
    case CL_DEVICE_NAME: if (size >= 14) strcpy(value, "pretended GPU"); break;
    case CL_DEVICE_TYPE: *(cl_device_type *)value = CL_DEVICE_TYPE_GPU; break;
    case CL_DEVICE_MAX_COMPUTE_UNITS: *(cl_uint *)value = 132; break;
    case CL_DEVICE_LOCAL_MEM_SIZE: *(cl_ulong *)value = 48 << 10; break;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: *(size_t *)value = 1024; break;
  }
  return status;
}

/* Whether a kernel computes a tile. */
static int is_tile(cl_kernel kernel) {
  char name[64] = "";
  clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
  return !strncmp(name, "gemm_tile", 9) || !strncmp(name, "conv2d_", 7);
}

cl_int clGetKernelWorkGroupInfo(
    cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t size, void *value, size_t *needed) {
  const cl_int status = NEXT(clGetKernelWorkGroupInfo)(kernel, device, what, size, value, needed);
  const char *group = getenv("PRETEND_GROUP");
  if (status == CL_SUCCESS && value && group && what == CL_KERNEL_WORK_GROUP_SIZE && is_tile(kernel))
    *(size_t *)value = strtoul(group, NULL, 10);
  return status;
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *status) {
  counts[CREATE_KERNEL]++;
  return NEXT(clCreateKernel)(program, name, status);
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  counts[SET_ARG]++;
  return NEXT(clSetKernelArg)(kernel, index, size, value);
}

#define COUNTED(place, f, ...)             \
  counts[place]++;                         \
  if (does_nothing && !event) return CL_SUCCESS; \
  return NEXT(f)(__VA_ARGS__);

cl_int clEnqueueNDRangeKernel(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global,
    const size_t *local, cl_uint waits, const cl_event *list, cl_event *event) {
  COUNTED(LAUNCH, clEnqueueNDRangeKernel, queue, kernel, dimensions, offset, global, local, waits, list, event)
}

cl_int clEnqueueWriteBuffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocks, size_t offset, size_t size, const void *source, cl_uint waits,
    const cl_event *list, cl_event *event) {
  COUNTED(WRITE, clEnqueueWriteBuffer, queue, buffer, blocks, offset, size, source, waits, list, event)
}

cl_int clEnqueueReadBuffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocks, size_t offset, size_t size, void *target, cl_uint waits,
    const cl_event *list, cl_event *event) {
  counts[READ]++;
  return NEXT(clEnqueueReadBuffer)(queue, buffer, blocks, offset, size, target, waits, list, event);
}

cl_int clEnqueueCopyBuffer(
    cl_command_queue queue, cl_mem source, cl_mem target, size_t from, size_t to, size_t size, cl_uint waits,
    const cl_event *list, cl_event *event) {
  COUNTED(COPY, clEnqueueCopyBuffer, queue, source, target, from, to, size, waits, list, event)
}

cl_int clEnqueueFillBuffer(
    cl_command_queue queue, cl_mem buffer, const void *pattern, size_t length, size_t offset, size_t size, cl_uint waits,
    const cl_event *list, cl_event *event) {
  COUNTED(FILL, clEnqueueFillBuffer, queue, buffer, pattern, length, offset, size, waits, list, event)
}

cl_int clFlush(cl_command_queue queue) {
  counts[FLUSH]++;
  return does_nothing ? CL_SUCCESS : NEXT(clFlush)(queue);
}

cl_int clFinish(cl_command_queue queue) {
  counts[FINISH]++;
  return NEXT(clFinish)(queue);
}

import Foundation
import TestSupport
import Testing

#if os(Linux)
  /// `telar doctor` on sound devices, and with drivers that hang, crash, refuse or compute wrongly.
  @Suite("telar doctor")
  struct DoctorCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The environment in which a library of this C stands before the OpenCL loader.
    private func environment(_ text: String) throws -> [String: String] {
      let head = """
        #define _GNU_SOURCE
        #define CL_TARGET_OPENCL_VERSION 120
        #include <CL/cl.h>
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <unistd.h>

        """
      return ["LD_PRELOAD": try SharedLibrary.build(text: head + text, named: "before.so", in: folder)]
    }

    @Test func `the processor is sound, and a file tells it`() throws {
      let path = folder.path + "/doctor.txt"
      let result = try Telar.run("doctor", "--device", "cpu", "--out", path)
      #expect(result.status == 0, "\(result)")
      let checks = result.outLines.filter { $0.hasPrefix("  ok  ") }
      #expect(checks.count == 5 && !result.out.contains("FAIL"), "\(result.out)")
      #expect(result.outLines.allSatisfy { $0.count <= 120 } && result.out.contains("No fault was found on cpu"))
      let text = try folder.text("doctor.txt")
      #expect(text.contains("max_allocation_bytes: ") && text.contains("product of 1024 × 1024 matrices: "))
      let again = try Telar.run("doctor", "--device", "cpu", "--out", path)
      #expect(again.status == 73 && again.error.contains("--overwrite"), "\(again)")
    }

    @Test(.enabled(if: !TestDevices.openCL.isEmpty))
    func `an OpenCL device is sound in both families`() throws {
      let result = try Telar.run("doctor", "--device", "opencl:0")
      #expect(result.status == 0, "\(result)")
      #expect(result.outLines.count { $0.hasPrefix("  ok  ") } == 6, "\(result.out)")
      #expect(result.out.contains("parity, tile family"))
    }

    @Test func `without OpenCL the processor is checked, and the exit code says it`() throws {
      let result = try Telar.run("doctor", environment: ["OCL_ICD_VENDORS": "/nonexistent"])
      #expect(result.status == 69 && result.error.contains("there is no OpenCL device"), "\(result)")
      #expect(result.out.contains("Checks of cpu:") && !result.out.contains("FAIL"), "\(result.out)")
    }

    @Test func `a driver that crashes when it is loaded is named`() throws {
      let library = try SharedLibrary.build(
        text: "#include <stdlib.h>\n__attribute__((constructor)) static void load(void) { abort(); }",
        named: "libbroken.so", in: folder)
      try folder.write("broken.icd", Array("\(library)\n".utf8))
      let result = try Telar.run("doctor", environment: ["OCL_ICD_VENDORS": folder.path])
      #expect(result.status == 1 && result.error.contains("broken.icd"), "\(result)")
      #expect(result.error.contains("crashed: signal 6"), "\(result.error)")
      #expect(result.out.contains("Checks of cpu:"), "\(result.out)")
    }

    @Test(.enabled(if: !TestDevices.openCL.isEmpty))
    func `a device that hangs is given up, and one that crashes named`() throws {
      let arguments = """
        (cl_command_queue q, cl_kernel k, cl_uint d, const size_t *o, const size_t *g, const size_t *l, cl_uint n,
         const cl_event *w, cl_event *e)
        """
      let hangs = try Telar.run(
        "doctor", "--device", "opencl:0", "--limit", "3",
        environment: environment("cl_int clEnqueueNDRangeKernel\(arguments) { for (;;) sleep(1000); }"))
      #expect(hangs.status == 1 && hangs.error.contains("did not end within 3 s"), "\(hangs)")
      #expect(hangs.out.contains("The other checks were left out."), "\(hangs.out)")
      let crashes = try Telar.run(
        "doctor", "--device", "opencl:0",
        environment: environment("cl_int clEnqueueNDRangeKernel\(arguments) { abort(); }"))
      #expect(crashes.status == 1 && crashes.error.contains("the driver crashed"), "\(crashes)")
    }

    /// A driver that leaves out every hundredth launch: the first operator that is wrong is named.
    @Test(.enabled(if: !TestDevices.openCL.isEmpty))
    func `an operator that is wrong is named`() throws {
      let text = """
        cl_int clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint d, const size_t *o, const size_t *g,
          const size_t *l, cl_uint n, const cl_event *w, cl_event *e) {
          static __typeof__(clEnqueueNDRangeKernel) *next;
          static int count;
          if (!next) next = (__typeof__(clEnqueueNDRangeKernel) *)dlsym(RTLD_NEXT, "clEnqueueNDRangeKernel");
          return ++count % 50 == 0 ? CL_SUCCESS : next(q, k, d, o, g, l, n, w, e);
        }
        """
      let result = try Telar.run("doctor", "--device", "opencl:0", environment: environment(text))
      #expect(result.status == 1 && result.error.contains("golden cases"), "\(result)")
      #expect(result.out.contains("the first that failed: FAIL op-"), "\(result.out)")
    }
  }
#endif

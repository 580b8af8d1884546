import Foundation
import TestSupport
import Testing

#if os(Linux)
  /// Drivers that hang, crash or do not load, as the ICD loader meets them.
  @Suite("Drivers that cannot be used")
  struct DriverLookupTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Has OpenCL find one driver, which runs this C when it is loaded.
    private func environment(runningOnLoad body: String) throws -> [String: String] {
      let text = """
        #include <stdlib.h>
        #include <unistd.h>
        __attribute__((constructor)) static void load(void) { \(body) }
        """
      let library = try SharedLibrary.build(text: text, named: "libbroken.so", in: folder)
      return try environment(library: library)
    }

    private func environment(library: String) throws -> [String: String] {
      try folder.write("broken.icd", Array("\(library)\n".utf8))
      return ["OCL_ICD_VENDORS": folder.path, "TELAR_DRIVER_SECONDS": "1"]
    }

    private func bench(_ device: String, _ environment: [String: String]) throws -> Telar.Output {
      try Telar.run("bench", "gemm", "--sizes", "8", "--device", device, environment: environment)
    }

    @Test func `a driver that hangs is named, and the CPU works beside it`() throws {
      let environment = try environment(runningOnLoad: "for (;;) sleep(1000);")
      let place = folder.path
      let named = "the OpenCL driver \(place)/broken.icd (\(place)/libbroken.so) has not answered for 1 seconds"
      for device in ["opencl", "opencl:0", "part of a name"] {
        let result = try bench(device, environment)
        #expect(result.status == 69 && result.errorLines.count == 1, "\(device): \(result)")
        #expect(result.error.hasPrefix("telar: \(named)") && result.error.contains("--device cpu"), "\(result.error)")
      }
      let list = try Telar.run("devices", environment: environment)
      #expect(list.status == 0 && list.out.contains("cpu:baseline") && list.out.contains(named), "\(list)")
      let automatic = try bench("auto", environment)
      #expect(automatic.status == 0 && automatic.error.contains("Note: \(named)"), "\(automatic)")
    }

    @Test(arguments: ["cpu", "CPU:baseline"])
    func `the CPU is used without loading any driver`(device: String) throws {
      let result = try bench(device, try environment(runningOnLoad: "abort();"))
      #expect(result.status == 0 && result.out.contains("GFLOP/s"), "\(result)")
    }

    @Test func `a driver that does not load is told from none`() throws {
      let missing = try bench("opencl", try environment(library: "libnowhere.so.7"))
      #expect(missing.status == 69)
      #expect(missing.error.contains("the driver of \(folder.path)/broken.icd does not load: libnowhere.so.7"))
      let list = try Telar.run("devices", environment: ["OCL_ICD_VENDORS": folder.path])
      #expect(list.out.contains("libnowhere.so.7"))
      let other = try bench("opencl", try environment(runningOnLoad: ""))
      #expect(other.status == 69 && other.error.contains("is no OpenCL driver"), "\(other.error)")
      try folder.write("broken.icd", [])
      let empty = try bench("opencl", ["OCL_ICD_VENDORS": folder.path])
      #expect(empty.status == 69 && empty.error.contains("broken.icd names no library"), "\(empty.error)")
      let none = try bench("opencl", ["OCL_ICD_VENDORS": folder.path + "/none"])
      #expect(none.status == 69 && none.error.contains("no driver is installed: none is in \(folder.path)/none"))
    }

    @Test(arguments: ["0", "-1", "x", "1e3", "99999"])
    func `a time limit that means nothing is refused`(seconds: String) throws {
      let result = try bench("opencl", ["TELAR_DRIVER_SECONDS": seconds])
      #expect(result.status == 64 && result.error.contains("TELAR_DRIVER_SECONDS"), "\(result)")
    }
  }
#endif

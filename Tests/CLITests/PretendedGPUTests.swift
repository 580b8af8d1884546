import Foundation
import TestSupport
import Testing

#if os(Linux)
  /// PoCL's processor passing for a GPU (`Tools/gpu/pretend.c`): what a GPU is given, computed or only counted.
  @Suite("A pretended GPU", .serialized, .enabled(if: !TestDevices.openCL.isEmpty))
  struct PretendedGPUTests {
    private static let shim = Result {
      let folder = try TemporaryFolder()
      let source = Repository.root.appendingPathComponent("Tools/gpu/pretend.c")
      return (folder: folder, library: try SharedLibrary.build(source.path, named: "pretend.so", in: folder))
    }

    private let folder: TemporaryFolder
    private let environment: [String: String]

    init() throws {
      let shim = try Self.shim.get()
      folder = try TemporaryFolder()
      environment = ["LD_PRELOAD": shim.library, "PRETEND_GPU": "1", "XDG_CACHE_HOME": shim.folder.path]
    }

    private func run(_ arguments: String..., more: [String: String] = [:]) throws -> Telar.Output {
      try Telar.run(arguments, environment: environment.merging(more) { $1 })
    }

    @Test func `the device says that it is a GPU`() throws {
      let result = try run("devices", "--json")
      #expect(result.status == 0 && result.out.contains("pretended GPU"), "\(result)")
    }

    @Test func `golden cases pass in the tile family`() throws {
      let golden = Repository.root.appendingPathComponent("Tests/ConformanceTests/Golden").path
      let result = try run("conformance", golden, "--device", "opencl:0")
      #expect(result.status == 0, "\(result)")
    }

    @Test func `the GPU agrees with the processor`() throws {
      let result = try run("parity", "--device", "opencl:0")
      #expect(result.status == 0, "\(result)")
    }

    /// A driver whose compiler leaves registers for 64 work-items only: smaller tiles, and a sentence.
    @Test func `tiles are those that the driver has registers for`() throws {
      let step = ["bench", "train", "--net", "borgnino-ff-512", "--batch-size", "1000", "--steps", "2"]
      func run(group: Int) throws -> Telar.Output {
        try Telar.run(
          step + ["--device", "opencl:0"], environment: environment.merging(["PRETEND_GROUP": "\(group)"]) { $1 })
      }
      let result = try run(group: 64)
      #expect(result.status == 0, "\(result)")
      let notes = result.errorLines.filter { $0.contains("in groups of at most 64, so smaller tiles are used") }
      #expect(notes.count == 1, "\(result.error)")
      let none = try run(group: 8)
      #expect(none.status == 70 && none.error.contains("in groups of at most 8 work-items"), "\(none)")
    }

    /// What a step of each network asks of a driver, from the difference of two runs with other numbers of steps.
    @Test func `a steady step binds no arguments, and its own cost is small`() throws {
      let most = [
        "aldecoa-ae-n64": 27, "brunello-ae-1": 16, "brunello-ae-2": 23, "brunello-ae-3": 16, "brunello-finetune": 23,
        "manolucos-ae-64-96": 24, "borgnino-ff-512": 8, "molina-mlp": 12,
      ]
      for (name, launches) in most {
        func counts(steps: Int) throws -> [String: Int] {
          let path = folder.path + "/counts"
          let result = try run(
            "bench", "train", "--net", name, "--device", "opencl:0", "--steps", "\(steps)", "--json",
            more: ["PRETEND_NOTHING": "1", "PRETEND_COUNTS": path])
          #expect(result.status == 0, "\(result)")
          return try folder.text("counts").split(separator: "\n").reduce(into: [:]) { counts, line in
            let words = line.split(separator: " ")
            counts[String(words[0])] = Int(words[1])
          }
        }
        // Of more than twenty, so that those that are timed one by one are as many.
        let few = try counts(steps: 20), many = try counts(steps: 120)
        func perStep(_ function: String) -> Double {
          Double(many[function, default: 0] - few[function, default: 0]) / 100
        }
        #expect(perStep("clSetKernelArg") == 0, "\(name)")
        #expect(perStep("clEnqueueNDRangeKernel") <= Double(launches), "\(name)")
        #expect(perStep("clEnqueueWriteBuffer") <= 1, "\(name)")
        for function in ["clEnqueueReadBuffer", "clFinish", "clEnqueueCopyBuffer", "clCreateKernel"] {
          #expect(perStep(function) == 0, "\(function) in \(name)")
        }
      }
    }

    @Test func `a short study runs`() throws {
      let data = try TemporaryFolder()
      try SmallDataSet.write(into: data)
      let result = try run(
        "study", "aldecoa", "case-1", "case-2", "--epochs", "1", "--device", "opencl:0", "--out", folder.path + "/runs",
        "--data", data.path, "--allow-other-data")
      #expect(result.status == 0, "\(result)")
    }
  }
#endif

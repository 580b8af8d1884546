import Foundation
import TelarNN
import TestSupport
import Testing

#if os(Linux)
  /// A driver whose calls fail or answer nonsense: `Tools/trust/faults.c` before the real one.
  @Suite("Faults of an OpenCL driver", .serialized, .enabled(if: !TestDevices.openCL.isEmpty))
  struct DriverFaultTests {
    private static let shim = Result {
      let folder = try TemporaryFolder()
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Tools/trust/faults.c")
      return (folder: folder, library: try SharedLibrary.build(source.path, named: "faults.so", in: folder))
    }

    private let folder: TemporaryFolder
    private let environment: [String: String]
    private let command: [String]

    init() throws {
      let shim = try Self.shim.get()
      folder = try TemporaryFolder()
      // Programs that a test has built serve the others.
      environment = ["LD_PRELOAD": shim.library, "XDG_CACHE_HOME": shim.folder.path]
      let checkpoint = folder.path + "/classifier.safetensors"
      var writer = SafetensorsWriter()
      writer.metadata["network"] =
        Architecture {
          Part("classifier") {
            Flatten()
            Linear(784, 10)
          }
        }.json.text
      let info = CheckpointInfo(loss: .classification, classNames: nil)
      for (key, value) in info.metadata { writer.metadata[key] = value }
      writer.add("classifier.1.weight", shape: [10, 784], (0..<7840).map { Float($0 % 7) / 700 })
      writer.add("classifier.1.bias", shape: [10], [Float](repeating: 0, count: 10))
      try writer.write(to: checkpoint)
      let rows = (0..<28).map { [UInt8](repeating: UInt8(9 * $0), count: 28) }
      let image = try folder.write("image.png", HandMadePNG.file(width: 28, height: 28, rows: rows))
      command = ["predict", checkpoint, image, "--device", "opencl"]
    }

    private func run(_ faults: [String: String], _ arguments: [String]? = nil) throws -> Telar.Output {
      try Telar.run(arguments ?? command, environment: environment.merging(faults) { $1 })
    }

    /// How often the command calls each function of OpenCL.
    private func calls() throws -> [(name: String, count: Int)] {
      let path = folder.path + "/counts"
      #expect(try run(["FAULT_COUNTS": path]).status == 0)
      return try folder.text("counts").split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        return (String(words[0]), try #require(Int(words[1])))
      }
    }

    private func expectOneError(_ result: Telar.Output, _ what: String) {
      let errors = result.errorLines.filter { $0.hasPrefix("telar: ") && !$0.contains("debug build") }
      #expect([69, 70].contains(result.status) && errors.count == 1 && result.out.isEmpty, "\(what): \(result)")
    }

    @Test func `every call that fails ends a command with one error, or does not matter`() throws {
      let sound = try run([:])
      #expect(sound.status == 0, "\(sound.error)")
      let calls = try calls()
      #expect(calls.count { $0.count > 0 } > 12)
      for (name, count) in calls where count > 0 {
        for place in Set([1, count]) {
          let result = try run(["FAULT_CALL": name, "FAULT_AT": "\(place)", "FAULT_CODE": "-5", "FAULT_STICKY": "1"])
          if result.status == 0 {
            #expect(result.out == sound.out, "\(name) \(place)")
          } else {
            expectOneError(result, "\(name) \(place)")
          }
        }
      }
      let late = try run(["FAULT_CALL": "clEnqueueNDRangeKernel", "FAULT_AT": "1", "FAULT_CODE": "event"])
      #expect(late.status == 70 && late.error.contains("CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST (-14)"))
    }

    /// Parameters as `cl.h` has them, and what a driver may answer at worst.
    @Test(arguments: [
      ("0x1002=0", "0 compute units"), ("0x1002=4294967295", "4294967295 compute units"),
      ("0x1004=0", "work-groups have at most 0 items"), ("0x1010=0", "bytes of memory"),
      ("0x101f=0", "bytes of memory"),
      ("0x1019=0x40000000", "aligned to 134217728 bytes"), ("0x1019=3000", "aligned to 375 bytes"),
      ("0x1027=0", "not available"), ("0x1028=0", "no compiler"), ("0x102f=text:", "OpenCL unknown"),
      ("0x102f=text:OpenCL 1.1", "OpenCL 1.1"), ("0x102b=size:9000000000000000000", "0x102b"),
      ("0x1030=size:18446744073709551615", "0x1030"), ("0x1191=0", "0 arguments where"),
      ("0x1191=4294967295", "4294967295 arguments where"),
    ])
    func `answers that no device can mean are refused`(answer: String, reason: String) throws {
      let result = try run(["FAULT_ANSWER": answer])
      expectOneError(result, answer)
      #expect(result.error.contains(reason), "\(answer): \(result.error)")
    }

    @Test(arguments: [
      "0x102b=text:\u{1b}[31m\u{fffd}", "0x102b=text:", "0x1000=0", "0x101f=0xffffffffffffffff", "0x100a=0",
      "0x103a=0xffffffff", "0x1023=0", "0x1165=size:9000000000000000000", "0x1183=size:9000000000000000000",
    ])
    func `answers that do not matter are no fault`(answer: String) throws {
      let result = try run(["FAULT_ANSWER": answer, "TELAR_NO_CACHE": "1"])
      #expect(result.status == 0 && result.out.contains("image.png: "), "\(answer): \(result)")
      #expect(!result.error.contains("\u{1b}"))
    }

    @Test func `a bit that changes within a bound is noticed by computing again`() throws {
      var writer = SafetensorsWriter()
      writer.metadata["relu-0"] = #"{"op":"relu","attributes":{}}"#
      let values = (1...64).map { Float($0) / 8 }
      for name in ["input", "output"] { writer.add("relu-0/\(name)", shape: [64], values) }
      let golden = try TemporaryFolder()
      try writer.write(to: golden.path + "/op-relu.safetensors")
      let command = ["conformance", golden.path, "--device", "opencl"]
      #expect(try run([:], command).status == 0)
      let path = folder.path + "/change"
      let change = ["CORRUPT_AT": "1", "CORRUPT_BITS": "1", "CORRUPT_PLACE": "500", "CORRUPT_LOG": path]
      let result = try run(change, command)
      #expect(try folder.text("change").hasPrefix("activation"))
      #expect(result.status == 1 && result.out.contains("activation_forward writes other numbers"), "\(result)")
    }

    @Test func `a run that a driver ends goes on to the same bits`() throws {
      try SmallDataSet.write(into: folder)
      func study(_ out: String, _ faults: [String: String], _ more: String...) throws -> Telar.Output {
        let data = ["--data", folder.path, "--allow-other-data", "--epochs", "2", "--batch-size", "16"]
        let arguments = ["study", "molina", "base", "--device", "opencl", "--out", "\(folder.path)/\(out)"]
        return try run(faults, arguments + data + more)
      }
      #expect(try study("sound", ["FAULT_COUNTS": folder.path + "/counts"]).status == 0)
      let launches = try #require(try folder.text("counts").split(separator: "\n")[0].split(separator: " ").last)
      let place = "\(try #require(Int(launches)) * 2 / 3)"
      let failed = try study("failed", ["FAULT_CALL": "clEnqueueNDRangeKernel", "FAULT_AT": place, "FAULT_CODE": "-5"])
      #expect(failed.status == 70 && failed.error.contains("CL_OUT_OF_RESOURCES (-5)"), "\(failed)")
      let resumed = try study("failed", [:], "--resume")
      #expect(resumed.status == 0, "\(resumed.error)")
      let files = folder.contents().filter { $0.hasPrefix("sound/") && $0.hasSuffix("last.safetensors") }
      #expect(files.count == 1)
      for file in files {
        let other = file.replacingOccurrences(of: "sound/", with: "failed/")
        #expect(FileManager.default.contentsEqual(atPath: "\(folder.path)/\(file)", andPath: "\(folder.path)/\(other)"))
      }
      #expect(!folder.contents().contains { $0.contains("/.telar-") })
    }
  }
#endif

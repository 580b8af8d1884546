import Foundation
import TelarTraining
import TestSupport
import Testing

/// A Python that has onnxruntime: `TELAR_PYTHON`, the environments that tools make here, or the one on the path.
private enum ONNXRuntime {
  static let root = URL(fileURLWithPath: #filePath + "/../../../..").standardized.path

  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["TELAR_PYTHON"].map { [$0] } ?? []
    return (named + ["\(root)/.peers/bin/python", "\(root)/.onnx/bin/python", "python3"]).first { candidate in
      (try? run([candidate, "-c", "import onnxruntime, numpy"]))?.status == 0
    }
  }()

  static func run(_ command: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}

@Suite("ONNX Runtime")
struct ONNXRuntimeTests {
  @Test(
    .enabled(
      if: ONNXRuntime.python != nil,
      "no Python here imports onnxruntime; Tools/onnx/setup.sh makes one (the tests of ONNX models ran without it)"))
  func `computes what the networks do`() throws {
    let folder = try TemporaryFolder()
    // One process for all, which starts slowly.
    for (number, exported) in ExportedNetwork.all.enumerated() {
      try exported.computed { model, input, output in
        try model.write(to: "\(folder.path)/\(number).onnx")
        for (name, tensor) in [("input", input), ("output", output)] {
          try folder.write("\(number).\(name)", tensor.floats.withUnsafeBytes { Array($0) })
        }
      }
    }
    let files = ExportedNetwork.all.indices.map { "\(folder.path)/\($0).onnx" }
    let result = try ONNXRuntime.run([ONNXRuntime.python!, "\(ONNXRuntime.root)/Tools/onnx/check.py"] + files)
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.split(separator: "\n").count { $0.contains(": ok") } == files.count, "\(result.text)")
  }
}

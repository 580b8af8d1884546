import Foundation
import TelarBench
import TelarNN
import TestSupport

/// A folder for golden files made by a test; it goes with the last reference to it.
final class CaseFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "conformance-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The result of a single case made of these.
  func result(
    _ metadata: String, _ tensors: [(name: String, shape: [Int], values: [Float])],
    on: TestDevice = TestDevices.cpu
  ) throws -> Outcome {
    var writer = SafetensorsWriter()
    writer.metadata["case"] = metadata
    for tensor in tensors { writer.add("case/\(tensor.name)", shape: tensor.shape, tensor.values) }
    try writer.write(to: "\(path)/op-made.safetensors")
    return try on.use { device in
      var result: Outcome?
      _ = try GoldenFolder(path).run(on: device) { result = $0.cases[0].outcome }
      return result!
    }
  }
}

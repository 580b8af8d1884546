import Foundation
import TelarBench
import TelarNN
import TestSupport
import Testing

/// PyTorch's results, on every device.
@Suite struct GoldenTests {
  static var folder: String { Bundle.module.resourcePath! + "/Golden" }

  @Test(arguments: TestDevices.all) func everyCasePasses(_ on: TestDevice) throws {
    try on.use { device in
      var files = 0
      let passed = try GoldenFolder(Self.folder).run(on: device) { file in
        files += 1
        for result in file.cases where !result.isPassed { Issue.record("\(result.failureLine)") }
      }
      #expect(passed && files == 20)
    }
  }

  /// Every number of a golden case matters: each result, made a little wrong, fails its case and no other.
  @Test func aWrongResultIsFound() throws {
    let folder = try CaseFolder()
    for name in ["op-gemm", "op-batch_norm2d", "op-conv2d", "op-optimizer", "op-loss"] {
      let file = try SafetensorsFile("\(Self.folder)/\(name).safetensors")
      for key in file.tensors.keys {
        let parts = key.split(separator: "/")
        guard parts[1] == "output" || parts[1].hasPrefix("grad_i") || parts[1].hasPrefix("new_") else { continue }
        var writer = SafetensorsWriter()
        writer.metadata[String(parts[0])] = file.metadata[String(parts[0])]
        for (other, info) in file.tensors where other.hasPrefix("\(parts[0])/") {
          var values = try file.floats(other)
          if other == key { values[values.count / 2] += 0.01 * max(1, abs(values[values.count / 2])) }
          writer.add(other, shape: info.shape, values)
        }
        try writer.write(to: "\(folder.path)/op-wrong.safetensors")
        try TestDevices.cpu.use { device in
          let passed = try GoldenFolder(folder.path).run(on: device) { file in
            #expect(file.cases[0].outcome.place?.hasPrefix("\(parts[1])[") == true, "\(key): \(file.cases[0])")
          }
          #expect(!passed, "\(key)")
        }
      }
    }
  }

  /// So many layers, which have no parameters or those that no file has.
  private static func network(layer: String, count: Int) -> String {
    "{\"encoder\":[\([String](repeating: layer, count: count).joined(separator: ","))]}"
  }

  private static func strided(_ stride: Int) -> String {
    #"{"layer":"ConvTranspose2d","in_channels":1,"out_channels":1,"kernel_size":1,"stride":\#(stride)}"#
  }

  /// A training run with another optimizer, or from other values, is not PyTorch's.
  @Test(arguments: [
    ("optimizer", #"{"optimizer":"SGD","lr":0.001}"#), ("optimizer", #"{"optimizer":"Adam","lr":0.002}"#),
    ("float32_loss_error", "-1"), ("loss", "l1"), ("network", "{}"), ("network", "["),
    ("network", #"{"encoder":[{"layer":"Conv2d","in_channels":1}]}"#), ("steps", "11"), ("batch_size", "x"),
    ("network", #"{"encoder":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":16777216}]}"#),
    // Sizes that overflow, that are too large in all, and layers that have no end.
    ("network", network(layer: strided(1 << 24), count: 4)), ("network", network(layer: strided(100), count: 1)),
    ("network", network(layer: #"{"layer":"ReLU"}"#, count: 20_000)),
  ])
  func aChangedTrainingRunFails(key: String, value: String) throws {
    let folder = try CaseFolder()
    let file = try SafetensorsFile("\(Self.folder)/net-aldecoa-classifier.safetensors")
    var writer = SafetensorsWriter()
    for (name, text) in file.metadata { writer.metadata[name] = name == key ? value : text }
    for (name, info) in file.tensors {
      switch info.type {
      case .uint8: writer.add(name, shape: info.shape, try file.values(name, as: UInt8.self))
      case .float64: writer.add(name, shape: info.shape, try file.values(name, as: Double.self))
      default: writer.add(name, shape: info.shape, try file.floats(name))
      }
    }
    try writer.write(to: "\(folder.path)/net-changed.safetensors")
    try TestDevices.cpu.use { device in
      let passed = try GoldenFolder(folder.path).run(on: device) { file in
        #expect(file.cases.count == 1 && file.cases[0].name == "changed" && file.cases[0].outcome.error != nil)
      }
      #expect(!passed)
    }
  }
}

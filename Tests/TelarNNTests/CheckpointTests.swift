import Foundation
import TelarNN
import TestSupport
import Testing

@Suite struct CheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static var fixtures: String { Bundle.module.resourcePath! + "/Checkpoints" }

  /// The model of `Tools/golden/checkpoint.py`.
  static let model = Architecture {
    Part("encoder") {
      Conv2d(2, 4, kernelSize: 3, padding: 1, groups: 2)
      BatchNorm2d(4)
      ReLU()
      AvgPool2d(2)
      Flatten()
      Linear(24, 6, bias: false)
      Tanh()
    }
    Part("decoder") {
      Linear(6, 12)
      LeakyReLU(negativeSlope: 0.2)
      Unflatten(channels: 3, height: 2, width: 2)
      ConvTranspose2d(
        3, 2, kernelSize: Pair(3, 2), stride: 2, padding: Pair(0, 1), outputPadding: Pair(1, 0))
      Sigmoid()
    }
  }

  /// What PyTorch saved is loaded, computes the same, and is saved with the same keys, types, shapes and values.
  @Test(arguments: TestDevices.all) func pyTorchsCheckpointIsUnderstood(_ on: TestDevice) throws {
    let saved = try SafetensorsFile(Self.fixtures + "/model.safetensors")
    let expected = try SafetensorsFile(Self.fixtures + "/expected.safetensors")
    try on.use { device in
      let network = try Network(Self.model, on: device, inputShape: [6, 4, 2], seed: 9)
      try network.load(from: saved)
      let input = permuted(try expected.floats("input"), shape: [3, 2, 6, 4], order: [0, 2, 3, 1])
      let output = try network(device.tensor([3, 6, 4, 2], input))
      #expect(output.shape == [3, 6, 2, 2])
      let reference = permuted(try expected.floats("output"), shape: [3, 2, 6, 2], order: [0, 2, 3, 1])
      expectClose(
        try output.values(), OracleTensor(output.shape, floats: reference), .within(absolute: 2e-6),
        TestCase(device, "model"))

      let path = folder.path + "/again.safetensors"
      try network.save(to: path, metadata: ["epoch": "3"])
      let again = try SafetensorsFile(path)
      #expect(again.metadata["epoch"] == "3" && again.metadata["format"] == "pt")
      #expect(Set(again.tensors.keys) == Set(saved.tensors.keys))
      for (key, info) in saved.tensors {
        #expect(try again.info(key).type == info.type && again.info(key).shape == info.shape, "\(key)")
        #expect(try again.floats(key) == saved.floats(key), "\(key)")
      }
      // And the architecture alone makes the network again.
      let rebuilt = try Network(checkpoint: again, on: device, inputShape: [6, 4, 2])
      #expect(try rebuilt(device.tensor([3, 6, 4, 2], input)).values() == output.values())
    }
  }

  @Test func anEncoderMovesIntoAnotherNetwork() throws {
    try TestDevices.cpu.use { device in
      let trained = try Network(Self.model, on: device, inputShape: [6, 4, 2], seed: 1)
      let x = try device.filled([5, 6, 4, 2], with: 0.5)
      _ = try trained(x, .training(step: 0))  // Running statistics move.
      try trained.save(to: folder.path + "/a.safetensors")
      func classifier() throws -> Network {
        try Network(on: device, inputShape: [6, 4, 2], seed: 2) {
          Self.model.parts[0].frozen()
          Part("classifier") { Linear(6, 10) }
        }
      }
      let copied = try classifier()
      try copied.copyPart("encoder", from: trained)
      let loaded = try classifier()
      try loaded.load(from: SafetensorsFile(folder.path + "/a.safetensors"), parts: ["encoder"])
      for network in [copied, loaded] {
        #expect(try network[part: "encoder"](x).values() == trained[part: "encoder"](x).values())
        #expect(network[part: "classifier"].name == "classifier")
      }
      #expect(throws: ShapeError.self) {
        try copied.copyPart("encoder", from: Network(on: device, inputShape: nil, seed: 1) { Part("encoder") {} })
      }
    }
  }

  @Test func misfitsAreNamedAndChangeNothing() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(Self.model, on: device, inputShape: [6, 4, 2], seed: 1)
      let before = try network.parameters.map { try $0.values() }
      func problem(_ change: (inout SafetensorsWriter, String, TensorInfo) throws -> Bool) throws -> String {
        let saved = try SafetensorsFile(Self.fixtures + "/model.safetensors")
        var writer = SafetensorsWriter()
        for (key, info) in saved.tensors where try !change(&writer, key, info) {
          if info.type == .int64 {
            writer.add(key, shape: info.shape, try saved.values(key, as: Int64.self))
          } else {
            writer.add(key, shape: info.shape, try saved.floats(key))
          }
        }
        try writer.write(to: folder.path + "/changed.safetensors")
        let error = #expect(throws: SafetensorsError.self) {
          try network.load(from: SafetensorsFile(folder.path + "/changed.safetensors"))
        }
        #expect(error?.kind == .mismatch)
        #expect(try network.parameters.map { try $0.values() } == before)
        return error?.problem ?? ""
      }
      #expect(try problem { _, key, _ in key == "decoder.0.bias" } == "has no tensor \"decoder.0.bias\"")
      #expect(
        try problem { writer, key, _ in
          if key == "decoder.0.bias" { writer.add(key, shape: [3, 4], [Float](repeating: 0, count: 12)) }
          return key == "decoder.0.bias"
        } == "tensor \"decoder.0.bias\" has shape [3, 4] and should have [12]")
      #expect(
        try problem { writer, key, _ in
          if key == "decoder.0.bias" { writer.add("decoder.9.bias", shape: [1], [Float(0)]) }
          return false
        } == "tensor \"decoder.9.bias\" belongs to nothing in the network")
      let bare = try SafetensorsFile(Self.fixtures + "/model.safetensors")
      let error = #expect(throws: SafetensorsError.self) { try Architecture(checkpoint: bare) }
      #expect(error?.problem.contains("no architecture in its metadata") == true)
    }
  }

  /// O×I×H×W to H×W×I×O and back.
  @Test func layoutsAreInverse() {
    let values = (0..<120).map { Float($0) }
    let here = ParameterLayout.filter.values(fromPyTorch: values, shape: [5, 2, 3, 4])
    #expect(ParameterLayout.filter.shape(ofPyTorch: [5, 2, 3, 4]) == [3, 4, 2, 5])
    // Element (o, i, h, w) = (4, 1, 2, 3) is the last in both; (1, 0, 0, 0) comes second here.
    #expect(here.last == 119 && here[1] == 24 && here[5] == 12)
    #expect(ParameterLayout.filter.values(toPyTorch: here, shape: [5, 2, 3, 4]) == values)
    #expect(ParameterLayout.linear.values(fromPyTorch: [1, 2, 3, 4, 5, 6], shape: [2, 3]) == [1, 4, 2, 5, 3, 6])
    #expect(ParameterLayout.linear.values(toPyTorch: [1, 4, 2, 5, 3, 6], shape: [2, 3]) == [1, 2, 3, 4, 5, 6])
  }
}

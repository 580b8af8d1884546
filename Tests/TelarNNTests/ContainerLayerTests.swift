import Foundation
import TelarIO
import TelarNN
import TestSupport
import Testing

/// Networks with layers within layers, against the same networks that are wired by hand.
@Suite struct ContainerLayerTests {
  /// Residual sums, one with a shortcut, and branches side by side, with dropout and batch normalization within.
  private static let part = Part("net") {
    Conv2d(1, 4, kernelSize: 3, padding: 1)
    Residual {
      Conv2d(4, 4, kernelSize: 3, padding: 1)
      BatchNorm2d(4)
      ReLU()
    }
    Residual {
      Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1)
      Residual { Conv2d(6, 6, kernelSize: 1) }
    } shortcut: {
      Conv2d(4, 6, kernelSize: 1, stride: 2)
      BatchNorm2d(6)
    }
    Concat([
      Sequential(),
      Sequential {
        Conv2d(6, 3, kernelSize: 1)
        ReLU()
      },
      Sequential { MaxPool2d(3, stride: 1, padding: 1) },
    ])
    Flatten()
    Linear(240, 5)
  }

  /// The same layers as parts of their own, by the names of their tensors.
  private static let pieces: [(name: String, layers: Sequential)] = [
    ("net.0", Sequential { Conv2d(1, 4, kernelSize: 3, padding: 1) }),
    (
      "net.1",
      Sequential {
        Conv2d(4, 4, kernelSize: 3, padding: 1)
        BatchNorm2d(4)
        ReLU()
      }
    ),
    ("net.2", Sequential { Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1) }),
    ("net.2.1", Sequential { Conv2d(6, 6, kernelSize: 1) }),
    (
      "net.2.shortcut",
      Sequential {
        Conv2d(4, 6, kernelSize: 1, stride: 2)
        BatchNorm2d(6)
      }
    ),
    (
      "net.3.1",
      Sequential {
        Conv2d(6, 3, kernelSize: 1)
        ReLU()
      }
    ),
    (
      "net.5",
      Sequential {
        Flatten()
        Linear(240, 5)
      }
    ),
  ]

  private static func wired(_ run: (String, Tensor) throws -> Tensor, _ x: Tensor) throws -> Tensor {
    let first = try run("net.0", x)
    let second = try add(first, run("net.1", first))
    let inner = try run("net.2", second)
    let third = try add(run("net.2.shortcut", second), add(inner, run("net.2.1", inner)))
    let pooled = try maxPool2d(third, PoolGeometry(kernelSize: Pair(3, 3), stride: Pair(1, 1), padding: Pair(1, 1)))
    return try run("net.5", concatenate([third, run("net.3.1", third), pooled]))
  }

  /// The name in the network of a piece's tensor.
  private static func key(_ piece: String, _ name: String) -> String {
    let parts = name.split(separator: ".").map(String.init)
    switch piece {
    case "net.0": return "net.0.\(parts[1])"
    case "net.5": return "net.5.\(parts[1])"
    default: return "\(piece).\(name)"
    }
  }

  @Test(arguments: TestDevices.all) func `sums and branches are those wired by hand`(_ on: TestDevice) throws {
    try on.use { device in
      let network = try Network(on: device, inputShape: [8, 8, 1], seed: 5) { Self.part }
      #expect(network.outputShape == [5])
      let parts = Self.pieces.map { Part($0.name.replacing(".", with: "_"), $0.layers) }
      let pieces = try Network(Architecture(parts), on: device, inputShape: nil, seed: 9)
      let values = try network.parameters.reduce(into: [:] as [String: [Float]]) { $0[$1.key] = try $1.values() }
      var keys: [String: String] = [:]
      for parameter in pieces.parameters {
        let piece = parameter.part.replacing("_", with: ".")
        let key = Self.key(piece, String(parameter.key.dropFirst(parameter.part.count + 1)))
        keys[key] = parameter.key
        try parameter.write(#require(values[key], "\(key) of \(parameter.key)"))
      }
      #expect(keys.count == values.count)

      var random = SeededGenerator(seed: 2)
      let images = random.gaussians([6, 8, 8, 1])
      let x = try device.tensor(images.shape, images.floats)
      let labels = try device.labels((0..<6).map { Int32($0 % 5) })
      func run(_ name: String, _ x: Tensor, _ mode: Mode) throws -> Tensor {
        try pieces[part: name.replacing(".", with: "_")](x, mode)
      }
      for mode in [Mode.evaluation, .training(step: 3)] {
        network.clearGradients()
        pieces.clearGradients()
        let tape = Tape(), other = Tape()
        let loss = try tape.recording { try crossEntropy(network(x, mode), labels: labels) }
        let expected = try other.recording {
          try crossEntropy(Self.wired({ try run($0, $1, mode) }, x), labels: labels)
        }
        #expect(abs(try loss.item() / expected.item() - 1) < 1e-5)
        if mode == .evaluation { continue }
        try tape.backward(from: loss)
        try other.backward(from: expected)
        for parameter in network.parameters where parameter.isTrainable {
          let twin = try #require(pieces.parameters.first { $0.key == keys[parameter.key] })
          let gradient = try twin.tensor.gradient!.tensor.values().map(Double.init)
          let own = try parameter.tensor.gradient!.tensor
          try expectClose(
            own, OracleTensor(own.shape, gradient), .within(absolute: 2e-5, relative: 2e-4),
            TestCase(device, parameter.key))
        }
      }
    }
  }

  @Test func `a checkpoint holds them, with what they count`() throws {
    let folder = try TemporaryFolder()
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [8, 8, 1], seed: 5) { Self.part }
      let train = try TrainingStep(network, Adam(learningRate: 0.01))
      let x = try device.filled([4, 8, 8, 1], with: 0.5), labels = try device.labels([0, 1, 2, 3])
      for _ in 0..<3 { try train { mode in try crossEntropy(network(x, mode), labels: labels) } }
      try network.save(to: folder.path + "/net.safetensors")
      let file = try SafetensorsFile(folder.path + "/net.safetensors")
      #expect(file.tensors["net.2.shortcut.1.running_mean"]?.shape == [6])
      #expect(try file.values("net.1.1.num_batches_tracked", as: Int64.self) == [3])
      #expect(try file.values("net.2.shortcut.1.num_batches_tracked", as: Int64.self) == [3])
      let read = try Network(checkpoint: file, on: device, inputShape: [8, 8, 1])
      #expect(read.architecture.json == network.architecture.json)
      #expect(try read(x).values() == network(x).values())
      let copied = try Network(on: device, inputShape: [8, 8, 1], seed: 8) { Self.part }
      try copied.copyPart("net", from: network)
      try copied.save(to: folder.path + "/copy.safetensors")
      let copy = try SafetensorsFile(folder.path + "/copy.safetensors")
      #expect(try copy.values("net.1.1.num_batches_tracked", as: Int64.self) == [3])
    }
  }

  @Test func `dropout within differs from that beside it`() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [64], seed: 5) {
        Part("a") { Concat([Sequential { Dropout(0.5) }, Sequential { Dropout(0.5) }]) }
        Part("b") { Dropout(0.5) }
      }
      let x = try device.filled([10, 64], with: 1)
      let y = try network[part: "a"](x, .training(step: 0)).values()
      let rows = (0..<10).map { Array(y[$0 * 128..<($0 + 1) * 128]) }
      let halves = [0..<64, 64..<128].map { half in rows.flatMap { row in row[half].map { $0 > 0 } } }
      let other = try network[part: "b"](x, .training(step: 0)).values().map { $0 > 0 }
      #expect(halves[0] != halves[1] && halves[0] != other && halves[1] != other)
    }
  }

  @Test func `what does not fit is said with its place`() throws {
    func problem(_ shape: [Int], @LayerBuilder _ layers: () -> [any Layer]) -> String {
      let error = #expect(throws: ShapeError.self) {
        try Network(on: CPUDevice(), inputShape: shape, seed: 1) { Part("net", Sequential(layers())) }
      }
      return "\(error as Any)"
    }
    #expect(
      problem([8, 8, 2]) { Residual { Conv2d(2, 3, kernelSize: 3, padding: 1) } }.contains(
        "net.0 (Residual): adds 8×8 pixels of 3 channels to 8×8 pixels of 2 channels"))
    #expect(
      problem([8, 8, 2]) { Residual { Conv2d(3, 3, kernelSize: 3, padding: 1) } }.contains(
        "net.0 (Residual): 0 (Conv2d): "))
    #expect(
      problem([8, 8, 2]) { Concat([Sequential(), Sequential { MaxPool2d(2) }]) }.contains(
        "puts 4×4 pixels of 2 channels beside 8×8 pixels of 2 channels"))
  }

  @Test func `files name them, and their errors say where`() throws {
    func layers(_ text: String) throws -> [any Layer] {
      try Architecture(json: JSON(parsing: "{\"net\": [\(text)]}")).parts[0].layers.layers
    }
    let residual = try #require(
      try layers(
        #"{"layer": "Residual", "layers": ["ReLU", {"layer": "Linear", "in_features": 3, "out_features": 3}]}"#
      )
      .first as? Residual)
    #expect(residual.layers.layers.count == 2 && residual.shortcut.layers.isEmpty)
    for (text, problem) in [
      (#"{"layer": "Residual"}"#, "net.0 (Residual): layers is missing"),
      (#"{"layer": "Residual", "layers": 3}"#, "layers must be a list of layers, not 3"),
      (#"{"layer": "Residual", "layers": ["Rellu"]}"#, "layers.0: no layer is named \"Rellu\". Did you mean ReLU?"),
      (#"{"layer": "Concat", "branches": []}"#, "branches must be a list of lists of layers"),
      (
        #"{"layer": "Concat", "branches": [["ReLU"], [{"layer": "Linear"}]]}"#,
        "branches.1.0 (Linear): in_features is missing"
      ),
    ] {
      let error = #expect(throws: AttributeError.self) { try layers(text) }
      #expect("\(error as Any)".contains(problem), "\(error as Any)")
    }
  }

  @Test func `explain shows the layers within`() throws {
    let explanation = try Explanation(
      Architecture([Self.part]), inputShape: [8, 8, 1], batch: 10, loss: .classification,
      on: CPUDevice().properties)
    #expect(explanation.layers.map(\.name).contains("net.2.shortcut.1"))
    #expect(explanation.parameters == explanation.trainableParameters)
    #expect(explanation.steps.flatMap(\.layers).contains("net.2.1.0"))
    // Every launch has its place: what is left is the loss and the optimizer.
    #expect(explanation.rest.allSatisfy { $0.launches <= 3 })
    let flat = try Explanation(
      Architecture { Part("net") { Residual { Linear(8, 8) } } }, inputShape: [8], batch: 10, loss: nil,
      on: CPUDevice().properties)
    #expect(flat.layers.map(\.multiplyAdds) == [64, 8])
  }
}

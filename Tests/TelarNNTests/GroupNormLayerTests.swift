import TelarNN
import TestSupport
import Testing

/// Group normalisation as a layer: in files, shapes and training.
@Suite struct GroupNormLayerTests {
  @Test func aFileNamesIt() throws {
    let json = try JSON(
      parsing: """
        {"a": [{"layer": "GroupNorm", "num_groups": 2, "num_channels": 6},
               {"layer": "GroupNorm", "num_groups": 3, "num_channels": 6, "eps": 0.5, "affine": false}]}
        """)
    let architecture = try Architecture(json: json)
    #expect(try Architecture(json: architecture.json).json == architecture.json)
    let layers = architecture.parts[0].layers.layers.compactMap { $0 as? GroupNorm }
    #expect(layers.map(\.groups) == [2, 3] && layers.map(\.epsilon) == [1e-5, 0.5])
    #expect(layers.map { $0.parameters.map(\.name) } == [["weight", "bias"], []])
    #expect(try architecture.outputShape(of: [4, 3, 6]) == [4, 3, 6])
    let odd = try JSON(parsing: #"{"a": [{"layer": "GroupNorm", "num_groups": 4, "num_channels": 6}]}"#)
    let error = #expect(throws: AttributeError.self) { try Architecture(json: odd) }
    #expect(error?.description == "a.0 (GroupNorm): num_channels must be divisible by num_groups 4, not 6")
    for shape in [[6], [4, 3, 5], [4, 6]] {
      #expect(throws: ShapeError.self) { try GroupNorm(2, 6).outputShape(of: shape) }
    }
    #expect(throws: ShapeError.self) { try GroupNorm(4, 6).outputShape(of: [4, 3, 6]) }
  }

  /// Training and evaluation are the same, and both parameters learn; a frozen part keeps them.
  @Test(arguments: TestDevices.all)
  func itTrains(_ on: TestDevice) throws {
    try on.use { device in
      for isFrozen in [false, true] {
        let network = try Network(on: device, inputShape: [8, 8, 1], seed: 2) {
          Part("encoder", isFrozen: isFrozen) {
            Conv2d(1, 6, kernelSize: 3)
            GroupNorm(3, 6)
            ReLU()
            Flatten()
          }
          Part("classifier") { Linear(216, 3) }
        }
        let (x, labels) = try NetworkTests.batch(on: device)
        let features = network[part: "encoder"]
        #expect(try features(x).values() == features(x, .training(step: 0)).values())
        let before = try network.parameters.map { try $0.values() }
        let train = try TrainingStep(network, SGD(learningRate: 0.1))
        let losses = try (0..<8).map { _ in
          try train { mode in try crossEntropy(network(x, mode), labels: labels) }.item()
        }
        #expect(losses.last! < losses.first!, "\(losses) on \(on.name)")
        for (parameter, values) in zip(network.parameters, before) {
          // A convolution's bias in front of a group of one channel would not matter; these are of two.
          #expect(
            try (parameter.values() == values) == (isFrozen && parameter.part == "encoder"),
            "\(parameter.key) on \(on.name)")
        }
      }
    }
  }
}

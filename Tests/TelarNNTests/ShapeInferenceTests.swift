import TelarNN
import TelarStudies
import TestSupport
import Testing

/// Shapes that do not fit are found before anything is launched, with the place where.
@Suite struct ShapeInferenceTests {
  @Test func thePlaceOfAMisfitIsNamed() throws {
    let architecture = Architecture {
      Part("encoder") {
        Conv2d(1, 4, kernelSize: 3)
        ReLU()
        MaxPool2d(2)
        Flatten()
        Linear(600, 10)
      }
    }
    try TestDevices.cpu.use { device in
      let before = device.counters
      let error = #expect(throws: ShapeError.self) {
        try Network(architecture, on: device, inputShape: [28, 28, 1], seed: 1)
      }
      #expect("\(error!)" == "encoder.4 (Linear): expects 600 features and is given 676 features")
      #expect(device.counters == before)
    }
  }

  @Test func aForgottenFlattenIsHintedAt() {
    let part = Part("head") { Linear(36, 2) }
    let error = #expect(throws: ShapeError.self) { try part.outputShape(of: [3, 3, 4]) }
    #expect(
      "\(error!)"
        == "head.0 (Linear): expects 36 features and is given 3×3 pixels of 4 channels; put a Flatten() in front of it")
  }

  @Test(arguments: [
    (Conv2d(3, 4, kernelSize: 3) as any Layer, [8, 8, 1], "expects an image of 3 channels"),
    (Conv2d(1, 4, kernelSize: 9), [8, 8, 1], "does not fit an image of 8×8"),
    (Conv2d(3, 4, kernelSize: 3, groups: 2), [8, 8, 3], "2 groups do not divide 3 to 4 channels"),
    (Conv2d(1, 4, kernelSize: 3, stride: 0), [8, 8, 1], "stride 0 must be positive"),
    (ConvTranspose2d(1, 4, kernelSize: 1, padding: 4), [8, 8, 1], "leaves nothing"),
    (ConvTranspose2d(1, 4, kernelSize: 3, outputPadding: 1), [8, 8, 1], "outputPadding"),
    (MaxPool2d(9), [8, 8, 1], "does not fit an image of 8×8"),
    (MaxPool2d(2, padding: 2), [8, 8, 1], "padding"),
    (AvgPool2d(2), [64], "expects an image and is given 64 features"),
    (BatchNorm2d(4), [8, 8, 1], "expects an image of 4 channels"),
    (Unflatten(channels: 2, height: 3, width: 4), [25], "25 features do not make 3×4 pixels of 2 channels"),
    (Linear(3, 4), [4], "expects 3 features and is given 4 features"),
  ])
  func layersCheckTheirInput(layer: any Layer, shape: [Int], message: String) {
    let error = #expect(throws: ShapeError.self) { try layer.outputShape(of: shape) }
    #expect(error?.problem.contains(message) == true, "\(error!)")
  }

  @Test func batchesOfAnotherShapeLaunchNothing() throws {
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [4, 4, 1], seed: 1) {
        Part("a") { Conv2d(1, 2, kernelSize: 3) }
      }
      let branch = try Network(on: device, inputShape: nil, seed: 1) { Part("a") { Conv2d(1, 2, kernelSize: 3) } }
      let (wrong, empty) = (try device.tensor([2, 4, 4, 3]), try device.tensor([0, 4, 4, 1]))
      let before = device.counters.launches
      let error = #expect(throws: ShapeError.self) { try network(wrong) }
      #expect("\(error!)" == "network: expects a batch of 4×4 pixels of 1 channel and is given [2, 4, 4, 3]")
      #expect(throws: ShapeError.self) { try network(empty) }
      let inPart = #expect(throws: ShapeError.self) { try branch[part: "a"](wrong) }
      #expect("\(inPart!)" == "a.0 (Conv2d): expects an image of 1 channels and is given 4×4 pixels of 3 channels")
      #expect(throws: ShapeError.self) { try branch[part: "a"](empty) }
      #expect(device.counters.launches == before)
    }
  }

  /// The numbers are those of PyTorch's modules.
  @Test func theBenchmarkNetworksAreThePapers() throws {
    let counts = [
      "aldecoa-ae-n64": 121_457, "brunello-ae-1": 27_169, "brunello-ae-2": 174_817, "brunello-ae-3": 6_929,
      "brunello-finetune": 1_758_858, "manolucos-ae-64-96": 212_321, "borgnino-ff-512": 804_112, "molina-mlp": 109_386,
    ]
    #expect(BenchmarkNetwork.all.count == 8)
    for network in BenchmarkNetwork.all {
      let shape = try network.architecture.outputShape(of: BenchmarkNetwork.inputShape)
      #expect(shape == (network.loss == .reconstruction ? [28, 28, 1] : [10]), "\(network.name)")
      let specs = network.architecture.parts.flatMap { $0.layers.layers.flatMap(\.parameters) }
      let count = specs.reduce(0) { $0 + ($1.role == .parameter ? $1.count : 0) }
      #expect(count == counts[network.name], "\(network.name)")
    }
  }
}

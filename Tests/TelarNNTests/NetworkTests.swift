import TelarNN
import TestSupport
import Testing

@Suite struct NetworkTests {
  static let encoder = Part("encoder") {
    Conv2d(1, 5, kernelSize: 3, padding: 1)
    BatchNorm2d(5)
    ReLU()
    MaxPool2d(2)
    Dropout(0.25)
    Conv2d(5, 7, kernelSize: 3)
    ReLU()
    Dropout(0.25)
    Flatten()
  }
  static let classifier = Part("classifier") {
    Linear(28, 12)
    Tanh()
    Dropout(0.5)
    Linear(12, 3)
  }

  static func batch(of count: Int = 6, on device: any Device) throws -> (Tensor, LabelTensor) {
    var random = SeededGenerator(seed: 11)
    let images = random.gaussians([count, 8, 8, 1])
    let labels = (0..<count).map { [0, 1, 2, 2, 1, 0][$0 % 6] as Int32 }
    return (try device.tensor(images.shape, images.floats), try device.labels(labels))
  }

  @Test(arguments: TestDevices.all) func trainedParametersAreOneAlignedRun(_ on: TestDevice) throws {
    try on.use { device in
      let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
        Self.encoder.frozen()
        Self.classifier
      }
      #expect(network.parameters.map(\.key).prefix(3) == ["encoder.0.weight", "encoder.0.bias", "encoder.1.weight"])
      #expect(
        network.parameters.filter(\.isTrainable).map(\.key)
          == ["classifier.0.weight", "classifier.0.bias", "classifier.3.weight", "classifier.3.bias"])
      #expect(network.trainableCount == 28 * 12 + 12 + 12 * 3 + 3)
      // An optimizer is one launch, whatever there is to train.
      let train = try TrainingStep(network, SGD(learningRate: 0.1))
      let (x, labels) = try Self.batch(on: device)
      try train { mode in try crossEntropy(network(x, mode), labels: labels) }
      let before = device.counters.launches
      try train.optimizerState.update()
      #expect(device.counters.launches == before + 1)
    }
  }

  /// Merged operators compute what their layers compute one by one, forward and back; also where a batch is large enough
  /// for tiles of images.
  @Test(arguments: TestDevices.all, [6, 36]) func theNetworkIsItsLayers(_ on: TestDevice, batchSize: Int) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(of: batchSize, on: device)
      func run(_ mode: Mode, plain: Bool) throws -> (output: [Float], gradients: [[Float]]) {
        let network = try Network(on: device, inputShape: [8, 8, 1], seed: 4) {
          Self.encoder
          Self.classifier
        }
        let tape = Tape()
        var output: Tensor?
        let loss = try tape.recording {
          let y = try plain ? Self.layerByLayer(network, x, mode) : network(x, mode)
          output = y
          return try crossEntropy(y, labels: labels)
        }
        try tape.backward(from: loss)
        let gradients = try network.parameters.filter(\.isTrainable).map { try $0.tensor.gradient!.tensor.values() }
        return (try output!.values(), gradients)
      }
      for mode in [Mode.evaluation, .training(step: 3)] {
        let (merged, plain) = (try run(mode, plain: false), try run(mode, plain: true))
        let test = TestCase(device, "\(mode)", seed: 11)
        let tolerance = Tolerance.within(absolute: 2e-5, relative: 2e-5)
        expectClose(merged.output, OracleTensor([3 * batchSize], floats: plain.output), tolerance, test)
        for (merged, plain) in zip(merged.gradients, plain.gradients) {
          expectClose(merged, OracleTensor([plain.count], floats: plain), tolerance, test)
        }
      }
    }
  }

  /// The two parts by hand, with the operators of the library only.
  private static func layerByLayer(_ network: Network, _ x: Tensor, _ mode: Mode) throws -> Tensor {
    func tensor(_ key: String) -> Tensor { network.parameters.first { $0.key == key }!.tensor }
    func drop(_ x: Tensor, _ probability: Float, layer: UInt32) throws -> Tensor {
      guard case .training(let step) = mode else { return x }
      return try dropout(x, probability: probability, key: DropoutKey(seed: 4, layer: layer, step: UInt32(step)))
    }
    let same = ConvGeometry(kernelSize: 3, padding: 1)
    var y = try conv2d(x, weight: tensor("encoder.0.weight"), bias: tensor("encoder.0.bias"), same)
    y = try batchNorm2d(
      y, weight: tensor("encoder.1.weight"), bias: tensor("encoder.1.bias"),
      runningMean: tensor("encoder.1.running_mean"), runningVariance: tensor("encoder.1.running_var"),
      training: mode != .evaluation, momentum: 0.1, epsilon: 1e-5)
    y = try drop(maxPool2d(activation(y, .relu), PoolGeometry(kernelSize: 2)), 0.25, layer: 4)
    y = try conv2d(
      y, weight: tensor("encoder.5.weight"), bias: tensor("encoder.5.bias"), ConvGeometry(kernelSize: 3))
    y = try flatten(drop(activation(y, .relu), 0.25, layer: 7))
    y = try linear(y, weight: tensor("classifier.0.weight"), bias: tensor("classifier.0.bias"))
    // The classifier's layers are counted on from the encoder's nine.
    y = try drop(activation(y, .tanh), 0.5, layer: 11)
    return try linear(y, weight: tensor("classifier.3.weight"), bias: tensor("classifier.3.bias"))
  }

  @Test(arguments: TestDevices.all) func aFrozenPartStaysAsItIs(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      func launches(frozen: Bool) throws -> Int {
        let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
          Self.encoder.frozen(frozen)
          Self.classifier
        }
        let before = try network.parameters.map { try $0.values() }
        let train = try TrainingStep(network, Adam(learningRate: 0.01, weightDecay: 0.1))
        let start = device.counters.launches
        for _ in 0..<4 { try train { mode in try crossEntropy(network(x, mode), labels: labels) } }
        let count = device.counters.launches - start
        for (parameter, values) in zip(network.parameters, before) {
          let isSame = try parameter.values() == values
          #expect(isSame == (frozen && parameter.part == "encoder"), "\(parameter.key)")
        }
        // Dropout is active all the same: the features of two steps differ, those of one step do not.
        let encoder = network[part: "encoder"]
        let features = try encoder(x, .training(step: 1)).values()
        #expect(try features != encoder(x, .training(step: 2)).values())
        #expect(try frozen == false || features == encoder(x, .training(step: 1)).values())
        #expect(try features.count { $0 == 0 } > encoder(x).values().count { $0 == 0 })
        return count
      }
      // No gradients of the frozen part: clearly fewer launches.
      #expect(try launches(frozen: true) <= launches(frozen: false) - 4 * 6)
    }
  }

  /// A part above a frozen one, and a frozen part above one that trains, through which gradients must pass.
  @Test(arguments: TestDevices.all) func gradientsPassThroughAFrozenPart(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      func gradients(frozen: Bool) throws -> [[Float]] {
        let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
          Part("encoder") {
            Conv2d(1, 2, kernelSize: 3)
            Flatten()
          }
          Part("head", isFrozen: frozen) { Linear(72, 3) }
        }
        let tape = Tape()
        let loss = try tape.recording { try crossEntropy(network(x, .training(step: 0)), labels: labels) }
        try tape.backward(from: loss)
        #expect(network.parameters.last!.isTrainable == !frozen)
        return try network.parameters.filter { $0.part == "encoder" }.map { try $0.tensor.gradient!.tensor.values() }
      }
      let whole = try gradients(frozen: false)
      #expect(try gradients(frozen: true) == whole)
      #expect(whole[0].contains { $0 != 0 })
    }
  }

  /// A network that is no chain: y = decoder(h + branch(h)), its gradient held against differences.
  @Test(arguments: TestDevices.all) func aSkipConnectionHasTheRightGradient(_ on: TestDevice) throws {
    try on.use { device in
      let (x, labels) = try Self.batch(on: device)
      let network = try Network(on: device, inputShape: nil, seed: 2) {
        Part("stem") { Conv2d(1, 3, kernelSize: 3, padding: 1) }
        Part("branch") {
          Conv2d(3, 3, kernelSize: 3, padding: 1)
          Tanh()
        }
        Part("head") {
          Flatten()
          Linear(192, 3)
        }
      }
      func loss() throws -> Tensor {
        let h = try network[part: "stem"](x)
        let y = try add(h, network[part: "branch"](h))
        return try crossEntropy(network[part: "head"](add(y, h)), labels: labels)
      }
      let tape = Tape()
      try tape.backward(from: tape.recording(loss))
      for parameter in network.parameters {
        let gradient = try parameter.spec.layout.values(
          toPyTorch: parameter.tensor.gradient!.tensor.values(), shape: parameter.spec.shape)
        let values = try parameter.values()
        let index = values.count / 2
        func objective(_ change: Float) throws -> Double {
          var changed = values
          changed[index] += change
          try parameter.write(changed)
          return Double(try loss().item())
        }
        let difference = try (objective(0.01) - objective(-0.01)) / 0.02
        try parameter.write(values)
        #expect(abs(difference - Double(gradient[index])) < 2e-3, "\(parameter.key) on \(on.name)")
      }
    }
  }
}

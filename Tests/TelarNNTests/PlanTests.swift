import TelarNN
import Testing

/// Which layers run as one operator.
@Suite struct PlanTests {
  private static let norm = BatchNorm2d(4)

  /// What a processor with vectors of eight floats chooses by.
  private static let processor = DeviceTraits(
    family: .vector, hasLargePrivateMemory: true,
    registerTiles: [RegisterTile(width: 8, rows: 6, vectors: 2), RegisterTile(width: 8, rows: 6, vectors: 1)],
    computeUnits: 2, l2CacheBytes: 1 << 20, maximumWorkGroupSize: 1, localMemoryBytes: 0)

  /// The layers of each step of training on 100 images, by their places, behind layers that train where an input gradient
  /// is wanted.
  private func steps(
    _ layers: [any Layer], channels: Int? = nil, batch: Int = 100, wantsInputGradient: Bool = false,
    isFrozen: Bool = false
  ) throws -> [[Int]] {
    let channels = channels ?? (layers[0] as? Conv2d)?.inputChannels ?? 4
    return try Plan(
      Part("part", Sequential(layers), isFrozen: isFrozen), [batch, 12, 12, channels], isTraining: true,
      wantsInputGradient: wantsInputGradient, on: Self.processor
    ).steps.map(\.places)
  }

  /// The same in evaluation.
  private func evaluationSteps(_ layers: [any Layer]) throws -> [[Int]] {
    let device = try CPUDevice(threads: 1)
    let channels = (layers[0] as? Conv2d)?.inputChannels ?? 4
    let network = try Network(on: device, inputShape: [12, 12, channels], seed: 1) { Part("part", Sequential(layers)) }
    return try network[part: "part"].plan(for: device.zeros([100, 12, 12, channels]), .evaluation).steps.map(\.places)
  }

  @Test func normalisationTakesActivationAndPooling() throws {
    let pools: [any Layer] = [MaxPool2d(2), AvgPool2d(2)]
    for pool in pools {
      #expect(try steps([Self.norm, pool]) == [[0, 1]])
      #expect(try evaluationSteps([Self.norm, pool]) == [[0, 1]])
      for activation in [ReLU(), LeakyReLU(), Sigmoid()] as [any Layer] {
        #expect(try steps([Self.norm, activation, pool]) == [[0, 1, 2]])
        #expect(try evaluationSteps([Self.norm, activation, pool]) == [[0, 1, 2]])
        let behind: [any Layer] = [Conv2d(2, 4, kernelSize: 3), Self.norm, activation, pool]
        #expect(try steps(behind) == [[0], [1, 2, 3]])
      }
    }
    // Windows that overlap are pooled by an operator of their own, which joins nothing but the activation.
    #expect(try steps([Self.norm, Sigmoid(), MaxPool2d(3, stride: 2)]) == [[0, 1], [2]])
  }

  @Test func firstLayersAreOneWithTheNormalisationAndMaxPoolingBehindThemInTraining() throws {
    let first = Conv2d(1, 4, kernelSize: 3)
    let layers: [any Layer] = [first, Self.norm, ReLU(), MaxPool2d(2), Dropout(0.5)]
    #expect(try steps(layers) == [[0, 1, 2, 3, 4]])
    #expect(try evaluationSteps(layers) == [[0], [1, 2, 3]])
    #expect(try steps(layers, wantsInputGradient: true) == [[0], [1, 2, 3, 4]])
    #expect(try steps(layers, isFrozen: true) == [[0], [1, 2, 3, 4]])
    #expect(try steps([first, Self.norm, MaxPool2d(2)]) == [[0, 1, 2]])
    #expect(try steps([first, Self.norm, AvgPool2d(2)]) == [[0], [1, 2]])
    #expect(try steps([first, Tanh(), Self.norm, MaxPool2d(2)]) == [[0, 1], [2, 3]])
  }

  @Test func dropoutIsJoinedToReLUAndPooling() throws {
    #expect(try steps([Self.norm, ReLU(), MaxPool2d(2), Dropout(0.5), Flatten()]) == [[0, 1, 2, 3], [4]])
    #expect(try steps([Self.norm, ReLU(), Dropout(0.5), MaxPool2d(2)]) == [[0], [1, 2, 3]])
    let conv = Conv2d(3, 4, kernelSize: 3)
    #expect(try steps([conv, ReLU(), Dropout(0.5)]) == [[0], [1, 2]])
    #expect(try steps([Conv2d(1, 4, kernelSize: 3), ReLU(), Dropout(0.5), MaxPool2d(2)]) == [[0, 1, 2, 3]])
    // One that never drops anything stands in no way.
    #expect(try steps([conv, Dropout(0), ReLU(), MaxPool2d(2)]) == [[0, 2, 3]])
  }

  /// In the tile family a product draws dropout's mask, and a convolution pools by 2×2 windows with what is around them.
  @Test func productsOfTheTileFamilyTakeDropoutAndPooling() throws {
    let gpu = DeviceTraits(
      family: .tile, hasLargePrivateMemory: false, registerTiles: [RegisterTile(width: 4, rows: 4, vectors: 1)],
      computeUnits: 132, l2CacheBytes: 1 << 20, maximumWorkGroupSize: 1024, localMemoryBytes: 48 << 10)
    func steps(_ layers: [any Layer], isTraining: Bool = true) throws -> [[Int]] {
      try Plan(
        Part("part", Sequential(layers), isFrozen: false), [100, 12, 12, 3], isTraining: isTraining,
        wantsInputGradient: false, on: gpu
      ).steps.map(\.places)
    }
    let conv = Conv2d(3, 4, kernelSize: 3), pool = MaxPool2d(2), dropout = Dropout(0.5)
    #expect(try steps([conv, ReLU(), dropout]) == [[0, 1, 2]])
    #expect(try steps([conv, Tanh(), dropout]) == [[0, 1], [2]])
    #expect(try steps([conv, pool]) == [[0, 1]])
    #expect(try steps([conv, ReLU(), pool, dropout]) == [[0, 1, 2, 3]])
    #expect(try steps([conv, ReLU(), dropout, pool]) == [[0, 1, 2, 3]])
    #expect(try steps([conv, dropout, pool]) == [[0], [1], [2]])
    #expect(try steps([conv, ReLU(), dropout, pool, dropout]) == [[0, 1, 2, 3], [4]])
    #expect(try steps([conv, ReLU(), MaxPool2d(3)]) == [[0], [1, 2]])
    #expect(try steps([conv, Self.norm, ReLU(), pool, dropout]) == [[0], [1, 2, 3, 4]])
    #expect(try steps([conv, LeakyReLU(), pool]) == [[0, 1], [2]])
    #expect(try steps([conv, AvgPool2d(2), ReLU(), pool]) == [[0], [1], [2, 3]])
    #expect(try steps([conv, ReLU(), pool], isTraining: false) == [[0, 1, 2]])
    #expect(try steps([conv, ReLU(), dropout, pool], isTraining: false) == [[0, 1, 3]])
  }

  @Test func whatIsPooledOnceIsNotPooledAgain() throws {
    for layers in [[Self.norm, AvgPool2d(2), AvgPool2d(2)], [Self.norm, AvgPool2d(2), ReLU()]] as [[any Layer]] {
      #expect(try steps(layers) == [[0, 1], [2]])
      #expect(try evaluationSteps(layers) == [[0, 1], [2]])
    }
  }

  @Test func convolutionTakesMaxPoolingAndWithoutGradientsTheActivation() throws {
    let conv = Conv2d(1, 4, kernelSize: 3)
    #expect(try steps([conv, ReLU(), MaxPool2d(2)]) == [[0, 1, 2]])
    #expect(try steps([conv, Tanh(), MaxPool2d(2)]) == [[0, 1], [2]])
    #expect(try evaluationSteps([conv, Tanh(), MaxPool2d(2)]) == [[0, 1, 2]])
    #expect(try steps([conv, Tanh(), MaxPool2d(2)], isFrozen: true) == [[0, 1, 2]])
    #expect(try steps([conv, Tanh(), AvgPool2d(2)]) == [[0, 1], [2]])
    // A batch too small for tiles of images.
    #expect(try steps([Conv2d(3, 4, kernelSize: 3), MaxPool2d(2)], batch: 3) == [[0], [1]])
  }

  /// A plan is kept, and made anew for another shape, mode or wish for gradients.
  @Test func plansAreKeptByWhatTheyDependOn() throws {
    let device = try CPUDevice(threads: 1)
    let network = try Network(on: device, inputShape: nil, seed: 1) {
      Part("part") {
        Conv2d(1, 4, kernelSize: 3); Tanh(); MaxPool2d(2)
      }
    }
    let x = try device.zeros([100, 12, 12, 1])
    func steps(_ mode: Mode) throws -> Int { try network[part: "part"].plan(for: x, mode).steps.count }
    #expect(try [steps(.evaluation), steps(.training(step: 0))] == [1, 1])
    #expect(try Tape().recording { try [steps(.evaluation), steps(.training(step: 0))] } == [2, 2])
    #expect(try steps(.evaluation) == 1)
  }
}

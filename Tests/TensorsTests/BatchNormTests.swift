import Tensors
import TestSupport
import Testing

/// Batch normalisation on every device against the oracle: training and evaluation, all gradients, large means,
/// constant channels, an activation on top.
@Suite struct BatchNormTests {
  struct Case {
    var x, weight, bias, runningMean, runningVariance, dy: OracleTensor

    init(_ random: inout SeededGenerator, _ shape: [Int], mean: Double = 0.5, scale: Double = 1) {
      x = random.gaussians(shape, scale: scale, mean: mean)
      weight = random.gaussians([shape[3]])
      bias = random.gaussians([shape[3]])
      runningMean = random.gaussians([shape[3]])
      runningVariance = random.gaussians([shape[3]]).map { Double(Float(abs($0) + 0.5)) }
      dy = random.gaussians(shape)
    }
  }

  static let shapes = [
    [2, 1, 1, 1], [1, 1, 3, 5], [2, 3, 3, 4], [3, 5, 2, 8], [4, 3, 5, 9], [2, 7, 7, 16], [5, 4, 4, 17], [8, 13, 13, 3],
    [16, 14, 14, 33], [300, 1, 1, 7], [11, 13, 13, 16],
  ]

  @Test(arguments: TestDevices.all, [true, false])
  func matchesOracle(_ on: TestDevice, training: Bool) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let data = Case(&random, shape)
        for activation in [Activation.none, .leakyReLU(negativeSlope: 0.1)] {
          let test = TestCase(device, "batchNorm2d of \(shape), \(activation), training \(training)", seed: random.seed)
          try check(device, data, training: training, activation, test)
        }
      }
    }
  }

  private func check(
    _ device: any Device, _ data: Case, training: Bool, _ activation: Activation, _ test: TestCase
  ) throws {
    let epsilon: Float = 1e-5
    let momentum: Float = 0.3
    let forward = Oracle.batchNorm2d(
      data.x, weight: data.weight, bias: data.bias, runningMean: data.runningMean,
      runningVariance: data.runningVariance, training: training, momentum: Double(momentum), epsilon: Double(epsilon))
    let dy = forward.y.combined(with: data.dy) { Oracle.activationDerivative($0, activation) * $1 }
    let expected = Oracle.batchNorm2dGradients(
      data.x, weight: data.weight, dy: dy, forward, training: training, epsilon: Double(epsilon))

    let canaries = Canaries(on: device)
    let (x, weight, bias) = try (
      canaries.tensor(data.x), parameter(data.weight, on: canaries), parameter(data.bias, on: canaries)
    )
    let (mean, variance) = try (canaries.tensor(data.runningMean), canaries.tensor(data.runningVariance))
    let result = try gradient(of: x, for: canaries.tensor(data.dy)) {
      try batchNorm2d(
        x, weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: training,
        momentum: momentum, epsilon: epsilon, activation: activation)
    }
    try expectClose(
      result.y, forward.y.map { Oracle.activation($0, activation) }, .within(absolute: 1e-5, relative: 1e-5), test)
    try expectClose(mean, forward.runningMean, .within(absolute: 1e-6, relative: 1e-6), test)
    try expectClose(variance, forward.runningVariance, .within(absolute: 1e-6, relative: 2e-6), test)
    // Gradients are differences of sums over all rows: their errors scale with the largest of them.
    func bound(_ reference: OracleTensor) -> Tolerance {
      .within(absolute: 2e-5 * (1 + (reference.values.map { abs($0) }.max() ?? 0)))
    }
    try expectClose(result.dx, expected.dx, bound(expected.dx), test)
    try expectClose(weight.gradient!.tensor, expected.weight, bound(expected.weight), test)
    try expectClose(bias.gradient!.tensor, expected.bias, bound(expected.bias), test)
    try canaries.check(test)
  }

  /// A variance of 1 around a mean of 4096: naive sums of squares would lose it all.
  @Test(arguments: TestDevices.all)
  func largeMeanKeepsTheVariance(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 3)
      let shape = [32, 9, 9, 5]
      let data = Case(&random, shape, mean: 4096)
      let expected = Oracle.batchNorm2d(
        data.x, weight: data.weight, bias: data.bias, runningMean: data.runningMean,
        runningVariance: data.runningVariance, training: true, momentum: 1, epsilon: 1e-5)
      func tensor(_ values: OracleTensor) throws -> Tensor { try device.tensor(values.shape, values.floats) }
      let (mean, variance) = try (tensor(data.runningMean), tensor(data.runningVariance))
      let y = try batchNorm2d(
        tensor(data.x), weight: tensor(data.weight), bias: tensor(data.bias), runningMean: mean,
        runningVariance: variance, training: true, momentum: 1)
      let test = TestCase(device, "batchNorm2d around 4096", seed: random.seed)
      // A mean is rounded to 2^-12 there, which shows in y.
      try expectClose(mean, expected.runningMean, .within(absolute: 0, relative: 1e-7), test)
      try expectClose(variance, expected.runningVariance, .within(absolute: 0, relative: 1e-5), test)
      try expectClose(y, expected.y, .within(absolute: 1e-3), test)
    }
  }

  /// A constant channel has no variance; epsilon keeps the output finite, and it is the bias.
  @Test(arguments: TestDevices.all)
  func constantChannelGivesTheBias(_ on: TestDevice) throws {
    try on.use { device in
      let y = try batchNorm2d(
        device.filled([2, 5, 5, 3], with: 0.1), weight: device.filled([3], with: 2), bias: device.filled([3], with: 7),
        runningMean: device.zeros([3]), runningVariance: device.filled([3], with: 1), training: true)
      #expect(try y.values().allSatisfy { $0 == 7 }, "on \(on.name)")
    }
  }

  /// Frozen parameters get no gradient, and in evaluation nothing is summed for them.
  @Test(arguments: TestDevices.all)
  func frozenParametersCostNothing(_ on: TestDevice) throws {
    try on.use { device in
      let x = try device.filled([2, 3, 3, 4], with: 1)
      let ones = try device.filled([4], with: 1)
      let before = device.counters.launches
      let result = try gradient(of: x) {
        try batchNorm2d(
          x, weight: ones, bias: ones, runningMean: ones, runningVariance: ones, training: false, epsilon: 0)
      }
      #expect(device.counters.launches - before == 2)
      #expect(try result.dx.values().allSatisfy { $0 == 1 })
    }
  }

  @Test func refusesWrongShapes() throws {
    try TestDevices.cpu.use { device in
      func norm(_ shape: [Int], _ channels: Int, training: Bool = true) throws {
        let vector = try device.filled([channels], with: 1)
        _ = try batchNorm2d(
          device.zeros(shape), weight: vector, bias: vector, runningMean: vector, runningVariance: vector,
          training: training)
      }
      #expect(throws: ShapeError.self) { try norm([2, 3], 3) }
      #expect(throws: ShapeError.self) { try norm([2, 3, 3, 4], 3) }
      #expect(
        throws: ShapeError(
          "batchNorm2d", "training needs more than one value per channel, and the input is [1, 1, 1, 4]")
      ) {
        try norm([1, 1, 1, 4], 4)
      }
      try norm([1, 1, 1, 4], 4, training: false)
    }
  }
}

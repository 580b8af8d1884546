import Tensors
import TestSupport
import Testing

/// Batch normalisation and the pooling behind it as one operator: against the oracle, and against the operators one
/// after another, whose values it has bit for bit.
@Suite struct BatchNormPoolTests {
  static let shapes = [[3, 7, 6, 5], [2, 4, 4, 16], [1, 9, 5, 33], [5, 2, 2, 8], [9, 13, 13, 3], [13, 16, 14, 8]]
  static let cells = PoolGeometry(kernelSize: 2)

  private struct Case {
    var x, weight, bias, runningMean, runningVariance: OracleTensor

    init(_ shape: [Int], _ random: inout SeededGenerator) {
      x = random.gaussians(shape, mean: 0.5)
      weight = random.gaussians([shape[3]])
      bias = random.gaussians([shape[3]])
      runningMean = random.gaussians([shape[3]])
      runningVariance = random.gaussians([shape[3]]).map { Double(Float(abs($0) + 0.5)) }
    }
  }

  @Test(arguments: TestDevices.all, [Pooling.max, .average])
  func matchesOracle(_ on: TestDevice, _ pooling: Pooling) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        for training in [true, false] {
          for activation in [Activation.none, .relu, .leakyReLU(negativeSlope: 0.1), .tanh] {
            for adds in [nil, 2 as Float?] {
              let test = TestCase(
                device, "batchNorm2dPool2d of \(shape), \(pooling), \(activation), training \(training)",
                seed: UInt64(seed))
              try check(device, shape, pooling, training: training, activation, adds: adds, test)
            }
          }
        }
      }
    }
  }

  private func check(
    _ device: any Device, _ shape: [Int], _ pooling: Pooling, training: Bool, _ activation: Activation, adds: Float?,
    _ test: TestCase
  ) throws {
    var random = SeededGenerator(seed: test.seed)
    let data = Case(shape, &random)
    let epsilon: Float = 1e-5, momentum: Float = 0.3
    let forward = Oracle.batchNorm2d(
      data.x, weight: data.weight, bias: data.bias, runningMean: data.runningMean,
      runningVariance: data.runningVariance, training: training, momentum: Double(momentum), epsilon: Double(epsilon))
    let activated = forward.y.map { Oracle.activation($0, activation) }
    let expected =
      pooling == .max ? Oracle.maxPool2d(activated, Self.cells) : Oracle.avgPool2d(activated, Self.cells)
    let dy = random.gaussians(expected.shape)
    let unpooled =
      pooling == .max
      ? Oracle.maxPool2dGradient(activated, dy: dy, Self.cells)
      : Oracle.avgPool2dGradient(activated.shape, dy: dy, Self.cells)
    let gradients = Oracle.batchNorm2dGradients(
      data.x, weight: data.weight,
      dy: forward.y.combined(with: unpooled) { Oracle.activationDerivative($0, activation) * $1 }, forward,
      training: training, epsilon: Double(epsilon))
    var statistics: [Tensor] = []
    let run = try GradientRun(on: device, [data.x, data.weight, data.bias], dy: dy, alreadyThere: adds) {
      let device = $0[0].device
      statistics = try [data.runningMean, data.runningVariance].map { try device.tensor($0.shape, $0.floats) }
      return try Joined.batchNorm2dPool2d(
        $0[0], weight: $0[1], bias: $0[2], runningMean: statistics[0], runningVariance: statistics[1],
        training: training, momentum: momentum, epsilon: epsilon, activation: activation, pooling, Self.cells)
    }
    try expectClose(run.output, expected, .within(absolute: 1e-5, relative: 1e-5), test)
    try expectClose(statistics[0], forward.runningMean, .within(absolute: 1e-6, relative: 1e-6), test)
    try expectClose(statistics[1], forward.runningVariance, .within(absolute: 1e-6, relative: 2e-6), test)
    for (result, wanted) in zip(run.gradients, [gradients.dx, gradients.weight, gradients.bias]) {
      // Gradients are differences of sums over all rows: their errors scale with the largest of them.
      let largest = wanted.values.map { abs($0) }.max() ?? 0
      try expectClose(
        result, wanted.map { $0 + Double(adds ?? 0) }, .within(absolute: 2e-5 * (1 + largest)), test)
    }
    try run.checkCanaries(test)
  }

  /// Also where the windows are none that one operator can do.
  @Test(
    arguments: TestDevices.all,
    [cells, PoolGeometry(kernelSize: 3), PoolGeometry(kernelSize: 3, stride: 2, padding: 1)])
  func valuesAreThoseOfTheTwoOperators(_ on: TestDevice, _ geometry: PoolGeometry) throws {
    try on.use { device in
      for (seed, shape) in [[3, 7, 6, 5], [2, 4, 4, 16], [4, 9, 8, 33]].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let data = Case(shape, &random)
        for pooling in [Pooling.max, .average] {
          func run(_ body: (Tensor, Tensor, Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Float] {
            let tensors = try [data.x, data.weight, data.bias, data.runningMean, data.runningVariance].map {
              try device.tensor($0.shape, $0.floats)
            }
            let y = try body(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4])
            return try ([y] + tensors).flatMap { try $0.values() }
          }
          let one = try run {
            try Joined.batchNorm2dPool2d(
              $0, weight: $1, bias: $2, runningMean: $3, runningVariance: $4, training: true, activation: .relu,
              pooling, geometry)
          }
          let two = try run {
            let y = try batchNorm2d(
              $0, weight: $1, bias: $2, runningMean: $3, runningVariance: $4, training: true, activation: .relu)
            return try pooling == .max ? maxPool2d(y, geometry) : avgPool2d(y, geometry)
          }
          // Outside of the expectation, which would look for the differences of long arrays.
          let isSame = one == two
          #expect(isSame, "\(shape) \(pooling)")
        }
      }
    }
  }

  /// Where only the parameters want gradients, and in evaluation only the input, nothing is launched for the others.
  @Test(arguments: TestDevices.all, [Pooling.max, .average])
  func launchesWhatIsNeeded(_ on: TestDevice, _ pooling: Pooling) throws {
    try on.use { device in
      func launches(_ inputs: [Bool], training: Bool) throws -> Int {
        var random = SeededGenerator(seed: 1)
        let data = Case([2, 5, 4, 6], &random)
        let tensors = try zip([data.x, data.weight, data.bias], inputs).map {
          try $1 ? parameter($0, on: device) : device.tensor($0.shape, $0.floats)
        }
        let statistics = try [data.runningMean, data.runningVariance].map { try device.tensor($0.shape, $0.floats) }
        let dy = try device.tensor([2, 2, 2, 6], random.gaussians([2, 2, 2, 6]).floats)
        let before = device.counters.launches
        let tape = Tape()
        let y = try tape.recording {
          try Joined.batchNorm2dPool2d(
            tensors[0], weight: tensors[1], bias: tensors[2], runningMean: statistics[0],
            runningVariance: statistics[1], training: training, pooling, Self.cells)
        }
        try tape.backward(from: y, seed: dy)
        return device.counters.launches - before
      }
      let counts = try [
        launches([true, true, true], training: true), launches([false, true, true], training: true),
        launches([true, true, true], training: false), launches([true, false, false], training: false),
      ]
      // The tile family leaves the sums of chunks to the next launch.
      #expect(counts == (device.traits.isVector ? [6, 5, 4, 2] : [5, 4, 3, 2]))
    }
  }

  @Test(arguments: [PoolGeometry(kernelSize: 2), PoolGeometry(kernelSize: 3, stride: 2)])
  func statisticsStayWhereAWindowDoesNotFit(_ geometry: PoolGeometry) throws {
    try TestDevices.cpu.use { device in
      let ones = try device.tensor([3], [1, 1, 1]), mean = try device.zeros([3])
      for shape in [[2, 1, 4, 3], [2, 4, 1, 3]] {
        #expect(throws: ShapeError.self) {
          try Joined.batchNorm2dPool2d(
            device.filled(shape, with: 5), weight: ones, bias: ones, runningMean: mean, runningVariance: ones,
            training: true, .max, geometry)
        }
      }
      #expect(try mean.values() == [0, 0, 0])
    }
  }
}

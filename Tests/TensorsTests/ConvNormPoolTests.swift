import Tensors
import TestSupport
import Testing

/// A convolution, batch normalisation and max-pooling as one operator: against the oracle, and against the operators one
/// after another, whose values it has bit for bit.
@Suite struct ConvNormPoolTests {
  /// First layers, and what their kernels do not take.
  static let cases = ConvPoolTests.first + ConvPoolTests.inner.prefix(2)

  private static let epsilon: Float = 1e-5
  private static let momentum: Float = 0.3

  private struct Data {
    var x, weight, bias, gamma, beta, runningMean, runningVariance: OracleTensor

    init(_ test: ConvPoolTests.Case, _ random: inout SeededGenerator) {
      x = random.gaussians(test.inputShape, mean: 0.5)
      weight = random.gaussians(test.weightShape)
      bias = random.gaussians([test.outputs])
      gamma = random.gaussians([test.outputs])
      beta = random.gaussians([test.outputs])
      runningMean = random.gaussians([test.outputs])
      runningVariance = random.gaussians([test.outputs]).map { Double(Float(abs($0) + 0.5)) }
    }

    var parameters: [OracleTensor] { [weight, bias, gamma, beta] }
  }

  /// The operator, or those that it stands for, of an input and weight, bias, gamma and beta.
  private static func run(
    _ x: Tensor, _ parameters: [Tensor], _ statistics: [Tensor], _ test: ConvPoolTests.Case, isOne: Bool,
    training: Bool = true, hasBias: Bool = true, _ activation: Activation = .relu, _ pooling: Pooling = .max
  ) throws -> Tensor {
    let bias = hasBias ? parameters[1] : nil
    if isOne {
      return try Joined.conv2dBatchNorm2dPool2d(
        x, weight: parameters[0], bias: bias, test.geometry,
        BatchNormArguments(
          weight: parameters[2], bias: parameters[3], runningMean: statistics[0], runningVariance: statistics[1],
          training: training, momentum: momentum, epsilon: epsilon, activation: activation),
        pooling, test.pool)
    }
    let y = try batchNorm2d(
      conv2d(x, weight: parameters[0], bias: bias, test.geometry), weight: parameters[2],
      bias: parameters[3], runningMean: statistics[0], runningVariance: statistics[1], training: training,
      momentum: momentum, epsilon: epsilon, activation: activation)
    return try pooling == .max ? maxPool2d(y, test.pool) : avgPool2d(y, test.pool)
  }

  @Test(arguments: TestDevices.all, cases)
  func matchesOracle(_ on: TestDevice, _ test: ConvPoolTests.Case) throws {
    try on.use { device in
      for (activation, adds) in [
        (Activation.none, nil), (.relu, 2 as Float?), (.leakyReLU(negativeSlope: 0.1), nil), (.tanh, nil),
      ] {
        var random = SeededGenerator(seed: UInt64(test.outputs))
        let data = Data(test, &random)
        let convolved = Oracle.conv2d(data.x, weight: data.weight, bias: data.bias, test.geometry)
        let forward = Oracle.batchNorm2d(
          convolved, weight: data.gamma, bias: data.beta, runningMean: data.runningMean,
          runningVariance: data.runningVariance, training: true, momentum: Double(Self.momentum),
          epsilon: Double(Self.epsilon))
        let activated = forward.y.map { Oracle.activation($0, activation) }
        let expected = Oracle.maxPool2d(activated, test.pool)
        let dy = random.gaussians(expected.shape)
        let unpooled = Oracle.maxPool2dGradient(activated, dy: dy, test.pool)
        let norm = Oracle.batchNorm2dGradients(
          convolved, weight: data.gamma,
          dy: forward.y.combined(with: unpooled) { Oracle.activationDerivative($0, activation) * $1 }, forward,
          training: true, epsilon: Double(Self.epsilon))
        let weight = Oracle.conv2dGradients(data.x, weight: data.weight, dy: norm.dx, test.geometry).weight
        var statistics: [Tensor] = []
        let run = try GradientRun(on: device, data.parameters, dy: dy, alreadyThere: adds) { parameters in
          let device = parameters[0].device
          statistics = try [data.runningMean, data.runningVariance].map { try device.tensor($0.shape, $0.floats) }
          let x = try device.tensor(data.x.shape, data.x.floats)
          return try Self.run(x, parameters, statistics, test, isOne: true, activation)
        }
        let name = TestCase(device, "\(test.testDescription), \(activation)", seed: random.seed)
        try expectClose(run.output, expected, .within(absolute: 2e-5, relative: 2e-5), name)
        try expectClose(statistics[0], forward.runningMean, .within(absolute: 2e-6, relative: 2e-6), name)
        try expectClose(statistics[1], forward.runningVariance, .within(absolute: 2e-6, relative: 4e-6), name)
        // Each is a sum over all pixels, whose terms cancel: errors scale with the largest sum of their magnitudes.
        let magnitudes =
          Oracle.conv2dGradients(
            data.x.map(abs), weight: data.weight, dy: norm.dx.map(abs), test.geometry
          ).weight.values.max() ?? 0
        for (result, wanted) in zip([0, 2, 3].map { run.gradients[$0] }, [weight, norm.weight, norm.bias]) {
          let largest = max(magnitudes, wanted.values.map { abs($0) }.max() ?? 0)
          try expectClose(
            result, wanted.map { $0 + Double(adds ?? 0) }, .within(absolute: 1e-6 * (1 + largest)), name)
        }
        try expectClose(run.gradients[1], data.bias.map { _ in Double(adds ?? 0) }, .exact, name)
        try run.checkCanaries(name)
      }
    }
  }

  /// In evaluation and with averages as well, with a gradient of the input, and where none is wanted.
  @Test(arguments: TestDevices.all, cases)
  func valuesAreThoseOfTheOperators(_ on: TestDevice, _ test: ConvPoolTests.Case) throws {
    try on.use { device in
      for (training, pooling, isInputParameter, isRecorded, hasBias) in [
        (true, Pooling.max, false, true, true), (false, .max, false, true, true), (true, .average, false, true, true),
        (true, .max, true, true, true), (true, .max, false, false, true), (true, .max, false, true, false),
      ] {
        func values(isOne: Bool) throws -> [Float] {
          var random = SeededGenerator(seed: 5)
          let data = Data(test, &random)
          let inputs = try data.parameters.map { try parameter($0, on: device) }
          let x = try isInputParameter ? parameter(data.x, on: device) : device.tensor(data.x.shape, data.x.floats)
          let statistics = try [data.runningMean, data.runningVariance].map { try device.tensor($0.shape, $0.floats) }
          func run() throws -> Tensor {
            try Self.run(
              x, inputs, statistics, test, isOne: isOne, training: training, hasBias: hasBias, .relu, pooling)
          }
          let y = try isRecorded ? Tape().recording(run) : run()
          return try ([y] + statistics).flatMap { try $0.values() }
        }
        // Outside of the expectation, which would look for the differences of long arrays.
        let isSame = try values(isOne: true) == values(isOne: false)
        #expect(isSame, "\(test.testDescription) training \(training) \(pooling)")
      }
    }
  }

  /// On processors: statistics in two, the forward pass; sums in two, weights in two, and the bias is filled.
  @Test(arguments: [true, false]) func launchesAreCounted(isFrozen: Bool) throws {
    try TestDevices.cpu.use { device in
      let test = ConvPoolTests.Case(
        channels: 1, outputs: 5, size: 8, geometry: ConvGeometry(kernelSize: 3), pool: ConvPoolTests.cells2)
      var random = SeededGenerator(seed: 1)
      let data = Data(test, &random)
      let inputs = try data.parameters.enumerated().map {
        try isFrozen && $0 < 2 ? device.tensor($1.shape, $1.floats) : parameter($1, on: device)
      }
      let x = try device.tensor(data.x.shape, data.x.floats)
      let statistics = try [data.runningMean, data.runningVariance].map { try device.tensor($0.shape, $0.floats) }
      let dy = try device.tensor([33, 3, 3, 5], random.gaussians([33, 3, 3, 5]).floats)
      let before = device.counters.launches
      let tape = Tape()
      let y = try tape.recording { try Self.run(x, inputs, statistics, test, isOne: true) }
      #expect(device.counters.launches - before == 3)
      try tape.backward(from: y, seed: dy)
      #expect(device.counters.launches - before == (isFrozen ? 5 : 7))
    }
  }
}

import Tensors
import TestSupport
import Testing

/// Adam, AdamW, SGD and RMSprop on every device against the oracle, over several steps.
@Suite struct OptimizerStepsTests {
  static let counts = [1, 3, 8, 17, 37, 1000]

  @Test(arguments: TestDevices.all)
  func adamMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, count) in Self.counts.enumerated() {
        for (weightDecay, isDecoupled) in [(0, false), (0.01, false), (0.3, true)] {
          var random = SeededGenerator(seed: UInt64(index))
          let start = random.gaussians([count])
          // Gradients of very different sizes, and some that are zero.
          let gradients = (0..<5).map { step in
            random.gaussians([count], scale: [1, 1e-4, 100, 1, 0][step])
          }
          let canaries = Canaries(on: device)
          let (p, m, v) = try (canaries.tensor(start), canaries.zeros([count]), canaries.zeros([count]))
          let before = device.counters.launches
          for (step, gradient) in gradients.enumerated() {
            try adamStep(
              parameters: p, gradients: canaries.tensor(gradient), firstMoment: m, secondMoment: v,
              learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-8, weightDecay: weightDecay,
              isDecoupled: isDecoupled, step: step + 1)
          }
          #expect(device.counters.launches - before == gradients.count)
          let expected = Oracle.adam(
            start.values, gradients: gradients.map(\.values), learningRate: 0.01, beta1: 0.8, beta2: 0.99,
            epsilon: 1e-8, weightDecay: weightDecay, isDecoupled: isDecoupled)
          let test = TestCase(
            device, "adam of \(count), decay \(weightDecay), decoupled \(isDecoupled)", seed: random.seed)
          try expectClose(p, OracleTensor([count], expected), .within(absolute: 2e-7, relative: 5e-7), test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func sgdMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, count) in Self.counts.enumerated() {
        for (momentum, nesterov, weightDecay) in [
          (0.0, false, 0.0), (0, false, 0.1), (0.9, false, 0), (0.9, true, 0), (0.5, true, 0.1),
        ] {
          var random = SeededGenerator(seed: UInt64(index))
          let start = random.gaussians([count])
          let gradients = (0..<4).map { _ in random.gaussians([count]) }
          let canaries = Canaries(on: device)
          let (p, velocity) = try (canaries.tensor(start), canaries.zeros([count]))
          for gradient in gradients {
            try sgdStep(
              parameters: p, gradients: canaries.tensor(gradient), velocity: velocity, learningRate: 0.05,
              momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
          }
          let expected = Oracle.sgd(
            start.values, gradients: gradients.map(\.values), learningRate: 0.05, momentum: momentum,
            nesterov: nesterov, weightDecay: weightDecay)
          let test = TestCase(
            device, "sgd of \(count), momentum \(momentum), nesterov \(nesterov), decay \(weightDecay)",
            seed: random.seed)
          try expectClose(p, OracleTensor([count], expected), .within(absolute: 5e-7, relative: 5e-7), test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func rmspropMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, count) in Self.counts.enumerated() {
        for (isCentered, momentum, weightDecay) in [
          (false, 0.0, 0.0), (false, 0.9, 0.1), (true, 0, 0.01), (true, 0.5, 0),
        ] {
          var random = SeededGenerator(seed: UInt64(index))
          let start = random.gaussians([count])
          // Gradients of different sizes, and some that are zero.
          let gradients = (0..<5).map { random.gaussians([count], scale: [1, 1e-2, 10, 1, 0][$0]) }
          let canaries = Canaries(on: device)
          let (p, square) = try (canaries.tensor(start), canaries.zeros([count]))
          let (mean, velocity) = try (canaries.zeros([count]), canaries.zeros([count]))
          for gradient in gradients {
            try rmspropStep(
              parameters: p, gradients: canaries.tensor(gradient), squareAverage: square,
              gradientAverage: isCentered ? mean : nil, velocity: velocity, learningRate: 0.01, alpha: 0.9,
              momentum: momentum, weightDecay: weightDecay)
          }
          let expected = Oracle.rmsprop(
            start.values, gradients: gradients.map(\.values), learningRate: 0.01, alpha: 0.9, epsilon: 1e-8,
            momentum: momentum, isCentered: isCentered, weightDecay: weightDecay)
          let test = TestCase(
            device, "rmsprop of \(count), centered \(isCentered), momentum \(momentum), decay \(weightDecay)",
            seed: random.seed)
          try expectClose(p, OracleTensor([count], expected), .within(absolute: 2e-6, relative: 1e-6), test)
          try canaries.check(test)
        }
      }
    }
  }
}

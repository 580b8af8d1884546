import Foundation
import Tensors
import TestSupport
import Testing

/// Losses by element, and cross entropy with weights and smoothed labels, against the oracle.
@Suite struct PointwiseLossTests {
  static let losses: [Oracle.ElementLoss] = [
    .absolute, .huber(delta: 1), .huber(delta: 0.125), .binary, .binaryLogits,
  ]

  private func compute(_ loss: Oracle.ElementLoss, _ y: Tensor, _ t: Tensor, _ metrics: RunningMetrics? = nil) throws
    -> Tensor
  {
    switch loss {
    case .absolute: try meanAbsoluteError(y, t, metrics: metrics)
    case .huber(let delta): try huberLoss(y, t, delta: Float(delta), metrics: metrics)
    case .binary: try binaryCrossEntropy(y, t, metrics: metrics)
    case .binaryLogits: try binaryCrossEntropyWithLogits(y, t, metrics: metrics)
    }
  }

  /// Predictions and targets that a loss takes; some are equal.
  private func example(_ loss: Oracle.ElementLoss, _ shape: [Int], seed: UInt64) -> (OracleTensor, OracleTensor) {
    var random = SeededGenerator(seed: seed)
    let isBinary =
      switch loss {
      case .binary, .binaryLogits: true
      default: false
      }
    var (y, t) = (random.gaussians(shape, scale: 3), random.gaussians(shape))
    if isBinary { t = t.map { Double(Float(1 / (1 + exp(-$0)))) } }
    if case .binary = loss { y = y.map { Double(Float(1 / (1 + exp(-$0)))) } }
    for index in y.values.indices where index % 7 == 3 && !isBinary { y.values[index] = t.values[index] }
    for index in t.values.indices where index % 5 == 2 && isBinary { t.values[index] = index % 2 == 0 ? 0 : 1 }
    return (y, t)
  }

  @Test(arguments: TestDevices.all, losses)
  func `losses and gradients are the oracle's`(_ on: TestDevice, _ loss: Oracle.ElementLoss) throws {
    try on.use { device in
      for (seed, shape) in [[1], [7], [2, 3, 5], [16, 16], [10, 7, 7, 3], [100, 28, 28, 1]].enumerated() {
        let (y, t) = example(loss, shape, seed: UInt64(seed))
        let expected = Oracle.mean(loss, y, t)
        let test = TestCase(device, "\(loss) of \(shape)", seed: UInt64(seed))
        let canaries = Canaries(on: device)
        let (prediction, target) = try (canaries.tensor(y), canaries.tensor(t))
        let bound = Tolerance.within(absolute: 1e-7, relative: 2e-6)
        let tight = Tolerance.within(absolute: 1e-6 / Double(y.count), relative: 4e-6)
        let once = try gradient(of: prediction) { try compute(loss, prediction, target) }
        try expectClose(once.y, expected.loss, bound, test)
        try expectClose(once.dx, expected.gradient, tight, test)
        let third = try gradient(of: prediction, for: canaries.tensor(OracleTensor([1], [3]))) {
          try compute(loss, prediction, target)
        }
        try expectClose(third.dx, expected.gradient.map { 3 * $0 }, .within(absolute: 1e-6, relative: 4e-6), test)
        let metrics = try RunningMetrics(on: canaries)
        try expectClose(compute(loss, canaries.tensor(y), target, metrics), expected.loss, bound, test)
        #expect(try metrics.values().examples == shape[0])
        try canaries.check(test)
      }
    }
  }

  /// The oracle's own gradients, against its losses.
  @Test(arguments: losses)
  func `derivatives are those of the losses`(_ loss: Oracle.ElementLoss) {
    let (y, t) = example(loss, [60], seed: 3)
    for (y, t) in zip(y.values, t.values) where y != t {
      let h = 1e-6, slope = (loss(y + h, t) - loss(y - h, t)) / (2 * h)
      #expect(abs(slope - loss.derivative(y, t)) < 1e-5 * max(1, abs(slope)), "\(loss) of \(y), \(t)")
    }
  }

  /// Where the prediction is an activation's output, its input's gradient follows without a launch of its own.
  @Test(arguments: TestDevices.all)
  func `gradients pass activations`(_ on: TestDevice) throws {
    try on.use { device in
      for loss in Self.losses {
        for kind in LossActivationTests.kinds {
          if case .binary = loss, kind != .sigmoid { continue }
          let (x, t) = example(loss, [5, 9], seed: 4)
          let y = x.map { Oracle.activation($0, kind) }
          var dx = Oracle.mean(loss, y, t).gradient
          for i in dx.values.indices { dx.values[i] *= Oracle.activationDerivative(x.values[i], kind) }
          let canaries = Canaries(on: device)
          let (input, target) = try (canaries.tensor(x), canaries.tensor(t))
          let test = TestCase(device, "\(loss) of \(kind)", seed: 4)
          let before = device.counters.launches
          let result = try gradient(of: input) { try compute(loss, activation(input, kind), target) }
          #expect(device.counters.launches - before == 3)
          try expectClose(result.dx, dx, .within(absolute: 1e-6, relative: 1e-5), test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `binary cross entropy stays finite where it can and is not a number otherwise`(_ on: TestDevice) throws {
    try on.use { device in
      func probability(_ p: Float, _ t: Float) throws -> Float {
        try binaryCrossEntropy(device.tensor([1], [p]), device.tensor([1], [t])).item()
      }
      func logit(_ x: Float, _ t: Float) throws -> Float {
        try binaryCrossEntropyWithLogits(device.tensor([1], [x]), device.tensor([1], [t])).item()
      }
      try #expect(probability(0, 1) == 100 && probability(1, 0) == 100)
      try #expect(probability(0, 0) == 0 && probability(1, 1) == 0)
      try #expect(probability(-0.1, 0.5).isNaN && probability(1.1, 0.5).isNaN && probability(.nan, 0.5).isNaN)
      try #expect(logit(1000, 0) == 1000 && logit(-1000, 1) == 1000 && logit(1000, 1) == 0)
      try #expect(abs(logit(20, 1) / 2.0611536e-9 - 1) < 1e-5)
      try #expect(logit(.nan, 1).isNaN)
      // A sigmoid that has become 0 or 1 still has a gradient.
      for (x, t) in [(-200, 1), (200, 0)] as [(Float, Float)] {
        let input = try device.tensor([1], [x])
        let result = try gradient(of: input) {
          try binaryCrossEntropy(activation(input, .sigmoid), device.tensor([1], [t]))
        }
        #expect(try result.dx.item() == (t == 1 ? -1 : 1))
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `weighted and smoothed cross entropies are the oracle's`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (rows, columns)) in [(1, 1), (1, 2), (2, 10), (100, 10), (257, 7), (33, 333)].enumerated() {
        for smoothing in [0, 0.1, 1] {
          var random = SeededGenerator(seed: UInt64(seed))
          let x = random.gaussians([rows, columns], scale: 4)
          let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &random) }
          let weights = (0..<columns).map { _ in Float.random(in: 0.1...3, using: &random) }
          let expected = Oracle.crossEntropy(
            x, labels: labels, weights: weights.map(Double.init), smoothing: Double(Float(smoothing)))
          let test = TestCase(device, "cross entropy of \(rows)×\(columns) smoothed by \(smoothing)", seed: random.seed)
          let canaries = Canaries(on: device)
          let (logits, classes) = try (canaries.tensor(x), canaries.labels(labels))
          let classWeights = try ClassWeights(weights, on: canaries)
          let before = device.counters.launches
          let result = try gradient(of: logits) {
            try crossEntropy(logits, labels: classes, weights: classWeights, labelSmoothing: Float(smoothing))
          }
          #expect(device.counters.launches - before == 3)
          try expectClose(result.y, expected.loss, .within(absolute: 1e-6, relative: 3e-6), test)
          try expectClose(
            result.dx, expected.gradient, .within(absolute: 2e-6 / Double(rows), relative: 1e-5), test)
          let metrics = try RunningMetrics(on: canaries)
          _ = try crossEntropy(
            logits, labels: classes, weights: classWeights, labelSmoothing: Float(smoothing), metrics: metrics)
          let hits = (0..<rows).count {
            Oracle.argMax(Array(x.values[$0 * columns..<($0 + 1) * columns])) == Int(labels[$0])
          }
          #expect(try metrics.values().correct == hits)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `equal weights and hard labels are plain cross entropy`(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 8)
      let x = random.gaussians([50, 10], scale: 5)
      let logits = try device.tensor(x.shape, x.floats), labels = try device.labels((0..<50).map { Int32($0 % 10) })
      let plain = try crossEntropy(logits, labels: labels).item()
      let equal = try crossEntropy(
        logits, labels: labels, weights: ClassWeights([Float](repeating: 2.5, count: 10), on: device)
      ).item()
      #expect(abs(plain - equal) < 2e-6 * plain)
      let outside = try device.labels([Int32](repeating: 10, count: 50))
      let ones = try ClassWeights([Float](repeating: 1, count: 10), on: device)
      #expect(try crossEntropy(logits, labels: outside, weights: ones).item().isNaN)
      #expect(throws: ShapeError("crossEntropy", "3 weights of classes for logits of shape [50, 10]")) {
        try crossEntropy(logits, labels: labels, weights: ClassWeights([1, 1, 1], on: device))
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `clipped gradients have the limit as their norm`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, count) in [1, 7, 1000, 100_003].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.gaussians([count])
        let norm = x.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for limit in [norm / 3, norm * 2] {
          let canaries = Canaries(on: device)
          let gradients = try canaries.tensor(x)
          try clip(gradients: gradients, toNorm: Float(limit))
          let expected = min(1, limit / (norm + 1e-6))
          let test = TestCase(device, "clip of \(count) to \(limit)", seed: random.seed)
          try expectClose(gradients, x.map { $0 * expected }, .within(absolute: 0, relative: 3e-6), test)
          try canaries.check(test)
        }
      }
    }
  }
}

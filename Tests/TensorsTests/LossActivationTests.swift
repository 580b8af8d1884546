import Foundation
import Tensors
import TestSupport
import Testing

/// The mean squared error of what an activation made, whose gradient is that before the activation.
@Suite struct LossActivationTests {
  static let kinds: [Activation] = [.relu, .leakyReLU(negativeSlope: 0.25), .sigmoid, .tanh]

  /// Predictions and targets, and the gradient of x for the mean squared error of activation(x).
  private func example(_ kind: Activation, _ shape: [Int], seed: UInt64) -> (
    x: OracleTensor, target: OracleTensor, dy: OracleTensor, dx: OracleTensor
  ) {
    var random = SeededGenerator(seed: seed)
    let (x, target) = (random.gaussians(shape), random.gaussians(shape))
    let dy = Oracle.meanSquaredError(x.map { Oracle.activation($0, kind) }, target).gradient
    var dx = dy
    for i in dx.values.indices { dx.values[i] *= Oracle.activationDerivative(x.values[i], kind) }
    return (x, target, dy, dx)
  }

  @Test(arguments: TestDevices.all, kinds)
  func gradientMatchesOracle(_ on: TestDevice, _ kind: Activation) throws {
    try on.use { device in
      for (seed, shape) in [[1], [7], [2, 3, 5], [10, 7, 7, 3]].enumerated() {
        let (x, target, dy, dx) = example(kind, shape, seed: UInt64(seed))
        let test = TestCase(device, "meanSquaredError of \(kind) of \(shape)", seed: UInt64(seed))
        let canaries = Canaries(on: device)
        let (input, goal) = try (canaries.tensor(x), canaries.tensor(target))
        let tight = Tolerance.within(absolute: 2e-6 / Double(x.count), relative: 2e-6)
        let once = try gradient(of: input) { try meanSquaredError(activation(input, kind), goal) }
        try expectClose(once.dx, dx, tight, test)
        let third = try gradient(of: input, for: canaries.tensor(OracleTensor([1], [3]))) {
          try meanSquaredError(activation(input, kind), goal)
        }
        try expectClose(third.dx, dx.map { 3 * $0 }, .within(absolute: 1e-6, relative: 2e-6), test)

        // What the loss knows and what comes from elsewhere are added: y is in two losses and in a sum with its target.
        let sums = try gradients(of: [input, goal]) {
          let y = try activation(input, kind)
          let first = try meanSquaredError(y, canaries.tensor(target))
          let second = try meanSquaredError(y, canaries.tensor(target))
          return try add(add(first, second), meanSquaredError(y, goal))
        }
        let loose = Tolerance.within(absolute: 1e-5 / Double(x.count), relative: 1e-5)
        try expectClose(sums.inputs[0]!, dx.map { 3 * $0 }, loose, test)
        try expectClose(sums.inputs[1]!, dy.map { -$0 }, loose, test)
        try canaries.check(test)
      }
    }
  }

  /// Through a view, beside another use of what the activation made.
  @Test(arguments: TestDevices.all, kinds)
  func gradientPassesViews(_ on: TestDevice, _ kind: Activation) throws {
    try on.use { device in
      let (x, target, _, dx) = example(kind, [3, 12], seed: 9)
      let test = TestCase(device, "meanSquaredError of a view of \(kind)", seed: 9)
      let canaries = Canaries(on: device)
      let (input, goal) = try (canaries.tensor(x), canaries.tensor(target))
      let result = try gradient(of: input) {
        let y = try activation(input, kind)
        let image = try unflatten(y, channels: 1, height: 3, width: 4)
        let first = try meanSquaredError(image, goal.viewed(as: image.shape))
        return try add(add(first, meanSquaredError(y, goal)), meanSquaredError(flatten(image), goal))
      }
      try expectClose(result.dx, dx.map { 3 * $0 }, .within(absolute: 1e-6, relative: 1e-5), test)
      try canaries.check(test)
    }
  }

  /// A perceptron's step of forward, loss and backward has no launch for its last activation.
  @Test func activationTakesNoLaunch() throws {
    try TestDevices.cpu.use { device in
      func launches(_ kind: Activation) throws -> Int {
        var random = SeededGenerator(seed: 1)
        let weight = try parameter(random.gaussians([5, 7]), on: device)
        let (x, target) = try (device.filled([3, 5], with: 1), device.zeros([3, 1, 7, 1]))
        let before = device.counters.launches
        let tape = Tape()
        let loss = try tape.recording {
          let y = try linear(x, weight: weight, bias: nil, activation: kind)
          return try meanSquaredError(unflatten(y, channels: 1, height: 1, width: 7), target)
        }
        try tape.backward(from: loss)
        return device.counters.launches - before
      }
      let plain = try launches(.none)
      for kind in Self.kinds { #expect(try launches(kind) == plain) }
    }
  }
}

import Foundation
import Tensors
import TestSupport
import Testing

/// Penalties that layers add to a loss, and sampling from normal distributions.
@Suite struct PenaltyTests {
  private static let key = DropoutKey(seed: 0x1234_5678_9abc, layer: 3, step: 7)

  /// The noise of a row's element, by the description in the kernel.
  private func noise(_ row: Int, _ element: Int) -> Double {
    let words = Oracle.philox(
      counter: [UInt32(element / 8), UInt32(row + 1), Self.key.layer, Self.key.step],
      key: [UInt32(truncatingIfNeeded: Self.key.seed), UInt32(Self.key.seed >> 32)])
    let word = words[element % 8 / 2]
    let number = element % 2 == 0 ? word & 0xffff : word >> 16
    return Self.quantile((Double(number) + 0.5) / 65_536)
  }

  /// The normal distribution's quantile, by bisection of its distribution function.
  private static func quantile(_ share: Double) -> Double {
    var (low, high) = (-10.0, 10.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
    }
    return low
  }

  @Test(arguments: TestDevices.all)
  func `a penalty on absolute values is in the loss and in the gradient`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in [[1, 1], [3, 7], [5, 4, 3, 2], [100, 64]].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        var (x, t) = (random.gaussians(shape), random.gaussians(shape))
        x.values[0] = 0
        let plain = Oracle.meanSquaredError(x, t)
        let weight = 0.25, scale = weight / Double(shape[0])
        let test = TestCase(device, "penalty of \(shape)", seed: random.seed)
        let canaries = Canaries(on: device)
        let (input, target) = try (canaries.tensor(x), canaries.tensor(t))
        let metrics = try RunningMetrics(on: canaries)
        for factor in [1.0, 3] {
          let result = try gradient(of: input, for: factor == 1 ? nil : canaries.tensor(OracleTensor([1], [factor]))) {
            let same = try penalizeAbsoluteValues(of: input, weight: Float(weight))
            return try meanSquaredError(same, target, metrics: metrics)
          }
          let sum = x.values.reduce(0) { $0 + abs($1) }
          let loss = plain.loss.values[0] + scale * sum
          try expectClose(result.y, OracleTensor([1], [loss]), .within(absolute: 1e-6, relative: 2e-6), test)
          let expected = plain.gradient.combined(with: x) { g, v in factor * (g + (v == 0 ? 0 : v < 0 ? -scale : scale))
          }
          try expectClose(result.dx, expected, .within(absolute: 1e-6, relative: 2e-6), test)
          #expect(abs(try metrics.values().loss - loss) < 1e-5 * loss)
        }
        // Where nothing is recorded, and in the next loss, there is no penalty.
        try penalizeAbsoluteValues(of: input, weight: 1)
        try expectClose(meanSquaredError(input, target), plain.loss, .within(absolute: 1e-6, relative: 2e-6), test)
        try canaries.check(test)
      }
    }
  }

  /// A tape that is used again, as a training step does, has the penalties of each pass only.
  @Test(arguments: TestDevices.all)
  func `a penalty is in one loss`(_ on: TestDevice) throws {
    try on.use { device in
      let x = try parameter(OracleTensor([2, 2], [1, -2, 3, -4]), on: device), target = try device.zeros([2, 2])
      let tape = Tape()
      for _ in 0..<2 {
        let loss = try tape.recording {
          try meanSquaredError(penalizeAbsoluteValues(of: x, weight: 0.5), target)
        }
        #expect(try loss.item() == 7.5 + 2.5)
        try tape.backward(from: loss)
        x.gradient!.clear()
        // Of two losses in a pass the first has it.
        let both = try tape.recording {
          let penalized = try penalizeAbsoluteValues(of: x, weight: 0.5)
          return [try meanSquaredError(penalized, target), try meanSquaredError(penalized, target)]
        }
        #expect(try both.map { try $0.item() } == [10, 7.5])
        tape.clear()
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `samples, their divergence and gradients are the oracle's`(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (rows, features)) in [(1, 1), (3, 5), (2, 16), (7, 33), (100, 20)].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.gaussians([rows, 2 * features]), t = random.gaussians([rows, features])
        let weight = 0.75
        func loss(_ x: OracleTensor) -> Double {
          var squares = 0.0, divergence = 0.0
          for r in 0..<rows {
            for f in 0..<features {
              let mean = x.values[r * 2 * features + f], variance = exp(x.values[r * 2 * features + features + f])
              let z = mean + variance.squareRoot() * noise(r, f)
              squares += pow(z - t.values[r * features + f], 2)
              divergence += (mean * mean + variance - 1 - log(variance)) / 2
            }
          }
          return squares / Double(rows * features) + weight * divergence / Double(rows)
        }
        let test = TestCase(device, "samples of \(rows)×\(features)", seed: random.seed)
        let canaries = Canaries(on: device)
        let (input, target) = try (canaries.tensor(x), canaries.tensor(t))
        let result = try gradient(of: input) {
          try meanSquaredError(sampleNormal(input, divergenceWeight: Float(weight), key: Self.key), target)
        }
        try expectClose(result.y, OracleTensor([1], [loss(x)]), .within(absolute: 1e-5, relative: 1e-5), test)
        // The gradient by finite differences of the oracle, of some elements.
        let gradients = try result.dx.values()
        for index in stride(from: 0, to: x.count, by: max(1, x.count / 40)) {
          let h = 1e-5
          var (more, less) = (x, x)
          more.values[index] += h
          less.values[index] -= h
          let slope = (loss(more) - loss(less)) / (2 * h)
          #expect(abs(Double(gradients[index]) - slope) < 2e-5 * max(1, abs(slope)), "\(test) \(index)")
        }
        let means = try means(of: canaries.tensor(x))
        let expected = (0..<rows).flatMap { r in x.values[r * 2 * features..<r * 2 * features + features] }
        try expectClose(means, OracleTensor([rows, features], expected), .exact, test)
        try canaries.check(test)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `samples are normally distributed`(_ on: TestDevice) throws {
    try on.use { device in
      // Means of 0 and variances of 1.
      let x = try device.zeros([500, 200])
      let z = try sampleNormal(x, divergenceWeight: 0, key: Self.key).values().map(Double.init)
      let count = Double(z.count)
      #expect(abs(z.reduce(0, +) / count) < 0.02)
      #expect(abs(z.reduce(0) { $0 + $1 * $1 } / count - 1) < 0.03)
      #expect(abs(Double(z.count { $0 < -1.644854 }) / count - 0.05) < 0.005)
      #expect(Set(z).count > 30_000)
      #expect(throws: ShapeError.self) {
        try sampleNormal(device.zeros([2, 3]), divergenceWeight: 0, key: Self.key)
      }
    }
  }
}

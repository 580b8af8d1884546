import Tensors
import TestSupport
import Testing

/// Group normalisation on every device against the oracle: groups smaller and larger than 16 lanes, which may not divide
/// them, with and without weight and bias, and all gradients.
@Suite struct GroupNormTests {
  /// Shape and number of groups.
  static let cases: [(shape: [Int], groups: Int)] = [
    ([1, 1, 1, 2], 1), ([2, 3, 3, 4], 4), ([3, 5, 2, 6], 2), ([2, 4, 3, 12], 4), ([2, 7, 5, 16], 2),
    ([2, 3, 4, 16], 16), ([3, 2, 5, 17], 1), ([2, 3, 3, 48], 2), ([2, 2, 3, 51], 3), ([1, 28, 28, 8], 4),
    ([130, 2, 3, 3], 3), ([2, 3, 2, 35], 7), ([2, 3, 2, 33], 11), ([2, 3, 2, 520], 2),
  ]

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (shape, groups)) in Self.cases.enumerated() {
        for (hasWeight, hasBias) in [(true, true), (false, false), (true, false), (false, true)] {
          var random = SeededGenerator(seed: UInt64(seed))
          let x = random.gaussians(shape, mean: 0.5), dy = random.gaussians(shape)
          let weight = hasWeight ? random.gaussians([shape[3]]) : nil
          let bias = hasBias ? random.gaussians([shape[3]]) : nil
          let test = TestCase(
            device, "groupNorm of \(shape) in \(groups), weight \(hasWeight), bias \(hasBias)", seed: random.seed)
          let epsilon: Float = 1e-4
          let result = try GradientRun(on: device, [x] + [weight, bias].compactMap(\.self), dy: dy) { leaves in
            try groupNorm(
              leaves[0], groups: groups, weight: hasWeight ? leaves[1] : nil, bias: hasBias ? leaves.last! : nil,
              epsilon: epsilon)
          }
          let y = Oracle.groupNorm(x, groups: groups, weight: weight, bias: bias, epsilon: Double(epsilon))
          let expected = Oracle.groupNormGradients(x, groups: groups, weight: weight, dy: dy, epsilon: Double(epsilon))
          try expectClose(result.output, y, .within(absolute: 3e-5, relative: 1e-5), test)
          var references = [expected.dx]
          if hasWeight { references.append(expected.weight) }
          if hasBias { references.append(expected.bias) }
          for (gradient, reference) in zip(result.gradients, references) {
            // Differences of sums over a group: their errors scale with the largest of them.
            let largest = reference.values.map { abs($0) }.max() ?? 0
            try expectClose(gradient, reference, .within(absolute: 2e-5 * (1 + largest)), test)
          }
          try result.checkCanaries(test)
        }
      }
    }
  }

  @Test func theOraclesGradientsAreThoseOfDifferences() {
    var random = SeededGenerator(seed: 3)
    let x = random.gaussians([2, 2, 3, 6]), dy = random.gaussians([2, 2, 3, 6])
    let weight = random.gaussians([6]), bias = random.gaussians([6])
    func y(_ x: OracleTensor, _ weight: OracleTensor, _ bias: OracleTensor) -> OracleTensor {
      Oracle.groupNorm(x, groups: 2, weight: weight, bias: bias, epsilon: 1e-3)
    }
    let gradients = Oracle.groupNormGradients(x, groups: 2, weight: weight, dy: dy, epsilon: 1e-3)
    expectGradient(gradients.dx, ofInput: x, dy: dy, "dx") { y($0, weight, bias) }
    expectGradient(gradients.weight, ofInput: weight, dy: dy, "weight") { y(x, $0, bias) }
    expectGradient(gradients.bias, ofInput: bias, dy: dy, "bias") { y(x, weight, $0) }
  }

  /// A variance of 1 around a mean of 4096: a naive sum of squares would lose it all.
  @Test(arguments: TestDevices.all)
  func largeMeanKeepsTheVariance(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 4)
      let x = random.gaussians([2, 9, 9, 20], mean: 4096)
      let expected = Oracle.groupNorm(x, groups: 5, weight: nil, bias: nil, epsilon: 1e-5)
      let y = try groupNorm(device.tensor(x.shape, x.floats), groups: 5)
      // The mean is rounded to 2^-12 there, which shows in y.
      try expectClose(y, expected, .within(absolute: 1e-3), TestCase(device, "groupNorm around 4096", seed: 4))
    }
  }

  /// A constant group has no variance; epsilon keeps the output finite, and it is the bias.
  @Test(arguments: TestDevices.all)
  func constantGroupsGiveTheBias(_ on: TestDevice) throws {
    try on.use { device in
      let y = try groupNorm(
        device.filled([2, 5, 5, 6], with: 0.1), groups: 3, weight: device.filled([6], with: 2),
        bias: device.filled([6], with: 7))
      #expect(try y.values().allSatisfy { $0 == 7 }, "on \(on.name)")
    }
  }

  /// The gradient of a weight that is computed reaches what it is computed from, and that of frozen ones costs nothing.
  @Test(arguments: TestDevices.all)
  func computedAndFrozenWeights(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 5)
      let x = random.gaussians([2, 3, 3, 4]), dy = random.gaussians([2, 3, 3, 4])
      let half = random.gaussians([4]), other = random.gaussians([4])
      let test = TestCase(device, "groupNorm of a computed weight", seed: 5)
      let result = try GradientRun(on: device, [half], dy: dy) { leaves in
        let device = leaves[0].device
        return try groupNorm(
          device.tensor(x.shape, x.floats), groups: 2,
          weight: add(leaves[0], device.tensor([4], other.floats)), epsilon: 1e-3)
      }
      let weight = half.combined(with: other, +)
      let expected = Oracle.groupNormGradients(x, groups: 2, weight: weight, dy: dy, epsilon: 1e-3)
      try expectClose(result.gradients[0], expected.weight, .within(absolute: 1e-4), test)

      let ones = try device.filled([4], with: 1)
      let input = try device.tensor(x.shape, x.floats)
      let before = device.counters.launches
      _ = try gradient(of: input, for: device.tensor(x.shape, dy.floats)) {
        try groupNorm(input, groups: 2, weight: ones, bias: ones)
      }
      #expect(device.counters.launches - before == 2)
    }
  }

  @Test func refusesWrongShapes() throws {
    try TestDevices.cpu.use { device in
      #expect(throws: ShapeError("groupNorm", "3 groups do not divide 4 channels")) {
        try groupNorm(device.zeros([1, 2, 2, 4]), groups: 3)
      }
      #expect(throws: ShapeError.self) { try groupNorm(device.zeros([1, 2, 2, 4]), groups: 0) }
      #expect(throws: ShapeError.self) { try groupNorm(device.zeros([2, 4]), groups: 2) }
      #expect(throws: ShapeError.self) {
        try groupNorm(device.zeros([1, 2, 2, 4]), groups: 2, weight: device.zeros([2]))
      }
    }
  }
}

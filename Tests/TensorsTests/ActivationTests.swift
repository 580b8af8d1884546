import Foundation
import Tensors
import TestSupport
import Testing

/// Activations and their gradients, and the accuracy of the elementary functions behind them.
@Suite struct ActivationTests {
  static let kinds: [Activation] = [.none, .relu, .leakyReLU(negativeSlope: 0.01), .sigmoid, .tanh]

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, kind) in Self.kinds.enumerated() {
        for count in [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 101] {
          var random = SeededGenerator(seed: UInt64(index * 1000 + count))
          var x = random.gaussians([count], scale: 3)
          x.values[0] = 0
          let dy = random.gaussians([count])
          let test = TestCase(device, "\(kind) of \(count)", seed: random.seed)
          let canaries = Canaries(on: device)
          let input = try canaries.tensor(x)
          let result = try gradient(of: input, for: canaries.tensor(dy)) { try activation(input, kind) }
          let bound = Tolerance.within(absolute: 3e-7, relative: 3e-7)
          try expectClose(result.y, x.map { Oracle.activation($0, kind) }, bound, test)
          try expectClose(
            result.dx, x.combined(with: dy) { Oracle.activationDerivative($0, kind) * $1 }, bound, test)
          try canaries.check(test)
        }
      }
    }
  }

  /// The bounds that common.cl states, in units in the last place, over the whole range and at its ends.
  @Test(arguments: TestDevices.all)
  func elementaryFunctionsKeepTheirBounds(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 5)
      var x: [Float] = [
        0, -0.0, .leastNonzeroMagnitude, 1e-30, -1e-30, 0.624999, 0.625, -0.625, 88.72, -87.33, 9, -9.1,
      ]
      for scale in [1e-6, 1e-3, 0.1, 1, 10, 87] as [Float] {
        x += (0..<20_000).map { _ in Float.random(in: -scale...scale, using: &random) }
      }
      let input = try device.tensor([x.count], x)
      let functions: [(name: String, bound: Double, of: (Tensor) throws -> Tensor, exact: (Double) -> Double)] = [
        ("e^x", 2, exponential, exp), ("sigmoid", 3, { try activation($0, .sigmoid) }, { 1 / (1 + exp(-$0)) }),
        ("tanh", 2, { try activation($0, .tanh) }, { tanh($0) }),
      ]
      for function in functions {
        var worst = (error: 0.0, x: Float(0))
        for (value, result) in zip(x, try function.of(input).values()) {
          let expected = function.exact(Double(value))
          let error = abs(Double(result) - expected) / Double(max(Float(abs(expected)).ulp, .leastNormalMagnitude.ulp))
          if !(error <= worst.error) { worst = (error, value) }
        }
        #expect(worst.error <= function.bound, "\(function.name) on \(on.name): \(worst.error) ulp at \(worst.x)")
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func specialValues(_ on: TestDevice) throws {
    try on.use { device in
      let inf = Float.infinity
      let x: [Float] = [.nan, inf, -inf, 1000, -1000, -0.0, 0, 3]
      func y(_ kind: Activation) throws -> [Float] { try activation(device.tensor([x.count], x), kind).values() }
      let relu = try y(.relu)
      #expect(relu[0].isNaN && Array(relu[1...]) == [inf, 0, 1000, 0, 0, 0, 3])
      let leaky = try y(.leakyReLU(negativeSlope: 0.5))
      #expect(leaky[0].isNaN && Array(leaky[1...]) == [inf, -inf, 1000, -500, 0, 0, 3])
      let sigmoid = try y(.sigmoid)
      #expect(sigmoid[0].isNaN && Array(sigmoid[1..<7]) == [1, 0, 1, 0, 0.5, 0.5])
      let tanh = try y(.tanh)
      #expect(tanh[0].isNaN && Array(tanh[1..<7]) == [1, -1, 1, -1, 0, 0])
      #expect(tanh[5].sign == .minus)
    }
  }
}

import Foundation
import Tensors
import TestSupport
import Testing

/// SiLU and GELU and their gradients, on every device against the oracle.
@Suite struct GatedUnitTests {
  /// A function, its value and derivative in double precision.
  struct Unit: Sendable {
    var name: String
    var of: @Sendable (Tensor) throws -> Tensor
    var value: @Sendable (Double) -> Double
    var derivative: @Sendable (Double) -> Double
  }

  static let units = [
    Unit(
      name: "silu", of: { try silu($0) }, value: { $0 / (1 + exp(-$0)) },
      derivative: { x in
        let gate = 1 / (1 + exp(-x))
        return gate + x * gate * (1 - gate)
      }),
    Unit(
      name: "gelu", of: { try gelu($0) }, value: { $0 * erfc(-$0 / 2.0.squareRoot()) / 2 },
      derivative: { erfc(-$0 / 2.0.squareRoot()) / 2 + $0 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }),
    Unit(
      name: "gelu by tanh", of: { try gelu($0, approximates: true) },
      value: { $0 * (1 + tanh(inner($0))) / 2 },
      derivative: { x in
        let t = tanh(inner(x))
        return (1 + t) / 2 + x * (1 - t * t) * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x) / 2
      }),
  ]

  private static func inner(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, unit) in Self.units.enumerated() {
        for count in [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 101, 20_000] {
          var random = SeededGenerator(seed: UInt64(index * 1000 + count))
          var x = random.gaussians([count], scale: count > 101 ? 6 : 2)
          x.values[0] = 0
          let dy = random.gaussians([count])
          let test = TestCase(device, "\(unit.name) of \(count)", seed: random.seed)
          let result = try GradientRun(on: device, [x], dy: dy) { try unit.of($0[0]) }
          let bound = Tolerance.within(absolute: 1e-6, relative: 1e-6)
          try expectClose(result.output, x.map(unit.value), bound, test)
          try expectClose(result.gradients[0], x.combined(with: dy) { unit.derivative($0) * $1 }, bound, test)
          try result.checkCanaries(test)
        }
      }
    }
  }

  @Test func theOraclesDerivativesAreThoseOfDifferences() {
    var random = SeededGenerator(seed: 2)
    let x = random.gaussians([50], scale: 3), dy = random.gaussians([50])
    for unit in Self.units {
      expectGradient(x.combined(with: dy) { unit.derivative($0) * $1 }, ofInput: x, dy: dy, unit.name) {
        $0.map(unit.value)
      }
    }
  }

  /// Large numbers are kept or become zero, with the gradients 1 and 0; NaN stays NaN.
  @Test(arguments: TestDevices.all)
  func specialValues(_ on: TestDevice) throws {
    try on.use { device in
      let x: [Float] = [.nan, .infinity, 1e30, 1000, 50, -50, -1000, -1e30, 0, -0.0]
      for unit in Self.units {
        let input = try device.tensor([x.count], x)
        let result = try gradient(of: input, for: device.filled([x.count], with: 1)) { try unit.of(input) }
        let (y, dx) = try (result.y.values(), result.dx.values())
        #expect(y[0].isNaN && dx[0].isNaN, "\(unit.name) on \(on.name)")
        #expect(y[1] == .infinity && Array(y[2...4]) == [1e30, 1000, 50], "\(unit.name) on \(on.name): \(y)")
        #expect(Array(dx[2...4]) == [1, 1, 1], "\(unit.name) on \(on.name): \(dx)")
        #expect(y[5...9].allSatisfy { abs($0) < 1e-19 }, "\(unit.name) on \(on.name): \(y)")
        #expect(dx[5...7].allSatisfy { abs($0) < 1e-19 } && dx[8] == 0.5 && dx[9] == 0.5, "\(unit.name): \(dx)")
      }
    }
  }
}

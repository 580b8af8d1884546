import Tensors
import TestSupport
import Testing

/// Weights and biases that are themselves computed get the gradients that parameters in their place do: of every operator
/// that takes some, by every kernel for their gradients.
@Suite struct ComputedWeightTests {
  /// An operator on one set of shapes.
  struct Operator: Sendable, CustomTestStringConvertible {
    var name: String
    var x: [Int]
    /// Shapes of weight and bias.
    var weights: [[Int]]
    var run: @Sendable (_ x: Tensor, _ weights: [Tensor]) throws -> Tensor

    var testDescription: String { name }

    init(
      _ name: String, _ x: [Int], _ weights: [[Int]],
      _ run: @escaping @Sendable (_ x: Tensor, _ weights: [Tensor]) throws -> Tensor
    ) {
      (self.name, self.x, self.weights, self.run) = (name, x, weights, run)
    }
  }

  private static let plain = ConvGeometry(kernelSize: 3, padding: 1)
  private static let cell = PoolGeometry(kernelSize: 2)
  private static let key = DropoutKey(seed: 5, layer: 3, step: 2)

  private static func norm(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, training: Bool) throws -> BatchNormArguments {
    let device = x.device
    return BatchNormArguments(
      weight: weight, bias: bias, runningMean: try device.zeros(weight.shape),
      runningVariance: try device.filled(weight.shape, with: 1), training: training)
  }

  static let operators: [Operator] =
    [
      Operator("linear", [5, 7], [[7, 9], [9]]) { try linear($0, weight: $1[0], bias: $1[1]) },
      Operator("linear, tanh", [34, 7], [[7, 9], [9]]) {
        try linear($0, weight: $1[0], bias: $1[1], activation: .tanh)
      },
      Operator("batchNorm2d", [2, 3, 4, 5], [[5], [5]]) {
        try batchNorm2d($0, norm($0, $1[0], $1[1], training: true))
      },
      Operator("batchNorm2d, running", [2, 3, 4, 5], [[5], [5]]) {
        try batchNorm2d($0, norm($0, $1[0], $1[1], training: false))
      },
      Operator("batchNorm2dPool2d", [2, 4, 4, 5], [[5], [5]]) {
        try Joined.batchNorm2dPool2d($0, norm($0, $1[0], $1[1], training: true), .max, cell)
      },
    ]
    + convolutions.map { name, x, outputs, geometry in
      let (kernel, groups) = (geometry.kernelSize, geometry.groups)
      return Operator("conv2d \(name)", x, [[kernel.height, kernel.width, x[3] / groups, outputs], [outputs]]) {
        try conv2d($0, weight: $1[0], bias: $1[1], geometry, activation: .leakyReLU(negativeSlope: 0.5))
      }
    }
    + convolutions.map { name, x, outputs, geometry in
      let (kernel, groups) = (geometry.kernelSize, geometry.groups)
      let shape = [kernel.height, kernel.width, outputs / groups, x[3]]
      return Operator("convTranspose2d \(name)", x, [shape, [outputs]]) {
        try convTranspose2d($0, weight: $1[0], bias: $1[1], geometry, activation: .relu)
      }
    }
    + pooled.flatMap { name, x, outputs in
      let weights = [[3, 3, x[3], outputs], [outputs]]
      return [
        Operator("conv2dMaxPool2d \(name)", x, weights) {
          try Joined.conv2dMaxPool2d($0, weight: $1[0], bias: $1[1], plain, cell)
        },
        Operator("conv2dReluDropoutMaxPool2d \(name)", x, weights) {
          try Joined.conv2dReluDropoutMaxPool2d(
            $0, weight: $1[0], bias: $1[1], plain, cell, probability: 0.5, key: key)
        },
        Operator("conv2dBatchNorm2dPool2d \(name)", x, weights + [[outputs], [outputs]]) {
          try Joined.conv2dBatchNorm2dPool2d(
            $0, weight: $1[0], bias: $1[1], plain, norm($0, $1[2], $1[3], training: true), .max, cell)
        },
      ]
    }

  /// For each way that the gradient of the weights is computed: inputs, outputs and geometry.
  private static let convolutions: [(String, [Int], Int, ConvGeometry)] = [
    ("of a first layer", [3, 6, 5, 1], 5, plain), ("from one channel", [3, 6, 5, 1], 3, ConvGeometry(kernelSize: 4)),
    ("to one channel", [3, 5, 5, 4], 1, ConvGeometry(kernelSize: 2, stride: 2)),
    ("in Winograd's cells", [2, 4, 4, 16], 32, plain),
    ("of groups", [2, 5, 4, 4], 6, ConvGeometry(kernelSize: 2, groups: 2)),
    ("of many images", [36, 4, 4, 3], 5, ConvGeometry(kernelSize: 3, stride: 2, padding: 1)),
  ]

  private static let pooled: [(String, [Int], Int)] = [
    ("of a first layer", [3, 6, 4, 1], 5), ("of many images", [36, 4, 4, 3], 5),
    ("in Winograd's cells", [2, 4, 4, 16], 16),
  ]

  @Test(arguments: TestDevices.all, operators.indices)
  func computedWeightsGetTheGradientsOfParameters(_ on: TestDevice, index: Int) throws {
    let operation = Self.operators[index]
    try on.use { device in
      var random = SeededGenerator(seed: UInt64(index))
      let x = random.integers(operation.x)
      let parts = operation.weights.map { (random.integers($0), random.integers($0)) }
      let whole = parts.map { a, b in a.combined(with: b, +) }
      let y = try operation.run(
        device.tensor(x.shape, x.floats), whole.map { try device.tensor($0.shape, $0.floats) })
      let dy = random.integers(y.shape)
      for wantsInputGradient in [false, true] {
        func run(_ weights: [OracleTensor], _ make: ([Tensor]) throws -> [Tensor]) throws -> [[Float]] {
          let leaves = weights + (wantsInputGradient ? [x] : [])
          let run = try GradientRun(on: device, leaves, dy: dy) { leaves in
            let input = try wantsInputGradient ? leaves.last! : leaves[0].device.tensor(x.shape, x.floats)
            return try operation.run(input, make(Array(leaves.prefix(weights.count))))
          }
          let gradients = try run.gradients.map { try $0.values() }
          try run.checkCanaries(TestCase(device, operation.name, seed: random.seed))
          return gradients
        }
        let expected = try run(whole) { $0 }
        let computed = try run(parts.flatMap { [$0, $1] }) { leaves in
          try parts.indices.map { try add(leaves[2 * $0], leaves[2 * $0 + 1]) }
        }
        for index in parts.indices {
          let message = "input \(index + 1) of \(operation.name) on \(on.name), \(wantsInputGradient)"
          #expect(computed[2 * index] == expected[index], "\(message)")
          #expect(computed[2 * index + 1] == expected[index], "\(message)")
        }
        #expect(!wantsInputGradient || computed.last == expected.last)
      }
    }
  }

  /// A weight that two layers share, of which one computes with it doubled.
  @Test(arguments: TestDevices.all) func aWeightThatIsUsedTwiceGetsBothGradients(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 9)
      let (x, w) = (random.integers([4, 6]), random.integers([6, 6])), dy = random.integers([4, 6])
      let run = try GradientRun(on: device, [w], dy: dy) { leaves in
        let input = try leaves[0].device.tensor(x.shape, x.floats)
        return try linear(linear(input, weight: add(leaves[0], leaves[0]), bias: nil), weight: leaves[0], bias: nil)
      }
      // y = x · 2w · w
      let hidden = Oracle.gemm(x, w).map { 2 * $0 }
      let dHidden = Oracle.gemm(dy, w, transposeB: true)
      let expected = Oracle.gemm(hidden, dy, transposeA: true)
        .combined(with: Oracle.gemm(x, dHidden, transposeA: true)) { $0 + 2 * $1 }
      try expectClose(run.gradients[0], expected, .exact, TestCase(device, "shared weight", seed: 9))
    }
  }
}

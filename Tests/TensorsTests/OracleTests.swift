import Foundation
import Tensors
import TestSupport
import Testing

/// The oracle's gradients against differences of its own forward passes: what checks the kernels is checked here.
@Suite struct OracleTests {
  @Test func matrixProducts() {
    var random = SeededGenerator(seed: 1)
    let (x, w, b) = (random.gaussians([3, 4]), random.gaussians([4, 5]), random.gaussians([5]))
    let dy = random.gaussians([3, 5])
    let g = Oracle.linearGradients(x, weight: w, dy: dy)
    expectGradient(g.dx, ofInput: x, dy: dy, "linear dx") { Oracle.linear($0, weight: w, bias: b) }
    expectGradient(g.weight, ofInput: w, dy: dy, "linear dw") { Oracle.linear(x, weight: $0, bias: b) }
    expectGradient(g.bias, ofInput: b, dy: dy, "linear db") { Oracle.linear(x, weight: w, bias: $0) }
    // (A B)ᵀ = Bᵀ Aᵀ.
    let product = Oracle.gemm(x, w)
    let other = Oracle.gemm(w, x, transposeA: true, transposeB: true)
    for i in 0..<3 { for j in 0..<5 { #expect(product.values[i * 5 + j] == other.values[j * 3 + i]) } }
  }

  static let geometries = [
    ConvGeometry(kernelSize: 3),
    ConvGeometry(kernelSize: Pair(2, 3), stride: Pair(2, 1), padding: Pair(1, 0), dilation: Pair(1, 2), groups: 2),
    ConvGeometry(kernelSize: 1, stride: 3, padding: 1),
  ]

  @Test(arguments: geometries)
  func convolutions(_ g: ConvGeometry) {
    var random = SeededGenerator(seed: 2)
    let x = random.gaussians([2, 5, 6, 4])
    let w = random.gaussians([g.kernelSize.height, g.kernelSize.width, 4 / g.groups, 6])
    let b = random.gaussians([6])
    let dy = random.gaussians(Oracle.conv2d(x, weight: w, bias: b, g).shape)
    let gradients = Oracle.conv2dGradients(x, weight: w, dy: dy, g)
    expectGradient(gradients.dx, ofInput: x, dy: dy, "dx") { Oracle.conv2d($0, weight: w, bias: b, g) }
    expectGradient(gradients.weight, ofInput: w, dy: dy, "dw") { Oracle.conv2d(x, weight: $0, bias: b, g) }
    expectGradient(gradients.bias, ofInput: b, dy: dy, "db") { Oracle.conv2d(x, weight: w, bias: $0, g) }
  }

  @Test(arguments: [
    ConvGeometry(kernelSize: 3, stride: 2, padding: 1, outputPadding: 1),
    ConvGeometry(kernelSize: Pair(2, 3), stride: Pair(3, 1), dilation: Pair(1, 2), groups: 2),
  ])
  func transposedConvolutions(_ g: ConvGeometry) {
    var random = SeededGenerator(seed: 3)
    let x = random.gaussians([2, 4, 3, 4])
    let w = random.gaussians([g.kernelSize.height, g.kernelSize.width, 6 / g.groups, 4])
    let b = random.gaussians([6])
    let dy = random.gaussians(Oracle.convTranspose2d(x, weight: w, bias: b, g).shape)
    let gradients = Oracle.convTranspose2dGradients(x, weight: w, dy: dy, g)
    expectGradient(gradients.dx, ofInput: x, dy: dy, "dx") { Oracle.convTranspose2d($0, weight: w, bias: b, g) }
    expectGradient(gradients.weight, ofInput: w, dy: dy, "dw") { Oracle.convTranspose2d(x, weight: $0, bias: b, g) }
    expectGradient(gradients.bias, ofInput: b, dy: dy, "db") { Oracle.convTranspose2d(x, weight: w, bias: $0, g) }
  }

  /// A transposed convolution is the gradient of a convolution's input, whose weight it shares.
  @Test func transposedConvolutionIsTheInputGradient() {
    var random = SeededGenerator(seed: 4)
    let g = ConvGeometry(kernelSize: 3, stride: 2, padding: 1)
    let x = random.gaussians([2, 7, 7, 4])
    // [KH, KW, C, O] of the convolution is [KH, KW, O, C] of the transposed one.
    let w = random.gaussians([3, 3, 4, 5])
    let dy = random.gaussians([2, 4, 4, 5])
    let expected = Oracle.conv2dGradients(x, weight: w, dy: dy, g).dx
    let result = Oracle.convTranspose2d(dy, weight: w, bias: nil, g)
    #expect(result.shape == expected.shape)
    #expect(zip(result.values, expected.values).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test(arguments: PoolTests.windows.indices)
  func pools(_ index: Int) {
    var random = SeededGenerator(seed: 5)
    for g in [PoolTests.geometries()[index], PoolTests.geometries(countIncludePad: false)[index]] {
      let shape = [2, 5, 6, 3]
      let x = random.distinct(shape)
      let dy = random.gaussians(Oracle.maxPool2d(x, g).shape)
      expectGradient(Oracle.maxPool2dGradient(x, dy: dy, g), ofInput: x, dy: dy, "max") { Oracle.maxPool2d($0, g) }
      expectGradient(Oracle.avgPool2dGradient(shape, dy: dy, g), ofInput: x, dy: dy, "average") {
        Oracle.avgPool2d($0, g)
      }
    }
  }

  @Test(arguments: [true, false])
  func batchNorm(training: Bool) {
    var random = SeededGenerator(seed: 6)
    let data = BatchNormTests.Case(&random, [3, 2, 4, 3])
    func forward(_ x: OracleTensor, _ weight: OracleTensor, _ bias: OracleTensor) -> Oracle.BatchNorm {
      Oracle.batchNorm2d(
        x, weight: weight, bias: bias, runningMean: data.runningMean, runningVariance: data.runningVariance,
        training: training, momentum: 0.1, epsilon: 1e-5)
    }
    let gradients = Oracle.batchNorm2dGradients(
      data.x, weight: data.weight, dy: data.dy, forward(data.x, data.weight, data.bias), training: training,
      epsilon: 1e-5)
    expectGradient(gradients.dx, ofInput: data.x, dy: data.dy, "dx") { forward($0, data.weight, data.bias).y }
    expectGradient(gradients.weight, ofInput: data.weight, dy: data.dy, "dw") { forward(data.x, $0, data.bias).y }
    expectGradient(gradients.bias, ofInput: data.bias, dy: data.dy, "db") { forward(data.x, data.weight, $0).y }
  }

  @Test func losses() {
    var random = SeededGenerator(seed: 7)
    let one = OracleTensor([1], [1])
    let (x, t) = (random.gaussians([5, 7]), random.gaussians([5, 7]))
    let labels: [Int32] = [0, 6, 3, 3, 1]
    expectGradient(Oracle.crossEntropy(x, labels: labels).gradient, ofInput: x, dy: one, "cross entropy") {
      Oracle.crossEntropy($0, labels: labels).loss
    }
    expectGradient(Oracle.meanSquaredError(x, t).gradient, ofInput: x, dy: one, "mean squared error") {
      Oracle.meanSquaredError($0, t).loss
    }
    // Two equal logits: the loss is log 2.
    #expect(Oracle.crossEntropy(OracleTensor(zeros: [1, 2]), labels: [1]).loss.values[0] == log(2.0))
  }

  @Test(arguments: ActivationTests.kinds)
  func activations(_ kind: Activation) {
    var random = SeededGenerator(seed: 8)
    let (x, dy) = (random.gaussians([50]), random.gaussians([50]))
    let gradient = x.combined(with: dy) { Oracle.activationDerivative($0, kind) * $1 }
    expectGradient(gradient, ofInput: x, dy: dy, "\(kind)") { $0.map { Oracle.activation($0, kind) } }
  }

  /// One step by hand: Adam's first step is the learning rate, whatever the gradient; Nesterov looks ahead by momentum.
  @Test func optimizers() {
    let adam = Oracle.adam(
      [1, 1], gradients: [[5, -0.001]], learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0)
    #expect(abs(adam[0] - 0.9) < 1e-12 && abs(adam[1] - 1.1) < 1e-12)
    func sgd(_ momentum: Double, _ nesterov: Bool) -> Double {
      Oracle.sgd(
        [1], gradients: [[1], [1]], learningRate: 0.5, momentum: momentum, nesterov: nesterov, weightDecay: 0)[0]
    }
    #expect(sgd(0, false) == 0)
    #expect(sgd(0.5, false) == 1 - 0.5 - 0.5 * 1.5)
    #expect(sgd(0.5, true) == 1 - 0.5 * 1.5 - 0.5 * (1 + 0.5 * 1.5))
  }
}

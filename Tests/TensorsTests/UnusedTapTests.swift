import Tensors
import TestSupport
import Testing

/// Weights whose gradient is a sum of no products, or of zeros, have a gradient of exactly zero, whichever kernel computes
/// it: an optimizer that divides by the gradient's size, as Adam does, would move them by any rounding error.
@Suite struct UnusedTapTests {
  /// Batch, size, channels, outputs.
  private typealias Case = (batch: Int, size: Pair, channels: Int, outputs: Int, geometry: ConvGeometry)

  /// Filters of which some taps only ever meet padding.
  private static let cases: [Case] = [
    (2, 1, 16, 16, ConvGeometry(kernelSize: 3, padding: 1)), (36, 1, 16, 32, ConvGeometry(kernelSize: 3, padding: 1)),
    (3, Pair(1, 6), 16, 16, ConvGeometry(kernelSize: 3, padding: 1)),
    (3, Pair(6, 1), 16, 16, ConvGeometry(kernelSize: 3, padding: Pair(2, 1))),
    (3, 2, 16, 16, ConvGeometry(kernelSize: 3, stride: 2, padding: 1)),
    (2, 2, 3, 5, ConvGeometry(kernelSize: 5, padding: 2)), (36, 2, 3, 5, ConvGeometry(kernelSize: 5, padding: 2)),
    (2, 2, 4, 6, ConvGeometry(kernelSize: 3, padding: 2, dilation: 2, groups: 2)),
    (2, 1, 1, 5, ConvGeometry(kernelSize: 3, padding: 1)), (2, 2, 1, 5, ConvGeometry(kernelSize: 5, padding: 2)),
    (2, Pair(1, 3), 1, 3, ConvGeometry(kernelSize: 4, stride: 2, padding: 2)),
    (2, 2, 5, 1, ConvGeometry(kernelSize: 5, padding: 2)),
    (2, 1, 5, 1, ConvGeometry(kernelSize: 2, stride: 2, padding: 1)),
    (2, Pair(2, 3), 1, 1, ConvGeometry(kernelSize: 7, padding: 3)),
  ]

  @Test(arguments: TestDevices.all, [false, true])
  func tapsThatMeetPaddingOnlyHaveNone(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      var unused = 0
      for (index, (batch, size, channels, outputs, geometry)) in Self.cases.enumerated() {
        let out = isTransposed ? geometry.transposedOutputSize(of: size) : geometry.outputSize(of: size)
        if out.height < 1 || out.width < 1 { continue }
        var random = SeededGenerator(seed: UInt64(index))
        let x = random.gaussians([batch, size.height, size.width, channels])
        let dy = random.gaussians([batch, out.height, out.width, outputs])
        let test = TestCase(device, "case \(index)\(isTransposed ? " transposed" : "")", seed: random.seed)
        unused += try check(x, dy, geometry, isTransposed: isTransposed, on: device, test) > 0 ? 1 : 0
      }
      #expect(unused >= 9)
    }
  }

  /// On two by two pixels a corner's tap meets one of them; with zeros there or in the output's gradient, as behind ReLU or
  /// before max-pooling, its sum is empty too. One pixel at a time has a gradient here.
  @Test(arguments: TestDevices.all, [false, true])
  func tapsThatMeetZerosOnlyHaveNone(_ on: TestDevice, isTransposed: Bool) throws {
    try on.use { device in
      for channels in [1, 3, 16, 32] {
        for (batch, pixel) in [(1, 0), (2, 1), (36, 3)] {
          var random = SeededGenerator(seed: UInt64(channels))
          let x = random.gaussians([batch, 2, 2, channels])
          var dy = random.gaussians([batch, 2, 2, 16])
          for place in dy.values.indices where place / 16 % 4 != pixel { dy.values[place] = 0 }
          let test = TestCase(
            device, "\(channels) channels, pixel \(pixel)\(isTransposed ? " transposed" : "")", seed: random.seed)
          let unused = try check(
            x, dy, ConvGeometry(kernelSize: 3, padding: 1), isTransposed: isTransposed, on: device, test)
          #expect(unused == 5 * channels * 16)
        }
      }
    }
  }

  /// Holds the gradient of random weights to zero where no product of x and dy goes into it; returns where that is.
  private func check(
    _ x: OracleTensor, _ dy: OracleTensor, _ geometry: ConvGeometry, isTransposed: Bool, on device: any Device,
    _ test: TestCase
  ) throws -> Int {
    let (kernel, groups, channels, outputs) = (geometry.kernelSize, geometry.groups, x.shape[3], dy.shape[3])
    let shape = isTransposed ? [outputs / groups, channels] : [channels / groups, outputs]
    var random = SeededGenerator(seed: 1)
    let w = random.gaussians([kernel.height, kernel.width] + shape)
    let run = try GradientRun(on: device, [x, w], dy: dy) {
      isTransposed
        ? try convTranspose2d($0[0], weight: $0[1], bias: nil, geometry)
        : try conv2d($0[0], weight: $0[1], bias: nil, geometry)
    }
    let gradients = isTransposed ? Oracle.convTranspose2dGradients : Oracle.conv2dGradients
    let sums = gradients(x.magnitude, w, dy.magnitude, geometry).weight.values
    let values = try run.gradients[1].values()
    let unused = sums.indices.filter { sums[$0] == 0 }
    if let place = unused.first(where: { values[$0] != 0 }) {
      Issue.record("\(test): the gradient of weight \(place) is \(values[place]), and there is nothing to add")
    }
    return unused.count
  }
}

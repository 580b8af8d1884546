import Compute
import Tensors
import TestSupport
import Testing

/// Gradients of biases that the launch of the weight's gradient sums beside it, in the tile family: sizes around its tiles,
/// sums cut into chunks and not, written and added. All data are small integers, so results are exact.
@Suite(.enabled(if: !TestDevices.openCL.isEmpty)) struct SumsBesideTests {
  /// Devices of few units and of many, for which sums are cut.
  private func onEach(_ body: (any Device) throws -> Void) throws {
    for units in [1, 132] {
      try body(OpenCLDevice(index: 0, family: .tile, computeUnits: units, programCache: TestDevices.programCache))
    }
  }

  @Test(arguments: [nil, 3] as [Float?]) func linearGradientsMatchOracle(adds: Float?) throws {
    try onEach { device in
      var random = SeededGenerator(seed: 11)
      // The last but one fills the largest tiles, the last does so with rows that are not aligned.
      let sizes = [
        (1, 1, 1), (5, 17, 65), (6, 3, 16), (7, 20, 17), (600, 20, 12), (531, 5, 7), (130, 12, 132), (4, 260, 132),
        (3, 259, 131),
      ]
      for (batch, inputs, outputs) in sizes {
        let x = random.integers([batch, inputs]), w = random.integers([inputs, outputs])
        let b = random.integers([outputs]), dy = random.integers([batch, outputs])
        let run = try GradientRun(on: device, [x, w, b], dy: dy, alreadyThere: adds) {
          try linear($0[0], weight: $0[1], bias: $0[2])
        }
        let wanted = Oracle.linearGradients(x, weight: w, dy: dy)
        try expectGradients(
          run, [wanted.dx, wanted.weight, wanted.bias], [], terms: [], isExact: true, adds: adds,
          TestCase(device, "linear \(batch)×\(inputs)→\(outputs)", seed: 11))
      }
    }
  }

  @Test(arguments: [false, true], [nil, 3] as [Float?])
  func convolutionsMatchOracle(isTransposed: Bool, adds: Float?) throws {
    let plain = ConvGeometry(kernelSize: 3, padding: 1)
    // Filters that overlap, that leave gaps and that leave pixels over.
    let steps = ConvGeometry(kernelSize: 5, stride: 2, padding: 1)
    let gaps = ConvGeometry(kernelSize: 2, stride: 3)
    try onEach { device in
      var random = SeededGenerator(seed: 12)
      let cases: [(batch: Int, size: Pair, channels: Int, outputs: Int, geometry: ConvGeometry)] = [
        (3, Pair(6, 7), 4, 8, plain), (2, Pair(5, 7), 3, 5, plain), (2, Pair(6, 5), 1, 1, steps),
        (9, Pair(14, 15), 4, 16, plain), (9, Pair(14, 15), 5, 17, steps), (3, Pair(12, 10), 2, 33, gaps),
        (8, Pair(28, 28), 1, 32, plain), (3, Pair(4, 5), 68, 132, plain),
        (4, Pair(9, 8), 6, 9, ConvGeometry(kernelSize: 3, padding: 1, groups: 3)),
        (4, Pair(9, 8), 16, 72, ConvGeometry(kernelSize: 3, stride: 2, groups: 2)),
      ]
      for test in cases {
        let (geometry, size) = (test.geometry, test.size)
        let (kh, kw, groups) = (geometry.kernelSize.height, geometry.kernelSize.width, geometry.groups)
        let out = isTransposed ? geometry.transposedOutputSize(of: size) : geometry.outputSize(of: size)
        let x = random.integers([test.batch, size.height, size.width, test.channels])
        let w = random.integers(
          isTransposed
            ? [kh, kw, test.outputs / groups, test.channels] : [kh, kw, test.channels / groups, test.outputs])
        let dy = random.integers([test.batch, out.height, out.width, test.outputs])
        let run = try GradientRun(
          on: device, [x, w, random.integers([test.outputs])], dy: dy, alreadyThere: adds
        ) {
          isTransposed
            ? try convTranspose2d($0[0], weight: $0[1], bias: $0[2], geometry)
            : try conv2d($0[0], weight: $0[1], bias: $0[2], geometry)
        }
        let gradients = isTransposed ? Oracle.convTranspose2dGradients : Oracle.conv2dGradients
        let wanted = gradients(x, w, dy, geometry)
        try expectGradients(
          run, [wanted.dx, wanted.weight, wanted.bias], [], terms: [], isExact: true, adds: adds,
          TestCase(device, "\(isTransposed ? "transposed " : "")\(x.shape)→\(dy.shape) \(geometry)", seed: 12))
      }
    }
  }
}

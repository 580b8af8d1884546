import Tensors
import TestSupport
import Testing

/// What is peculiar to the tile family, beside the tests that every family passes: sizes around its tiles, each
/// configuration, sums cut into chunks. All data are small integers, so results are exact.
@Suite struct TileFamilyTests {
  @Test(arguments: TestDevices.tile)
  func gemmMatchesOracleAroundTheTiles(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 5)
      let shapes = [
        (1, 1, 1), (16, 64, 16), (17, 65, 17), (15, 63, 15), (64, 16, 33), (65, 17, 31), (63, 15, 1), (64, 32, 16),
        (65, 33, 17), (64, 64, 16), (65, 65, 15), (128, 256, 8), (257, 129, 9), (255, 127, 7), (3, 5, 1030),
        (20, 20, 2049), (1, 1, 5000),
        // Rows of whole vectors, for the kernels that load them so; the first fill the largest tiles.
        (256, 256, 28), (260, 132, 20), (13, 10, 129), (40, 24, 784), (33, 17, 1000), (68, 36, 100), (20, 12, 132),
        (12, 72, 68), (64, 64, 520),
      ]
      for (m, n, k) in shapes {
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
          let a = random.integers(transposeA ? [k, m] : [m, k]), b = random.integers(transposeB ? [n, k] : [k, n])
          let c = random.integers([m, n])
          let canaries = Canaries(on: device)
          let y = try gemm(
            canaries.tensor(a), canaries.tensor(b), transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: -1,
            c: canaries.tensor(c))
          let test = TestCase(device, "gemm \(m)×\(n)×\(k) \(transposeA) \(transposeB)", seed: 5)
          let wanted = Oracle.gemm(
            a, b, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: -1, c: c)
          try expectClose(y, wanted, .exact, test)
          try canaries.check(test)
        }
      }
    }
  }

  /// Strides beyond the image leave phases without pixels or taps; many pixels are cut into chunks.
  @Test(arguments: TestDevices.tile)
  func convolutionsMatchOracleAtTheirLimits(_ on: TestDevice) throws {
    try on.use { device in
      try check(device, [1, 1, 2, 3], outputs: 5, ConvGeometry(kernelSize: 1, stride: 4))
      try check(device, [2, 5, 3, 4], outputs: 6, ConvGeometry(kernelSize: 2, stride: 7, padding: 3, groups: 2))
      try check(
        device, [2, 9, 9, 6], outputs: 6, ConvGeometry(kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 6))
      try check(
        device, [1, 12, 10, 2], outputs: 3,
        ConvGeometry(kernelSize: Pair(4, 3), stride: Pair(6, 4), padding: Pair(1, 5), dilation: Pair(3, 2)))
      try check(device, [3, 28, 28, 1], outputs: 16, ConvGeometry(kernelSize: 3, padding: 1))
      try check(device, [2, 17, 15, 33], outputs: 65, ConvGeometry(kernelSize: 1))
      try check(device, [1, 13, 11, 65], outputs: 31, ConvGeometry(kernelSize: 3, stride: 2))
      // More taps than the family has bits for.
      try check(device, [1, 20, 19, 3], outputs: 4, ConvGeometry(kernelSize: Pair(17, 3), padding: Pair(2, 1)))
      try check(device, [2, 18, 17, 4], outputs: 4, ConvGeometry(kernelSize: 16, padding: 3))
    }
  }

  /// Channels that are whole vectors of four on either side, on both, and in groups; sums long enough to be cut in each
  /// pass.
  @Test(arguments: TestDevices.tile)
  func convolutionsOfWholeVectorsMatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      let plain = ConvGeometry(kernelSize: 3, padding: 1)
      for (channels, outputs) in [(8, 12), (3, 8), (8, 5), (4, 68), (36, 20), (1, 4)] {
        try check(device, [2, 9, 10, channels], outputs: outputs, plain)
        try check(
          device, [3, 7, 5, channels], outputs: outputs, ConvGeometry(kernelSize: Pair(2, 4), stride: Pair(2, 1)))
      }
      try check(device, [2, 6, 7, 16], outputs: 24, ConvGeometry(kernelSize: 3, padding: 1, groups: 2))
      try check(device, [2, 6, 7, 8], outputs: 24, ConvGeometry(kernelSize: 3, stride: 2, dilation: 2, groups: 2))
      try check(device, [1, 5, 6, 64], outputs: 8, plain)
      try check(device, [1, 5, 6, 8], outputs: 64, plain)
      try check(device, [1, 4, 3, 67], outputs: 66, plain)
      try check(device, [9, 30, 31, 4], outputs: 8, plain)
    }
  }

  private func check(_ device: any Device, _ shape: [Int], outputs: Int, _ geometry: ConvGeometry) throws {
    var random = SeededGenerator(seed: 9)
    let kernel = geometry.kernelSize
    let out = geometry.outputSize(of: Pair(shape[1], shape[2]))
    let x = random.integers(shape), b = random.integers([outputs])
    let w = random.integers([kernel.height, kernel.width, shape[3] / geometry.groups, outputs])
    let dy = random.integers([shape[0], out.height, out.width, outputs])
    let run = try GradientRun(on: device, [x, w, b], dy: dy, alreadyThere: 3) {
      try conv2d($0[0], weight: $0[1], bias: $0[2], geometry)
    }
    let test = TestCase(device, "conv2d \(shape)→\(dy.shape) \(geometry)", seed: 9)
    try expectClose(run.output, Oracle.conv2d(x, weight: w, bias: b, geometry), .exact, test)
    let wanted = Oracle.conv2dGradients(x, weight: w, dy: dy, geometry)
    try expectGradients(
      run, [wanted.dx, wanted.weight, wanted.bias], [wanted.dx, wanted.weight, wanted.bias], terms: [1, 1, 1],
      isExact: true, adds: 3, test)
  }

  /// The same bits when run again, chunks and all.
  @Test(arguments: TestDevices.tile)
  func isDeterministic(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 3)
      let a = random.gaussians([9, 3000]), b = random.gaussians([3000, 7])
      let run = { try gemm(device.tensor(a.shape, a.floats), device.tensor(b.shape, b.floats)).values() }
      let (first, second) = (try run(), try run())
      #expect(first.map(\.bitPattern) == second.map(\.bitPattern))
    }
  }

  /// Sums by work-groups of the smallest size and of the usual one, of few and of many rows and columns.
  @Test(arguments: TestDevices.tile, [64, 256])
  func sumsMatchOracleInGroups(_ on: TestDevice, of items: Int) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 7)
      let canaries = Canaries(on: device)
      canaries.properties.maximumWorkGroupSize = items
      for shape in [[3, 300], [1, 1030], [9, 2052], [511, 6], [513, 40], [2050, 7], [40_003, 36]] {
        let x = random.integers(shape)
        let test = TestCase(device, "sums of \(shape) in groups of \(items)", seed: 7)
        let columns = try canaries.tensor([shape[1]])
        try columnSum(canaries.tensor(x), into: columns, accumulate: false)
        try expectClose(columns, Oracle.columnSum(x), .exact, test)
        let total = OracleTensor([1], [x.values.reduce(0, +)])
        try expectClose(sum(canaries.tensor(x)), total, .exact, test)
        try canaries.check(test)
      }
    }
  }
}

import Tensors
import TestSupport
import Testing

/// Max-pooling by 2×2 windows with ReLU and dropout around it, in the tile family, behind a convolution or by itself: whole
/// numbers, which have many ties, against the oracle.
@Suite struct MaxPool2x2Tests {
  /// What is around the pooling.
  enum Kind: CaseIterable {
    case nothing, relu, dropoutBefore, dropoutBehind

    /// With a scale of 2, so that all numbers stay whole.
    func window(_ key: DropoutKey) -> WindowFunction {
      let mask = DropoutMask(probability: 0.5, key: key)
      switch self {
      case .nothing: return WindowFunction(isReLU: false)
      case .relu: return WindowFunction(isReLU: true)
      case .dropoutBefore: return WindowFunction(isReLU: true, dropout: mask, isBefore: true)
      case .dropoutBehind: return WindowFunction(isReLU: true, dropout: mask)
      }
    }
  }

  struct Case: CustomTestStringConvertible {
    var batch: Int
    var size: Pair
    var channels, outputs: Int
    var geometry: ConvGeometry
    var testDescription: String { "\(batch)×\(size)×\(channels)→\(outputs) \(geometry)" }
  }

  /// Channels that are whole vectors and not, outputs of odd sizes, groups, more windows and columns than a tile's, sums cut
  /// into slices, and sums too long for one work-group.
  static let cases: [Case] = [
    Case(batch: 3, size: Pair(6, 8), channels: 3, outputs: 5, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    Case(batch: 2, size: Pair(7, 9), channels: 4, outputs: 8, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    Case(
      batch: 2, size: Pair(9, 12), channels: 4, outputs: 24,
      geometry: ConvGeometry(
        kernelSize: Pair(2, 3), stride: Pair(1, 2), padding: Pair(0, 2), dilation: Pair(2, 1), groups: 2)),
    Case(batch: 9, size: Pair(11, 10), channels: 1, outputs: 33, geometry: ConvGeometry(kernelSize: 3)),
    Case(batch: 5, size: 9, channels: 8, outputs: 72, geometry: ConvGeometry(kernelSize: 2)),
    Case(batch: 1, size: 6, channels: 64, outputs: 8, geometry: ConvGeometry(kernelSize: 3)),
    Case(batch: 1, size: 7, channels: 67, outputs: 7, geometry: ConvGeometry(kernelSize: 3, padding: 1)),
    Case(batch: 1, size: 6, channels: 128, outputs: 8, geometry: ConvGeometry(kernelSize: 3)),
  ]

  /// The values behind ReLU and dropout, and the factors of their gradients.
  private func dropped(_ x: OracleTensor, _ kind: Kind, _ key: DropoutKey) -> (y: OracleTensor, factors: OracleTensor) {
    let factors = OracleTensor(
      x.shape,
      x.values.indices.map {
        let isDropout = kind == .dropoutBefore || kind == .dropoutBehind
        let keeps =
          !isDropout || Oracle.dropoutKeeps($0, probability: 0.5, seed: key.seed, layer: key.layer, step: key.step)
        if kind == .nothing { return 1 }
        return keeps && x.values[$0] > 0 ? (isDropout ? 2 : 1) : 0
      })
    return (x.combined(with: factors, *), factors)
  }

  /// The pooled values, and the gradient of z from theirs.
  private func pooled(
    _ z: OracleTensor, _ kind: Kind, _ key: DropoutKey
  ) -> (y: OracleTensor, gradient: (OracleTensor) -> OracleTensor) {
    let pool = PoolGeometry(kernelSize: 2)
    if kind == .dropoutBehind {
      let largest = Oracle.maxPool2d(z, pool)
      let (y, factors) = dropped(largest, kind, key)
      return (y, { Oracle.maxPool2dGradient(z, dy: $0.combined(with: factors, *), pool) })
    }
    let (before, factors) = dropped(z, kind, key)
    return (
      Oracle.maxPool2d(before, pool), { Oracle.maxPool2dGradient(before, dy: $0, pool).combined(with: factors, *) }
    )
  }

  @Test(arguments: TestDevices.tile, cases)
  func convolutionsMatchOracle(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      for (index, kind) in Kind.allCases.enumerated() { try check(device, test, kind, seed: UInt64(index)) }
    }
  }

  private func check(_ device: any Device, _ test: Case, _ kind: Kind, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let g = test.geometry, key = DropoutKey(seed: 42, layer: 3, step: 9)
    let x = random.integers([test.batch, test.size.height, test.size.width, test.channels])
    let w = random.integers([g.kernelSize.height, g.kernelSize.width, test.channels / g.groups, test.outputs])
    let b = random.integers([test.outputs])
    let z = Oracle.conv2d(x, weight: w, bias: b, g)
    let (y, gradient) = pooled(z, kind, key)
    let dy = random.integers(y.shape)
    let wanted = Oracle.conv2dGradients(x, weight: w, dy: gradient(dy), g)
    let name = TestCase(device, "conv2dMaxPool2x2 \(test.testDescription), \(kind)", seed: seed)
    let run = try GradientRun(on: device, [x, w, b], dy: dy) {
      try FusedOps.conv2dMaxPool2x2($0[0], weight: $0[1], bias: $0[2], g, kind.window(key))
    }
    try expectClose(run.output, y, .exact, name)
    let gradients = [wanted.dx, wanted.weight, wanted.bias]
    try expectGradients(run, gradients, gradients, terms: [1, 1, 1], isExact: true, adds: nil, name)
  }

  /// Without a convolution in front, and without a tape.
  @Test(arguments: TestDevices.tile, Kind.allCases)
  func poolingMatchesOracle(_ on: TestDevice, _ kind: Kind) throws {
    try on.use { device in
      let key = DropoutKey(seed: 42, layer: 3, step: 9)
      for (seed, shape) in [[2, 6, 8, 8], [3, 7, 5, 5], [1, 2, 3, 17], [40, 5, 4, 36]].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.integers(shape), (y, gradient) = pooled(x, kind, key), dy = random.integers(y.shape)
        let name = TestCase(device, "maxPool2x2 of \(shape), \(kind)", seed: UInt64(seed))
        let run = try GradientRun(on: device, [x], dy: dy) { try FusedOps.maxPool2x2($0[0], kind.window(key)) }
        try expectClose(run.output, y, .exact, name)
        try expectClose(run.gradients[0], gradient(dy), .exact, name)
        try run.checkCanaries(name)
        try expectClose(
          FusedOps.maxPool2x2(device.tensor(shape, x.floats), kind.window(key)), y, .exact, name)
      }
    }
  }

  @Test(arguments: TestDevices.tile)
  func gradientPassesNaN(_ on: TestDevice) throws {
    try on.use { device in
      let x = try device.tensor([1, 2, 4, 1], [1, .nan, -1, -2, 3, 2, -3, -4])
      let dx = try gradient(of: x, for: device.filled([1, 1, 2, 1], with: 1)) {
        try FusedOps.maxPool2x2(x, WindowFunction(isReLU: true))
      }.dx.values()
      #expect(dx == [0, 1, 0, 0, 0, 0, 0, 0])
    }
  }

  /// One launch forward, and one for the gradient of what is around the pooling.
  @Test(arguments: TestDevices.tile)
  func launchesAreCounted(_ on: TestDevice) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 8)
      let values = random.integers([40, 6, 6, 4])
      let weight = try device.tensor([3, 3, 4, 4], random.integers([3, 3, 4, 4]).floats)
      let x = try device.tensor(values.shape, values.floats), dy = try device.filled([40, 3, 3, 4], with: 1)
      let before = device.counters.launches
      _ = try gradient(of: x, for: dy) {
        try FusedOps.conv2dMaxPool2x2(
          x, weight: weight, bias: nil, ConvGeometry(kernelSize: 3, padding: 1),
          Kind.dropoutBehind.window(DropoutKey(seed: 1, layer: 2, step: 3)))
      }
      // The input's is the third.
      #expect(device.counters.launches - before == 3)
    }
  }
}

import Tensors
import TestSupport
import Testing

/// A convolution and the max-pooling behind it as one operator: whole numbers, which have many ties, against the oracle;
/// real ones against the operators one after another, bit for bit.
@Suite struct ConvPoolTests {
  /// One convolution, and the pool behind it.
  struct Case: CustomTestStringConvertible {
    var channels: Int
    var outputs: Int
    var size: Pair
    var geometry: ConvGeometry
    var pool: PoolGeometry
    var batch = 33

    var testDescription: String { "\(batch)×\(size)×\(channels)→\(outputs) \(geometry), pool \(pool.kernelSize)" }
    var weightShape: [Int] {
      [geometry.kernelSize.height, geometry.kernelSize.width, channels / geometry.groups, outputs]
    }
    var inputShape: [Int] { [batch, size.height, size.width, channels] }
  }

  static let cells2 = PoolGeometry(kernelSize: 2)

  /// Layers whose input wants a gradient, by tiles of images: odd sizes, remainders behind the last window, groups.
  static let inner: [Case] = [
    Case(channels: 3, outputs: 5, size: Pair(6, 7), geometry: ConvGeometry(kernelSize: 3, padding: 1), pool: cells2),
    Case(channels: 16, outputs: 33, size: 5, geometry: ConvGeometry(kernelSize: 3), pool: PoolGeometry(kernelSize: 3)),
    Case(
      channels: 4, outputs: 6, size: Pair(9, 8),
      geometry: ConvGeometry(kernelSize: Pair(2, 3), stride: Pair(2, 1), padding: 1, dilation: Pair(1, 2), groups: 2),
      pool: PoolGeometry(kernelSize: Pair(2, 3))),
    Case(channels: 1, outputs: 9, size: 6, geometry: ConvGeometry(kernelSize: 3, padding: 1), pool: cells2, batch: 50),
    // In cells of 2×2 outputs, without and with remainders.
    Case(channels: 16, outputs: 48, size: 6, geometry: ConvGeometry(kernelSize: 3, padding: 1), pool: cells2),
    Case(channels: 32, outputs: 16, size: Pair(9, 13), geometry: ConvGeometry(kernelSize: 3), pool: cells2),
  ]

  private static let tooWide = Case(
    channels: 1, outputs: 65, size: Pair(4, 66), geometry: ConvGeometry(kernelSize: 3), pool: cells2, batch: 32)

  /// First layers, whose input wants none.
  static let first: [Case] = [
    Case(channels: 1, outputs: 5, size: Pair(7, 6), geometry: ConvGeometry(kernelSize: 3, padding: 1), pool: cells2),
    Case(channels: 1, outputs: 17, size: Pair(8, 9), geometry: ConvGeometry(kernelSize: 3), pool: cells2, batch: 35),
    Case(
      channels: 1, outputs: 8, size: 5, geometry: ConvGeometry(kernelSize: 3, padding: Pair(2, 0)), pool: cells2,
      batch: 64),
    // As many elements in two lines as a work-item keeps numbers of a dropout's mask for, or almost, with lines that begin
    // anywhere in a group of numbers, or more.
    Case(channels: 1, outputs: 65, size: Pair(6, 65), geometry: ConvGeometry(kernelSize: 3), pool: cells2, batch: 32),
    Case(channels: 1, outputs: 64, size: Pair(4, 66), geometry: ConvGeometry(kernelSize: 3), pool: cells2, batch: 32),
    tooWide,
    Case(channels: 1, outputs: 4, size: 6, geometry: ConvGeometry(kernelSize: 3), pool: cells2, batch: 3),
    // Not what the kernels for first layers take.
    Case(channels: 1, outputs: 4, size: 6, geometry: ConvGeometry(kernelSize: 2), pool: cells2),
    Case(channels: 2, outputs: 4, size: 5, geometry: ConvGeometry(kernelSize: 3), pool: PoolGeometry(kernelSize: 3)),
  ]

  @Test(arguments: TestDevices.all, inner)
  func innerLayersMatchOracle(_ on: TestDevice, _ test: Case) throws {
    try check(on, test, needsInputGradient: true)
  }

  @Test(arguments: TestDevices.all, first)
  func firstLayersMatchOracle(_ on: TestDevice, _ test: Case) throws {
    try check(on, test, needsInputGradient: false)
  }

  private func check(_ on: TestDevice, _ test: Case, needsInputGradient: Bool) throws {
    try on.use { device in
      for adds in [nil, 2 as Float?] {
        var random = SeededGenerator(seed: UInt64(test.outputs))
        let x = random.integers(test.inputShape)
        let (w, b) = (random.integers(test.weightShape), random.integers([test.outputs]))
        let convolved = Oracle.conv2d(x, weight: w, bias: b, test.geometry)
        let expected = Oracle.maxPool2d(convolved, test.pool)
        let dy = random.integers(expected.shape)
        let dz = Oracle.maxPool2dGradient(convolved, dy: dy, test.pool)
        let wanted = Oracle.conv2dGradients(x, weight: w, dy: dz, test.geometry)
        let run = try GradientRun(on: device, (needsInputGradient ? [x] : []) + [w, b], dy: dy, alreadyThere: adds) {
          let input = try needsInputGradient ? $0[0] : $0[0].device.tensor(x.shape, x.floats)
          return try Joined.conv2dMaxPool2d(
            input, weight: $0[$0.count - 2], bias: $0[$0.count - 1], test.geometry, test.pool)
        }
        let name = TestCase(device, "conv2dMaxPool2d \(test.testDescription)", seed: random.seed)
        try expectClose(run.output, expected, .exact, name)
        let gradients = (needsInputGradient ? [wanted.dx] : []) + [wanted.weight, wanted.bias]
        try expectGradients(
          run, gradients, gradients, terms: gradients.map { _ in 1 }, isExact: true, adds: adds, name)
      }
    }
  }

  /// Dropout of ReLU between the two, with a scale of 2, so that all numbers stay whole.
  @Test(arguments: TestDevices.all, first)
  func dropoutBeforeThePoolMatchesOracle(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      var random = SeededGenerator(seed: UInt64(test.outputs))
      let key = DropoutKey(seed: 42, layer: 2, step: 9)
      let x = random.integers(test.inputShape)
      let (w, b) = (random.integers(test.weightShape), random.integers([test.outputs]))
      let convolved = Oracle.conv2d(x, weight: w, bias: b, test.geometry)
      let factors = OracleTensor(
        convolved.shape,
        convolved.values.indices.map {
          let keeps = Oracle.dropoutKeeps($0, probability: 0.5, seed: key.seed, layer: key.layer, step: key.step)
          return keeps && convolved.values[$0] > 0 ? 2 : 0
        })
      let dropped = convolved.combined(with: factors, *)
      let expected = Oracle.maxPool2d(dropped, test.pool)
      let dy = random.integers(expected.shape)
      let dz = Oracle.maxPool2dGradient(dropped, dy: dy, test.pool).combined(with: factors, *)
      let wanted = Oracle.conv2dGradients(x, weight: w, dy: dz, test.geometry)
      let run = try GradientRun(on: device, [w, b], dy: dy) {
        try Joined.conv2dReluDropoutMaxPool2d(
          $0[0].device.tensor(x.shape, x.floats), weight: $0[0], bias: $0[1], test.geometry, test.pool,
          probability: 0.5, key: key)
      }
      let name = TestCase(device, "conv2dReluDropoutMaxPool2d \(test.testDescription)", seed: random.seed)
      try expectClose(run.output, expected, .exact, name)
      let gradients = [wanted.weight, wanted.bias]
      try expectGradients(run, gradients, gradients, terms: [1, 1], isExact: true, adds: nil, name)
    }
  }

  /// Real numbers, NaN among them, and an activation as in evaluation: the bits of the operators one after another.
  @Test(arguments: TestDevices.all, inner + first)
  func isConvolutionThenPooling(_ on: TestDevice, _ test: Case) throws {
    try on.use { device in
      var random = SeededGenerator(seed: 5)
      var x = random.gaussians(test.inputShape).floats
      x[x.count / 2] = .nan
      let input = try device.tensor(test.inputShape, x)
      let weight = try device.tensor(test.weightShape, random.gaussians(test.weightShape).floats)
      let bias = try device.tensor([test.outputs], random.gaussians([test.outputs]).floats)
      for activation in [Activation.none, .relu] {
        let fused = try Joined.conv2dMaxPool2d(
          input, weight: weight, bias: bias, test.geometry, test.pool, activation: activation
        ).values()
        let apart = try maxPool2d(
          conv2d(input, weight: weight, bias: bias, test.geometry, activation: activation), test.pool
        ).values()
        #expect(fused.map(\.bitPattern) == apart.map(\.bitPattern))
        #expect(fused.contains { $0.isNaN } && !fused.allSatisfy { $0.isNaN })
      }
    }
  }

  /// Such a layer takes fewer launches than its parts, and no memory for the convolution's output.
  @Test func launchesAreCounted() throws {
    try TestDevices.cpu.use { device in
      let test = Self.first[0]
      let x = try device.zeros(test.inputShape), bias = try device.zeros([test.outputs])
      let weight = try device.zeros(test.weightShape)
      func launches(_ body: () throws -> Tensor) rethrows -> Int {
        let before = device.counters.launches
        _ = try body()
        return device.counters.launches - before
      }
      let fused = try launches { try Joined.conv2dMaxPool2d(x, weight: weight, bias: bias, test.geometry, test.pool) }
      let apart = try launches {
        try maxPool2d(conv2d(x, weight: weight, bias: bias, test.geometry), test.pool)
      }
      #expect(fused == 2 && apart == 3)

      let key = DropoutKey(seed: 1, layer: 2, step: 3)
      #expect(try launches { try Joined.reluDropoutMaxPool2d(x, test.pool, probability: 0.5, key: key) } == 1)
      func launchesWithDropout(_ test: Case) throws -> Int {
        let x = try device.zeros(test.inputShape), zeros = try device.zeros(test.weightShape)
        let slot = GradientSlot(tensor: zeros)
        let weight = Tensor(shape: zeros.shape, buffer: zeros.buffer, gradient: slot, requiresGradient: true)
        return try launches {
          try Tape().recording {
            try Joined.conv2dReluDropoutMaxPool2d(
              x, weight: weight, bias: nil, test.geometry, test.pool, probability: 0.5, key: key)
          }
        }
      }
      #expect(try launchesWithDropout(Self.first[0]) == 2)
      #expect(try launchesWithDropout(Self.first[1]) == 1)
      #expect(try launchesWithDropout(Self.tooWide) == 3)
    }
  }
}

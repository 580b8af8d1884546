import Tensors
import TestSupport
import Testing

/// Pooling on every device against the oracle: overlapping windows, gaps, padding, cells with remainders, ties, NaN.
@Suite struct PoolTests {
  /// Kernel, stride, padding.
  static let windows: [(Pair, Pair, Pair)] = [
    (2, 2, 0), (3, 3, 0), (1, 1, 0), (1, 2, 0), (2, 1, 0), (3, 2, 0), (3, 2, 1), (2, 2, 1), (2, 3, 1), (3, 1, 1),
    (4, 3, 2), (Pair(2, 3), Pair(2, 3), 0), (Pair(3, 1), Pair(1, 2), Pair(1, 0)), (Pair(2, 5), Pair(3, 2), Pair(0, 2)),
  ]
  static let channels = [1, 3, 4, 7, 8, 9, 15, 16, 17, 33]

  static func geometries(countIncludePad: Bool = true) -> [PoolGeometry] {
    windows.map { PoolGeometry(kernelSize: $0, stride: $1, padding: $2, countIncludePad: countIncludePad) }
  }

  /// A batch of images that the window fits into.
  static func shape(_ random: inout SeededGenerator, _ g: PoolGeometry) -> [Int] {
    let rows = [1, 2, 5, 7, 8, 13].filter { $0 + 2 * g.padding.height >= g.kernelSize.height }
    let columns = [1, 2, 5, 6, 11, 14].filter { $0 + 2 * g.padding.width >= g.kernelSize.width }
    return [random.pick([1, 2, 3]), random.pick(rows), random.pick(columns), random.pick(channels)]
  }

  @Test(arguments: TestDevices.all)
  func maxPoolMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, g) in Self.geometries().enumerated() {
        for repetition in 0..<4 {
          var random = SeededGenerator(seed: UInt64(index * 4 + repetition))
          let shape = Self.shape(&random, g)
          // Distinct values, and few different ones, where most windows have ties.
          let x = repetition % 2 == 0 ? random.distinct(shape) : random.integers(shape)
          let expected = Oracle.maxPool2d(x, g)
          let dy = random.integers(expected.shape)
          let test = TestCase(device, "maxPool2d \(g) of \(shape)", seed: random.seed)
          let canaries = Canaries(on: device)
          let input = try canaries.tensor(x)
          let result = try gradient(of: input, for: canaries.tensor(dy)) { try maxPool2d(input, g) }
          try expectClose(result.y, expected, .exact, test)
          try expectClose(result.dx, Oracle.maxPool2dGradient(x, dy: dy, g), .exact, test)
          // Without a tape there is no winner to store.
          try expectClose(maxPool2d(canaries.tensor(x), g), expected, .exact, test)
          try canaries.check(test)
        }
      }
    }
  }

  /// The fused operator against the three that it stands for, with cells and with windows that overlap.
  @Test(arguments: TestDevices.all)
  func reluDropoutMaxPoolMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      let key = DropoutKey(seed: 42, layer: 2, step: 9)
      for (index, g) in [
        PoolGeometry(kernelSize: 2), PoolGeometry(kernelSize: 3), PoolGeometry(kernelSize: 3, stride: 2, padding: 1),
      ].enumerated() {
        for shape in [[2, 6, 6, 8], [1, 7, 5, 5], [3, 9, 10, 17]] {
          var random = SeededGenerator(seed: UInt64(index))
          let x = random.distinct(shape)
          let factors = OracleTensor(
            shape,
            x.values.indices.map {
              let keeps = Oracle.dropoutKeeps($0, probability: 0.5, seed: key.seed, layer: key.layer, step: key.step)
              return keeps && x.values[$0] > 0 ? 2 : 0
            })
          let dropped = x.combined(with: factors, *)
          let expected = Oracle.maxPool2d(dropped, g)
          let dy = random.integers(expected.shape)
          let dx = Oracle.maxPool2dGradient(dropped, dy: dy, g).combined(with: factors, *)
          let test = TestCase(device, "reluDropoutMaxPool2d \(g) of \(shape)", seed: random.seed)
          let canaries = Canaries(on: device)
          let input = try canaries.tensor(x)
          let result = try gradient(of: input, for: canaries.tensor(dy)) {
            try Joined.reluDropoutMaxPool2d(input, g, probability: 0.5, key: key)
          }
          try expectClose(result.y, expected, .exact, test)
          try expectClose(result.dx, dx, .exact, test)
          try expectClose(
            Joined.reluDropoutMaxPool2d(canaries.tensor(x), g, probability: 0.5, key: key), expected, .exact, test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all, [true, false])
  func averagePoolMatchesOracle(_ on: TestDevice, countIncludePad: Bool) throws {
    try on.use { device in
      for (index, g) in Self.geometries(countIncludePad: countIncludePad).enumerated() {
        for repetition in 0..<3 {
          var random = SeededGenerator(seed: UInt64(index * 3 + repetition))
          let shape = Self.shape(&random, g)
          let x = random.gaussians(shape)
          let expected = Oracle.avgPool2d(x, g)
          let dy = random.gaussians(expected.shape)
          let test = TestCase(device, "avgPool2d \(g) of \(shape)", seed: random.seed)
          let canaries = Canaries(on: device)
          let input = try canaries.tensor(x)
          let result = try gradient(of: input, for: canaries.tensor(dy)) { try avgPool2d(input, g) }
          let terms = g.kernelSize.height * g.kernelSize.width
          try expectClose(result.y, expected, .sum(terms: terms, magnitude: Oracle.avgPool2d(x.magnitude, g)), test)
          try expectClose(
            result.dx, Oracle.avgPool2dGradient(shape, dy: dy, g),
            .sum(terms: terms, magnitude: Oracle.avgPool2dGradient(shape, dy: dy.magnitude, g)), test)
          try canaries.check(test)
        }
      }
    }
  }

  /// Powers of two divide exactly.
  @Test(arguments: TestDevices.all)
  func averagesOfIntegersAreExact(_ on: TestDevice) throws {
    try on.use { device in
      for (kernel, shape) in [(2, [2, 6, 8, 17]), (4, [1, 9, 8, 5]), (1, [1, 3, 2, 8])] {
        var random = SeededGenerator(seed: UInt64(kernel))
        let g = PoolGeometry(kernelSize: Pair(both: kernel))
        let x = random.integers(shape)
        let dy = random.integers(Oracle.avgPool2d(x, g).shape)
        let input = try device.tensor(x.shape, x.floats)
        let result = try gradient(of: input, for: device.tensor(dy.shape, dy.floats)) { try avgPool2d(input, g) }
        let test = TestCase(device, "avgPool2d of integers, \(kernel)", seed: random.seed)
        try expectClose(result.y, Oracle.avgPool2d(x, g), .exact, test)
        try expectClose(result.dx, Oracle.avgPool2dGradient(shape, dy: dy, g), .exact, test)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func maximaOfSpecialValues(_ on: TestDevice) throws {
    try on.use { device in
      let inf = Float.infinity
      let rows: [Float] = [
        // NaN wins wherever it is; minus infinity is a value; padding never wins.
        1, .nan, 5, -inf,
        2, 3, -inf, -inf,
        -inf, -inf, inf, 2,
        -inf, -inf, inf, .nan,
      ]
      let x = OracleTensor([1, 4, 4, 1], floats: rows)
      for g in [PoolGeometry(kernelSize: 2), PoolGeometry(kernelSize: 3, stride: 2, padding: 1)] {
        let expected = Oracle.maxPool2d(x, g)
        var random = SeededGenerator(seed: 1)
        let dy = random.integers(expected.shape)
        let input = try device.tensor(x.shape, rows)
        let result = try gradient(of: input, for: device.tensor(dy.shape, dy.floats)) { try maxPool2d(input, g) }
        let test = TestCase(device, "maxPool2d of special values, \(g.kernelSize)")
        try expectClose(result.y, expected, .exact, test)
        try expectClose(result.dx, Oracle.maxPool2dGradient(x, dy: dy, g), .exact, test)
      }
    }
  }

  /// A window that is nearly all padding: the image's sum over 2^48 positions.
  @Test(arguments: TestDevices.all)
  func enormousWindows(_ on: TestDevice) throws {
    try on.use { device in
      let size = 1 << 24
      let g = PoolGeometry(kernelSize: Pair(both: size), stride: Pair(both: size), padding: Pair(both: size / 2))
      let y = try avgPool2d(device.filled([1, 2, 2, 3], with: 1), g)
      #expect(y.shape == [1, 1, 1, 3])
      #expect(try y.values().allSatisfy { $0 == 0x1p-46 }, "on \(on.name)")
    }
  }

  @Test func refusesWindowsThatDoNotFit() throws {
    try TestDevices.cpu.use { device in
      let x = try device.zeros([1, 4, 4, 2])
      #expect(throws: ShapeError("maxPool2d", "a window of 5 does not fit an image of 4×4")) {
        try maxPool2d(x, PoolGeometry(kernelSize: 5))
      }
      #expect(throws: ShapeError.self) { try avgPool2d(x, PoolGeometry(kernelSize: 2, padding: 2)) }
      #expect(throws: ShapeError.self) { try avgPool2d(x, PoolGeometry(kernelSize: 0)) }
      #expect(throws: ShapeError.self) { try maxPool2d(device.zeros([4, 4]), PoolGeometry(kernelSize: 2)) }
      let huge = "kernelSize, stride and padding are at most 16777216"
      #expect(throws: ShapeError("avgPool2d", huge)) {
        try avgPool2d(x, PoolGeometry(kernelSize: 2, stride: Pair(both: .max)))
      }
      let wider = "padding 9223372036854775807 must be at most half of kernelSize 2"
      #expect(throws: ShapeError("maxPool2d", wider)) {
        try maxPool2d(x, PoolGeometry(kernelSize: 2, padding: Pair(both: .max)))
      }
      let launches = device.counters.launches
      let wide = PoolGeometry(kernelSize: Pair(1, 70_000), stride: 1)
      #expect(throws: ShapeError("maxPool2d", "a window of 1×70000 has more than 65,535 positions")) {
        try maxPool2d(device.tensor([1, 1, 70_000, 1]), wide)
      }
      #expect(device.counters.launches == launches)
    }
  }
}

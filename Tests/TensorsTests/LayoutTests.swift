import Tensors
import TestSupport
import Testing

/// Flatten, unflatten and changes between channels first and last, on every device.
@Suite struct LayoutTests {
  static let shapes = [
    [1, 1, 1, 1], [2, 1, 1, 5], [3, 4, 5, 1], [2, 5, 5, 32], [1, 7, 7, 3], [3, 2, 3, 17], [2, 3, 6, 7], [1, 1, 33, 9],
  ]

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let (x, dy) = (random.distinct(shape), random.distinct(shape))
        let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3])
        let first = Oracle.channelsFirst(x)
        let firstGradient = Oracle.channelsFirst(dy)
        func flat(_ t: OracleTensor) -> OracleTensor { OracleTensor([n, c * h * w], t.values) }
        let test = TestCase(device, "layouts of \(shape)", seed: random.seed)
        let canaries = Canaries(on: device)
        let input = try canaries.tensor(x)
        let flattened = try gradient(of: input, for: canaries.tensor(flat(firstGradient))) { try flatten(input) }
        try expectClose(flattened.y, flat(first), .exact, test)
        try expectClose(flattened.dx, dy, .exact, test)
        let permuted = try gradient(of: input, for: canaries.tensor(firstGradient)) {
          try permuteToChannelsFirst(input)
        }
        try expectClose(permuted.y, first, .exact, test)
        try expectClose(permuted.dx, dy, .exact, test)
        let features = try canaries.tensor(flat(first))
        let images = try gradient(of: features, for: canaries.tensor(dy)) {
          try unflatten(features, channels: c, height: h, width: w)
        }
        try expectClose(images.y, x, .exact, test)
        try expectClose(images.dx, flat(firstGradient), .exact, test)
        try expectClose(permuteToChannelsLast(canaries.tensor(first)), x, .exact, test)
        try canaries.check(test)
      }
    }
  }

  /// In vectors of every width, with the compiler's builtin for the elements of two vectors and without.
  @Test(arguments: TestDevices.openCL)
  func transposesInVectorsOfAnyWidth(_ on: TestDevice) throws {
    try on.use { device in
      let (rows, columns) = (37, 21)
      let x = try device.tensor([rows, columns], (0..<rows * columns).map(Float.init))
      let expected = (0..<rows * columns).map { Float($0 % rows * columns + $0 / rows) }
      for width in [4, 8, 16] {
        for hasShuffle in [0, 1] {
          let y = try device.tensor([columns, rows])
          try device.launch(
            Kernel("layout", "transpose_batch", options: ["VECTOR_WIDTH": width, "HAS_SHUFFLE": hasShuffle]),
            over: Grid(columns.dividedUp(by: width), rows.dividedUp(by: 16)),
            [.buffer(x.buffer), .buffer(y.buffer), .int(1), .int(rows), .int(columns)])
          let isTransposed = try y.values() == expected
          #expect(isTransposed, "vectors of \(width), builtin \(hasShuffle)")
        }
      }
    }
  }

  @Test func refusesWrongShapes() throws {
    try TestDevices.cpu.use { device in
      #expect(throws: ShapeError("unflatten", "[2, 10] cannot be 2 channels of 2×2")) {
        try unflatten(device.zeros([2, 10]), channels: 2, height: 2, width: 2)
      }
      #expect(throws: ShapeError.self) { try unflatten(device.zeros([2, 1, 8]), channels: 2, height: 2, width: 2) }
      #expect(throws: ShapeError.self) { try flatten(device.zeros([2, 3, 4])) }
      try #expect(flatten(device.zeros([2, 6])).shape == [2, 6])
    }
  }
}

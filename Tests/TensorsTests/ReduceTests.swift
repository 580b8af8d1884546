import Tensors
import TestSupport
import Testing

/// Sums, arg-max and accuracy on every device.
@Suite struct ReduceTests {
  static let shapes = [
    [1, 1], [5, 1], [64, 1], [65, 1], [1000, 1], [40_000, 1], [1, 7], [3, 8], [63, 9], [64, 16], [65, 17], [257, 5],
    [1000, 33], [20_000, 4],
  ]

  @Test(arguments: TestDevices.all)
  func columnSumMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, shape) in Self.shapes.enumerated() {
        for isExact in [true, false] {
          var random = SeededGenerator(seed: UInt64(seed))
          let x = isExact ? random.integers(shape) : random.gaussians(shape)
          let test = TestCase(device, "columnSum of \(shape)", seed: random.seed)
          let canaries = Canaries(on: device)
          let sum = try canaries.tensor([shape[1]])
          let input = try canaries.tensor(x)
          let expected = Oracle.columnSum(x)
          let magnitude = Oracle.columnSum(x.magnitude)
          let bound = isExact ? Tolerance.exact : .sum(terms: shape[0], magnitude: magnitude)
          try columnSum(input, into: sum, accumulate: false)
          try expectClose(sum, expected, bound, test)
          try columnSum(input, into: sum, accumulate: true)
          let twice = isExact ? Tolerance.exact : .sum(terms: 2 * shape[0], magnitude: magnitude.map { 2 * $0 })
          try expectClose(sum, expected.map { 2 * $0 }, twice, test)
          try canaries.check(test)
        }
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func sumAndMeanMatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, count) in [1, 2, 15, 16, 17, 127, 128, 129, 5003, 300_000].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        let x = random.integers([count])
        let expected = x.values.reduce(0, +)
        let test = TestCase(device, "sum of \(count)", seed: random.seed)
        let canaries = Canaries(on: device)
        let input = try canaries.tensor(x)
        let seedGradient = try canaries.tensor(OracleTensor([1], [3]))
        let total = try gradient(of: input, for: seedGradient) { try sum(input) }
        try expectClose(total.y, OracleTensor([1], [expected]), .exact, test)
        try expectClose(total.dx, x.map { _ in 3 }, .exact, test)
        let average = try gradient(of: input, for: seedGradient) { try mean(input) }
        try expectClose(
          average.y, OracleTensor([1], [expected / Double(count)]), .within(absolute: 0, relative: 2e-7), test)
        try canaries.check(test)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func argMaxAndHitsMatchOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (seed, (rows, columns)) in [(1, 1), (3, 10), (100, 10), (257, 7), (1000, 33)].enumerated() {
        var random = SeededGenerator(seed: UInt64(seed))
        // Few different values, so that ties are common; the first wins.
        var x = random.integers([rows, columns])
        if rows > 2 { x.values[columns] = .nan }
        let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &random) }
        let expected = (0..<rows).map { Oracle.argMax(Array(x.values[$0 * columns..<($0 + 1) * columns])) }
        let canaries = Canaries(on: device)
        let input = try canaries.tensor(x)
        let hits = zip(expected, labels).count { $0 == Int($1) }
        #expect(try argMax(input).values().map(Int.init) == expected, "on \(on.name), seed \(seed)")
        #expect(try correctCount(input, canaries.labels(labels)) == hits, "on \(on.name), seed \(seed)")
        #expect(try accuracy(input, canaries.labels(labels)) == Double(hits) / Double(rows))
        try canaries.check(TestCase(device, "argMax", seed: random.seed))
      }
    }
  }

  /// Threads share the work, but not the order of additions.
  @Test func sumsDoNotDependOnThreads() throws {
    var random = SeededGenerator(seed: 9)
    let x = random.gaussians([10_007, 3])
    let results = try [1, 2, 3].map { threads in
      let device = try CPUDevice(threads: threads)
      let columns = try device.tensor([3])
      try columnSum(device.tensor(x.shape, x.floats), into: columns, accumulate: false)
      return try columns.values() + sum(device.tensor(x.shape, x.floats)).values()
    }
    #expect(results[0].map(\.bitPattern) == results[1].map(\.bitPattern))
    #expect(results[0].map(\.bitPattern) == results[2].map(\.bitPattern))
  }

  @Test func refusesWrongShapes() throws {
    try TestDevices.cpu.use { device in
      #expect(throws: ShapeError.self) { try argMax(device.zeros([2, 2, 2])) }
      #expect(throws: ShapeError("correctCount", "3 labels for logits of shape [2, 5]")) {
        try correctCount(device.zeros([2, 5]), device.labels([0, 1, 2]))
      }
    }
  }
}

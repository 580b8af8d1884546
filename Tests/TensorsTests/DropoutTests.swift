import Tensors
import TestSupport
import Testing

/// Dropout: the generator against published numbers, the mask against the oracle, gradients, statistics.
@Suite struct DropoutTests {
  /// From the known answers that the authors of Philox publish with Random123 (kat_vectors, philox4x32 10).
  static let knownAnswers: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
      [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  @Test func oracleGivesTheKnownAnswers() {
    for known in Self.knownAnswers { #expect(Oracle.philox(counter: known.counter, key: known.key) == known.words) }
  }

  @Test(arguments: TestDevices.all)
  func devicesGiveTheKnownAnswers(_ on: TestDevice) throws {
    try on.use { device in
      for known in Self.knownAnswers {
        let c = known.counter
        let words = try philoxBlocks(
          on: device, count: 1, counter: (c[0], c[1], c[2], c[3]), key: (known.key[0], known.key[1]))
        #expect(words == known.words, "on \(on.name)")
      }
      let many = try philoxBlocks(on: device, count: 37, counter: (5, 6, 7, 8), key: (9, 10))
      let expected = (0..<37).flatMap { Oracle.philox(counter: [5 + $0, 6, 7, 8], key: [9, 10]) }
      #expect(many == expected, "on \(on.name)")
    }
  }

  static let key = DropoutKey(seed: 0x1234_5678_9abc_def0, layer: 3, step: 71)

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for (index, count) in [1, 15, 16, 17, 127, 128, 129, 300, 2049].enumerated() {
        for probability in [0.2, 0.5, 0.999] as [Float] {
          var random = SeededGenerator(seed: UInt64(index))
          let (x, dy) = (random.gaussians([count]), random.gaussians([count]))
          let scale = 1 / (1 - Double(probability))
          let keeps = (0..<count).map {
            Oracle.dropoutKeeps(
              $0, probability: Double(probability), seed: Self.key.seed, layer: Self.key.layer, step: Self.key.step)
          }
          let factors = OracleTensor([count], keeps.map { $0 ? scale : 0 })
          let test = TestCase(device, "dropout \(probability) of \(count)", seed: random.seed)
          let canaries = Canaries(on: device)
          let input = try canaries.tensor(x)
          let bound = Tolerance.within(absolute: 0, relative: 2e-7 * scale)
          let plain = try gradient(of: input, for: canaries.tensor(dy)) {
            try dropout(input, probability: probability, key: Self.key)
          }
          try expectClose(plain.y, x.combined(with: factors, *), bound, test)
          try expectClose(plain.dx, dy.combined(with: factors, *), bound, test)
          let relu = try gradient(of: input, for: canaries.tensor(dy)) {
            try reluDropout(input, probability: probability, key: Self.key)
          }
          let positive = x.map { $0 > 0 ? 1 : 0 }
          try expectClose(relu.y, x.combined(with: positive, *).combined(with: factors, *), bound, test)
          try expectClose(relu.dx, dy.combined(with: positive, *).combined(with: factors, *), bound, test)
          try canaries.check(test)
        }
      }
    }
  }

  /// A number that equals the threshold keeps its element; there are a few among so many.
  @Test(arguments: TestDevices.all)
  func keepsAtTheThreshold(_ on: TestDevice) throws {
    try on.use { device in
      let (count, probability) = (150_000, 0.25)
      func keeps(_ probability: Double) -> [Bool] {
        (0..<count).map {
          Oracle.dropoutKeeps(
            $0, probability: probability, seed: Self.key.seed, layer: Self.key.layer, step: Self.key.step)
        }
      }
      let expected = keeps(probability)
      #expect(expected != keeps(probability + 1 / 65_536))
      let y = try dropout(device.filled([count], with: 1), probability: Float(probability), key: Self.key).values()
      // Not compared within the expectation, which would look for the differences of long arrays.
      let isSame = y.map { $0 != 0 } == expected
      #expect(isSame, "on \(on.name)")
    }
  }

  @Test(arguments: TestDevices.all)
  func extremeProbabilities(_ on: TestDevice) throws {
    try on.use { device in
      let x = try device.tensor([5], [1, -2, 3, -4, 5])
      #expect(try dropout(x, probability: 0, key: Self.key).values() == [1, -2, 3, -4, 5])
      #expect(try dropout(x, probability: 1, key: Self.key).values() == [0, 0, 0, 0, 0])
      let all = try gradient(of: x) { try reluDropout(x, probability: 1, key: Self.key) }
      #expect(try all.y.values() == [0, 0, 0, 0, 0])
      #expect(try all.dx.values() == [0, 0, 0, 0, 0])
      for probability in [-0.1, 1.5, .nan] as [Float] {
        #expect(throws: ShapeError.self) { try dropout(x, probability: probability, key: Self.key) }
      }
    }
  }

  /// The share of dropped elements is the probability, and different steps, layers and seeds drop different ones.
  @Test(arguments: TestDevices.all)
  func masksAreIndependent(_ on: TestDevice) throws {
    try on.use { device in
      let count = 100_000
      let ones = try device.filled([count], with: 1)
      func kept(_ key: DropoutKey) throws -> [Bool] {
        try dropout(ones, probability: 0.3, key: key).values().map { $0 != 0 }
      }
      let base = try kept(DropoutKey(seed: 1, layer: 0, step: 0))
      // Six standard deviations of a binomial.
      let deviation = 6 * (0.3 * 0.7 / Double(count)).squareRoot()
      #expect(abs(Double(base.count { $0 }) / Double(count) - 0.7) < deviation)
      for other in [
        DropoutKey(seed: 2, layer: 0, step: 0), DropoutKey(seed: 1, layer: 1, step: 0),
        DropoutKey(seed: 1, layer: 0, step: 1), DropoutKey(seed: 1 << 32 | 1, layer: 0, step: 0),
      ] {
        let both = zip(base, try kept(other)).count { $0 && $1 }
        #expect(abs(Double(both) / Double(count) - 0.49) < deviation, "\(other) on \(on.name)")
      }
    }
  }
}

import Tensors
import TestSupport
import Testing

/// GEMM and linear on every device against the oracle: sizes around the tiles, both transposes, exact and real data.
@Suite struct GemmTests {
  static let sizes = [1, 2, 5, 6, 7, 8, 13, 15, 16, 17, 31, 33, 64, 97]

  @Test(arguments: TestDevices.all)
  func matchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for seed in UInt64(0)..<60 {
        var random = SeededGenerator(seed: seed)
        let (m, n, k) = (random.pick(Self.sizes), random.pick(Self.sizes), random.pick(Self.sizes))
        let isExact = seed % 2 == 0
        try check(device, &random, m: m, n: n, k: k, isExact: isExact, route: seed % 4 < 2 ? nil : "packed")
      }
    }
  }

  /// Sizes at which the sum goes in several blocks, and, packed, there are several strips and groups of columns.
  @Test(arguments: TestDevices.all)
  func matchesOracleWhenLarge(_ on: TestDevice) throws {
    try on.use { device in
      let sizes = [(131, 150, 300), (128, 129, 513), (700, 70, 401), (3, 200, 800), (40, 700, 570)]
      for (seed, (m, n, k)) in sizes.enumerated() {
        for route in ["strips", "packed"] {
          for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            var random = SeededGenerator(seed: UInt64(seed))
            try check(
              device, &random, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
              isExact: seed % 2 == 0, route: route)
          }
        }
      }
    }
  }

  private func check(
    _ device: any Device, _ random: inout SeededGenerator, m: Int, n: Int, k: Int, transposeA: Bool? = nil,
    transposeB: Bool? = nil, isExact: Bool, route: String?
  ) throws {
    let (transposeA, transposeB) = (
      transposeA ?? random.pick([false, true]), transposeB ?? random.pick([false, true])
    )
    let scales = isExact ? [(1.0, 0.0), (1, 1), (2, 0), (-1, 2)] : [(1, 0), (0.5, -1.5)]
    let (alpha, beta) = random.pick(scales)
    func values(_ shape: [Int]) -> OracleTensor { isExact ? random.integers(shape) : random.gaussians(shape) }
    let a = values(transposeA ? [k, m] : [m, k]), b = values(transposeB ? [n, k] : [k, n]), c = values([m, n])
    // Nothing is packed where a size is 0, nor in the tile family.
    let route = device.traits.isVector && (route != "packed" || min(m, n, k) > 0) ? route : nil
    let canaries = Canaries(on: device)
    let y = try gemm(
      canaries.tensor(a), canaries.tensor(b), transposeA: transposeA, transposeB: transposeB, alpha: Float(alpha),
      beta: Float(beta), c: canaries.tensor(c), route: route)
    let test = TestCase(
      device, "gemm \(m)×\(n)×\(k) \(transposeA) \(transposeB) alpha \(alpha) beta \(beta) \(route ?? "")",
      seed: random.seed)
    let reference = Oracle.gemm(a, b, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta, c: c)
    let magnitude = Oracle.gemm(
      a.magnitude, b.magnitude, transposeA: transposeA, transposeB: transposeB, alpha: abs(alpha), beta: abs(beta),
      c: c.magnitude)
    try expectClose(y, reference, isExact ? .exact : .sum(terms: k + 2, magnitude: magnitude), test)
    try canaries.check(test)
  }

  /// A sum of nothing is 0, and without rows or columns there is no product.
  @Test(arguments: TestDevices.all)
  func matchesOracleWhereASizeIsZero(_ on: TestDevice) throws {
    try on.use { device in
      for (m, n, k) in [(7, 33, 0), (0, 33, 5), (7, 0, 5), (0, 0, 0)] {
        for route in ["strips", "packed"] {
          for seed in UInt64(0)..<4 {
            var random = SeededGenerator(seed: seed)
            try check(device, &random, m: m, n: n, k: k, isExact: true, route: route)
          }
        }
      }
    }
  }

  /// Of these, only the product of 512 × 512 × 512 is packed without being told to: the others are small, or each element
  /// of one side is used for few of the other.
  @Test func largeProductsArePacked() throws {
    try TestDevices.cpu.use { device in
      let profiler = Profiler()
      device.profiler = profiler
      defer { device.profiler = nil }
      for (m, n, k) in [(256, 256, 256), (512, 512, 512), (2048, 128, 512), (128, 2048, 512)] {
        _ = try gemm(device.zeros([m, k]), device.zeros([k, n]))
      }
      let packed = profiler.report.filter { $0.kernel.hasPrefix("gemm_packed") }
      #expect(packed.map(\.launches) == [1])
    }
  }

  @Test(arguments: TestDevices.all)
  func linearMatchesOracle(_ on: TestDevice) throws {
    try on.use { device in
      for seed in UInt64(0)..<24 {
        var random = SeededGenerator(seed: seed)
        let (batch, inputs, outputs) = (random.pick([1, 2, 7, 100]), random.pick(Self.sizes), random.pick(Self.sizes))
        let isExact = seed % 2 == 0
        func values(_ shape: [Int]) -> OracleTensor { isExact ? random.integers(shape) : random.gaussians(shape) }
        let x = values([batch, inputs]), w = values([inputs, outputs]), b = values([outputs])
        let dy = values([batch, outputs])
        let adds: Float? = seed % 3 == 0 ? 3 : nil
        let run = try GradientRun(on: device, [x, w, b], dy: dy, alreadyThere: adds) {
          try linear($0[0], weight: $0[1], bias: $0[2])
        }
        let test = TestCase(device, "linear \(batch)×\(inputs)→\(outputs)", seed: seed)
        try expectClose(
          run.output, Oracle.linear(x, weight: w, bias: b),
          isExact
            ? .exact
            : .sum(
              terms: inputs + 1, magnitude: Oracle.linear(x.magnitude, weight: w.magnitude, bias: b.magnitude)), test)
        let wanted = Oracle.linearGradients(x, weight: w, dy: dy)
        let magnitudes = Oracle.linearGradients(x.magnitude, weight: w.magnitude, dy: dy.magnitude)
        try expectGradients(
          run, [wanted.dx, wanted.weight, wanted.bias], [magnitudes.dx, magnitudes.weight, magnitudes.bias],
          terms: [outputs, batch, batch], isExact: isExact, adds: adds, test)
      }
    }
  }

  @Test func refusesShapesThatDoNotFit() throws {
    try TestDevices.cpu.use { device in
      let a = try device.zeros([2, 3]), b = try device.zeros([4, 5])
      #expect(throws: ShapeError("gemm", "2×3 and 4×5 cannot be multiplied: 3 and 4 differ")) { try gemm(a, b) }
      #expect(throws: ShapeError.self) { try gemm(a, b, transposeA: true) }
      #expect(throws: ShapeError.self) { try gemm(a, b.device.zeros([3, 4]), beta: 1) }
      #expect(throws: ShapeError.self) { try linear(a, weight: b, bias: nil) }
      #expect(throws: ShapeError.self) { try linear(a, weight: device.zeros([3, 5]), bias: device.zeros([4])) }
    }
  }
}

/// Holds the gradients of an operator that is linear in each input to those wanted, plus what was there before.
/// The gradient of input 0 arrives through the tape and is compared by what it added to its slot.
func expectGradients(
  _ run: GradientRun, _ wanted: [OracleTensor], _ magnitudes: [OracleTensor], terms: [Int], isExact: Bool,
  adds: Float?, _ test: TestCase
) throws {
  for (index, name) in ["x", "weight", "bias"].prefix(wanted.count).enumerated() {
    let before = Double(adds ?? 0)
    var test = test
    test.name += ", gradient of \(name)"
    try expectClose(
      run.gradients[index], wanted[index].map { $0 + before },
      isExact ? .exact : .sum(terms: terms[index] + 1, magnitude: magnitudes[index].map { $0 + before }), test)
  }
  try run.checkCanaries(test)
}

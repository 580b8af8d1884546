import TelarNN
import TelarStudies

/// The result of the search for one product.
public struct TunedResult: Sendable {
  public var product: TunedProduct
  /// The device's default kernel.
  public var own: TunedKernel
  /// The faster kernel; `nil` when there is none.
  public var winner: TunedKernel?
  /// The speed relative to `own`; 1 without a winner.
  public var speedUp: Double
  /// The number of kernels that were timed, and of those that were not for lack of time.
  public var timed: Int
  public var untried: Int
  /// Kernels that failed or gave a wrong result, with the reason.
  public var rejected: [(kernel: TunedKernel, reason: String)]
}

/// Searches for the fastest kernels of a device's products.
///
/// Each candidate's result is compared with that of the default kernel before it is timed. Both take turns, so that a
/// change of the clock rate affects both, and a winner is timed again against the default kernel alone.
public struct Tuner {
  /// The least speed relative to the default kernel that a winner must have.
  private static let leastSpeedUp = 1.03
  /// The least number of turns, and that of the final comparison.
  private static let leastRounds = 3
  private static let lastRounds = 7
  private static let mostRounds = 15
  /// Candidates below this share of the fastest one's speed are dropped.
  private static let keptShare = 0.9
  /// The least and the largest duration of a turn, if time permits.
  private static let turnSeconds = 2e-4...2e-2

  private let device: any Device
  /// Called with the result of a candidate before it is checked, so that tests can corrupt it.
  package var afterCandidate: ((TunedKernel, Tensor) throws -> Void)?

  public init(device: any Device) { self.device = device }

  /// The distinct products in a training step of each network, and the device's default kernel for each.
  public func products(of networks: [BenchmarkNetwork], batch: Int) throws -> [(
    product: TunedProduct, own: TunedKernel
  )] {
    let before = device.tuning
    defer { device.tuning = before }
    let log = ProductLog()
    device.tuning = Tuning()
    device.tuning.log = log
    for benchmark in networks {
      let network = try Network(benchmark.architecture, on: device, inputShape: BenchmarkNetwork.inputShape, seed: 0)
      let training = try TrainingStep(network, Adam())
      let images = try device.patterned([batch] + BenchmarkNetwork.inputShape)
      let labels = try device.labels((0..<Int32(batch)).map { $0 % 10 })
      _ = try training { mode in try benchmark.loss(network(images, mode), images: images, labels: labels) }
    }
    try device.synchronize()
    return log.products.map { ($0.product, $0.kernel) }
  }

  /// The kernels to compare with a product's default one.
  package func candidates(besides own: TunedKernel) -> [TunedKernel] {
    let properties = device.properties
    var kernels: [TunedKernel] = []
    if properties.isCompiledIn {
      kernels = properties.registerTiles.map { .vector(rows: $0.rows, vectors: $0.vectors) }
    } else if device.traits.isVector {
      kernels = [6, 4, 8, 12].flatMap { rows in [1, 2, 3].map { .vector(rows: rows, vectors: $0) } }
    } else {
      kernels = LocalTile.all.map { .tile($0) }
      kernels += [(4, 1), (4, 2), (8, 1), (8, 2)].map { .vector(rows: $0, vectors: $1) }
    }
    return kernels.filter { $0 != own && $0.runs(on: properties) }
  }

  /// Searches for the given time, divided evenly among the products; a product's unused time goes to the following
  /// ones.
  ///
  /// The device's tuning is restored when it returns.
  public func search(
    _ products: [(product: TunedProduct, own: TunedKernel)], seconds: Double, _ report: (TunedResult) throws -> Void
  ) throws {
    let before = device.tuning
    defer { device.tuning = before }
    let end = now + seconds
    for (index, entry) in products.enumerated() {
      let share = max(0, end - now) / Double(products.count - index)
      try report(search(entry.product, own: entry.own, seconds: share))
    }
  }

  private var now: Double { Double(Clock.nanoseconds) * 1e-9 }

  // MARK: One product

  private func search(_ product: TunedProduct, own: TunedKernel, seconds: Double) throws -> TunedResult {
    let start = now
    var result = TunedResult(product: product, own: own, speedUp: 1, timed: 0, untried: 0, rejected: [])
    let candidates = candidates(besides: own)
    if candidates.isEmpty { return result }
    device.tuning = Tuning()
    let check = try Check(of: product, on: device)
    var correct: [TunedKernel] = []
    for candidate in candidates {
      if now - start > seconds / 2 {
        result.untried += 1
        continue
      }
      device.tuning = Tuning([product: candidate])
      do {
        if let problem = try check.problem(afterRunning: candidate, afterCandidate) {
          result.rejected.append((candidate, problem))
        } else {
          correct.append(candidate)
        }
      } catch let error as DeviceError {
        result.rejected.append((candidate, "\(error)"))
      }
    }
    result.timed = correct.count
    if correct.isEmpty { return result }
    var race = Race(product, own, check.prepared, on: device)
    let (best, first) = try race.best(
      of: correct, until: start + seconds * 0.85, turn: (start + seconds - now) / 2 / Double(5 * (correct.count + 1)))
    guard first >= Self.leastSpeedUp else { return result }
    let last = try race.speedUps(of: [best], rounds: Self.lastRounds)[0].median
    guard last >= Self.leastSpeedUp else { return result }
    result.winner = best
    result.speedUp = last
    return result
  }

  /// Compares results of candidates with those of the default kernel.
  private struct Check {
    let prepared: PreparedProduct
    private let expected: [Float]
    private let magnitudes: [Float]

    /// - Precondition: the device has no tuning.
    init(of product: TunedProduct, on device: any Device) throws {
      prepared = try product.prepare(on: device)
      try prepared.enqueue()
      expected = try prepared.output.values()
      let ofMagnitudes = try product.prepare(on: device, ofMagnitudes: true)
      try ofMagnitudes.enqueue()
      magnitudes = try ofMagnitudes.output.values()
    }

    /// A sentence about what is wrong with the candidate in the device's tuning; `nil` when its result is correct.
    func problem(
      afterRunning candidate: TunedKernel, _ hook: ((TunedKernel, Tensor) throws -> Void)?
    ) throws -> String? {
      let output = prepared.output
      // Elements that the candidate does not write must not keep the previous kernel's values.
      try output.buffer.device.fill(
        output.buffer, at: 0, byteCount: output.count * 4, pattern: Float.nan.bitPattern)
      try prepared.enqueue()
      try hook?(candidate, output)
      // The rounding errors of two sums in any order.
      let factor = 2 * 8 * Double(prepared.terms).squareRoot() * 0x1p-24
      let values = try output.values()
      for index in values.indices {
        let error = abs(Double(values[index]) - Double(expected[index]))
        if !(error <= factor * Double(magnitudes[index]) + 1e-30) {
          return "element \(index) is \(values[index]) and should be \(expected[index])"
        }
      }
      return nil
    }
  }

  /// Times candidates for a product, in turns with the default kernel.
  private struct Race {
    private let product: TunedProduct
    private let own: TunedKernel
    private let prepared: PreparedProduct
    private let device: any Device
    private var calls = 1

    init(_ product: TunedProduct, _ own: TunedKernel, _ prepared: PreparedProduct, on device: any Device) {
      (self.product, self.own, self.prepared, self.device) = (product, own, prepared, device)
    }

    /// The candidate with the best median speed, and that speed relative to the default kernel.
    mutating func best(of candidates: [TunedKernel], until end: Double, turn: Double) throws -> (TunedKernel, Double) {
      let wanted = min(max(turn, turnSeconds.lowerBound), turnSeconds.upperBound)
      _ = try seconds(own)
      calls = max(1, min(1 << 16, Int(wanted / max(1e-7, try seconds(own)))))
      var ratios = candidates.map { (kernel: $0, values: [Double]()) }
      for round in 0..<mostRounds {
        if round >= leastRounds, Double(Clock.nanoseconds) * 1e-9 > end { break }
        if round == leastRounds {
          let fastest = ratios.map { $0.values.median }.max()!
          ratios.removeAll { $0.values.median < fastest * keptShare }
        }
        for (index, ratio) in try speedUps(of: ratios.map(\.kernel), rounds: 1).enumerated() {
          ratios[index].values += ratio
        }
      }
      let best = ratios.max { $0.values.median < $1.values.median }!
      return (best.kernel, best.values.median)
    }

    /// The speed of each kernel relative to the default one, in each round.
    func speedUps(of kernels: [TunedKernel], rounds: Int) throws -> [[Double]] {
      var ratios = kernels.map { _ in [Double]() }
      for _ in 0..<rounds {
        let ownSeconds = try seconds(own)
        for (index, kernel) in kernels.enumerated() { ratios[index].append(ownSeconds / (try seconds(kernel))) }
      }
      return ratios
    }

    /// The seconds of one call. The default kernel is looked up too, so that all pay the same cost.
    private func seconds(_ kernel: TunedKernel) throws -> Double {
      device.tuning = Tuning([product: kernel])
      return try Stopwatch.time(on: device) { for _ in 0..<calls { try prepared.enqueue() } } / Double(calls)
    }
  }
}

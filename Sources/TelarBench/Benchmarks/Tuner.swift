import TelarNN
import TelarStudies

/// What a search found for one product.
public struct TunedResult: Sendable {
  public var product: TunedProduct
  /// The kernel that the device chooses by its properties.
  public var own: TunedKernel
  /// The kernel that is faster; `nil` when none is.
  public var winner: TunedKernel?
  /// How many times as fast as `own`; 1 without a winner.
  public var speedUp: Double
  /// Kernels that were held against `own`, and those that there was no time for.
  public var timed: Int
  public var untried: Int
  /// Kernels that gave a wrong result or failed, and why.
  public var rejected: [(kernel: TunedKernel, reason: String)]
}

/// Searches for the kernels that compute a device's products fastest.
///
/// Each candidate's result is held against that of the device's own choice before it is timed. The two take turns, so
/// that a change of the clock does not decide, and a winner is timed once more against the own choice alone.
public struct Tuner {
  /// A kernel must be this many times as fast as the device's own.
  private static let leastSpeedUp = 1.03
  /// Turns that are taken at least, and of the last comparison.
  private static let leastRounds = 3
  private static let lastRounds = 7
  private static let mostRounds = 15
  /// Candidates slower than the fastest by more than this take no more turns.
  private static let keptShare = 0.9
  /// Seconds of one turn at least and at most, if there is time.
  private static let turnSeconds = 2e-4...2e-2

  private let device: any Device
  /// Called with what a candidate computed, before it is checked: tests make it wrong.
  package var afterCandidate: ((TunedKernel, Tensor) throws -> Void)?

  public init(device: any Device) { self.device = device }

  /// The products of a training step of each network, each once, and the device's own kernel for it.
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

  /// The kernels to hold against the device's own for a product.
  package func candidates(besides own: TunedKernel) -> [TunedKernel] {
    let properties = device.properties
    var kernels: [TunedKernel] = []
    if properties.isCompiledIn {
      kernels = properties.vectorTiles.map { .vector(rows: $0.rows, vectors: $0.vectors) }
    } else if device.traits.isVector {
      kernels = [6, 4, 8, 12].flatMap { rows in [1, 2, 3].map { .vector(rows: rows, vectors: $0) } }
    } else {
      kernels = TileConfiguration.all.map { .tile($0) }
      kernels += [(4, 1), (4, 2), (8, 1), (8, 2)].map { .vector(rows: $0, vectors: $1) }
    }
    return kernels.filter { $0 != own && $0.runs(on: properties) }
  }

  /// Searches for so many seconds, shared evenly among the products; what one leaves, the next ones have.
  ///
  /// The device's tuning is as before when it returns.
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

  /// Holds what candidates compute against what the device's own kernel does.
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

    /// What is wrong with the candidate that the device's tuning names, in a sentence; `nil` when nothing is.
    func problem(
      afterRunning candidate: TunedKernel, _ hook: ((TunedKernel, Tensor) throws -> Void)?
    ) throws -> String? {
      let output = prepared.output
      // So that what it leaves unwritten is not what the last kernel wrote.
      try output.buffer.device.fill(
        output.buffer, at: 0, byteCount: output.count * 4, pattern: Float.nan.bitPattern)
      try prepared.enqueue()
      try hook?(candidate, output)
      // Both results have the rounding errors of a sum in any order.
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

  /// Times candidates of one product in turns with the device's own kernel.
  private struct Race {
    private let product: TunedProduct
    private let own: TunedKernel
    private let prepared: PreparedProduct
    private let device: any Device
    private var calls = 1

    init(_ product: TunedProduct, _ own: TunedKernel, _ prepared: PreparedProduct, on device: any Device) {
      (self.product, self.own, self.prepared, self.device) = (product, own, prepared, device)
    }

    /// The candidate with the best median, and how many times as fast it is as the device's own kernel.
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

    /// How many times as fast as the device's own kernel each is, in each round.
    func speedUps(of kernels: [TunedKernel], rounds: Int) throws -> [[Double]] {
      var ratios = kernels.map { _ in [Double]() }
      for _ in 0..<rounds {
        let ownSeconds = try seconds(own)
        for (index, kernel) in kernels.enumerated() { ratios[index].append(ownSeconds / (try seconds(kernel))) }
      }
      return ratios
    }

    /// Of one call with a kernel. The own one is looked up too, so that this costs all of them the same.
    private func seconds(_ kernel: TunedKernel) throws -> Double {
      device.tuning = Tuning([product: kernel])
      return try Stopwatch.time(on: device) { for _ in 0..<calls { try prepared.enqueue() } } / Double(calls)
    }
  }
}

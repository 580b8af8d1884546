import Foundation

/// A learning-rate range test: some steps of training while the rate rises exponentially, from which a rate is chosen.
///
/// The loss of each step's batch is smoothed by an exponential mean that is corrected for its start. The test ends early
/// when that exceeds four times its least value.
///
/// - Source: Smith, arXiv:1506.01186 (WACV 2017); smoothing, end and choice as in fast.ai's `lr_find` and `steep`.
public struct LearningRateSweep: Sendable, Hashable {
  /// The rates of the first and the last step.
  public var minimum: Double
  public var maximum: Double
  public var steps: Int

  /// What is kept of the smoothed loss in a step.
  public static let smoothing = 0.98
  /// The multiple of the least smoothed loss beyond which the test ends.
  public static let divergence = 4.0
  /// The points at the end that do not count.
  private static let skippedAtEnd = 5
  /// One in so many steps, at the beginning, does not count.
  private static let skippedShareAtStart = 10

  /// - Precondition: 0 < minimum < maximum, both finite; there are at least 2 steps.
  public init(minimum: Double = 1e-7, maximum: Double = 10, steps: Int = 100) {
    precondition(0 < minimum && minimum < maximum && maximum.isFinite, "rates from \(minimum) to \(maximum)")
    precondition(steps >= 2, "\(steps) steps")
    self.minimum = minimum
    self.maximum = maximum
    self.steps = steps
  }

  /// The learning rate of a step, from 0: `minimum · (maximum / minimum)^(step / (steps − 1))`.
  public func rate(_ step: Int) -> Double {
    minimum * pow(maximum / minimum, Double(step) / Double(steps - 1))
  }

  /// A step of the test.
  public struct Point: Sendable, Hashable {
    public var rate: Double
    /// Of the step's batch, before the update by the rate; not finite where training has diverged.
    public var loss: Double
    public var smoothedLoss: Double

    public init(rate: Double, loss: Double, smoothedLoss: Double) {
      self.rate = rate
      self.loss = loss
      self.smoothedLoss = smoothedLoss
    }
  }

  /// What a test found.
  public struct Result: Sendable, Hashable {
    public let points: [Point]
    /// Whether the test ended early.
    public let hasDiverged: Bool
    /// The index of the point from which the smoothed loss falls most steeply, by the logarithm of the rate; `nil` where it
    /// nowhere falls. The first tenth of the steps and the last five points do not count.
    public let steepest: Int?

    /// The rate there.
    public var suggestion: Double? { steepest.map { points[$0].rate } }
  }

  /// Smooths losses as they come.
  struct Smoother {
    private var mean = 0.0
    private var remainder = 1.0
    private var least = Double.infinity

    /// The smoothed loss, and whether it has left all bounds.
    mutating func add(_ loss: Double) -> (smoothed: Double, hasDiverged: Bool) {
      mean = smoothing * mean + (1 - smoothing) * loss
      remainder *= smoothing
      let smoothed = mean / (1 - remainder)
      least = min(least, smoothed)
      return (smoothed, !(smoothed <= divergence * least))
    }
  }

  /// The result of losses by step, of which there may be fewer than steps.
  public func result(of losses: [Double]) -> Result {
    var smoother = Smoother()
    var points: [Point] = []
    var hasDiverged = false
    for (step, loss) in losses.enumerated() where !hasDiverged {
      let value = smoother.add(loss)
      points.append(Point(rate: rate(step), loss: loss, smoothedLoss: value.smoothed))
      hasDiverged = value.hasDiverged
    }
    let counted = points.indices.dropFirst(steps / Self.skippedShareAtStart).dropLast(Self.skippedAtEnd + 1)
    // Neighbouring rates have the same ratio everywhere, so the largest fall is the steepest.
    let falls = counted.map { (place: $0, rise: points[$0 + 1].smoothedLoss - points[$0].smoothedLoss) }
    let steepest = falls.filter { $0.rise < 0 }.min { $0.rise < $1.rise }
    return Result(points: points, hasDiverged: hasDiverged, steepest: steepest?.place)
  }
}

extension Trainer {
  /// Trains for the steps of a range test. The network is then trained for nothing, and this trainer is of no other use.
  ///
  /// The optimizer and all other settings are the run's, except that the sweep's rates take the place of the schedule.
  ///
  /// - Precondition: no step has been taken.
  /// - Cost: as many steps of training, each of which waits for the device.
  public func sweep(_ range: LearningRateSweep) throws -> LearningRateSweep.Result {
    precondition(step.step == 0, "a range test after \(step.step) steps")
    step.schedule = { range.rate(min($0, range.steps - 1)) }
    var losses: [Double] = []
    var smoother = LearningRateSweep.Smoother()
    for index in 0..<range.steps {
      if index % stepsPerEpoch == 0 {
        try arrangeImages(epoch: index / stepsPerEpoch + 1)
        imagesDone = 0
      }
      losses.append(try takeStep().reduce(0) { try $0 + Double($1.loss.item()) * $1.share })
      if smoother.add(losses[index]).hasDiverged { break }
    }
    return range.result(of: losses)
  }
}

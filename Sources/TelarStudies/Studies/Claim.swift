import TelarTraining

/// A metric of a run's final network.
public enum Metric: String, Sendable {
  case validationAccuracy = "val accuracy"
  case trainingAccuracy = "train accuracy"
  case validationLoss = "val loss"
  case trainingLoss = "train loss"
  case testLoss = "test loss"

  /// The metric of an epoch. Those of training are measured in evaluation mode, as in the texts; those of the test set
  /// are not measured each epoch.
  public func value(of epoch: EpochMetrics) -> Double? {
    switch self {
    case .validationAccuracy: epoch.validationAccuracy
    case .trainingAccuracy: epoch.curveAccuracy
    case .validationLoss: epoch.validationLoss
    case .trainingLoss: epoch.curveLoss
    case .testLoss: nil
    }
  }

  public var isAccuracy: Bool { self == .validationAccuracy || self == .trainingAccuracy }

  /// The value as text for tables.
  public func text(_ value: Double) -> String {
    isAccuracy ? decimal(value * 100, 2) + " %" : lossText(value)
  }
}

/// A text's claim about one experiment.
public struct Claim: Sendable {
  /// The condition that a result must meet.
  public enum Expectation: Sendable, Equatable {
    case above(Double)
    case below(Double)
    /// Above the value in the given epoch.
    case aboveInEpoch(Int, Double)
    /// Inside the range in each epoch from the given one.
    case inside(ClosedRange<Double>, fromEpoch: Int)
    /// Within the tolerance that ``Claim/isMet(by:)`` states.
    case near(Double)
    /// The curve rises over the last epochs.
    case rises(lastEpochs: Int)
    /// The curve falls in nearly every epoch.
    case fallsSteadily
    /// The curve rises and falls.
    case oscillates
    /// The curve rises and falls, and ends at nine tenths of its first value or more.
    case oscillatesWithoutImproving
    /// The curve's last value exceeds its least by at most the given share.
    case doesNotRiseAgain(within: Double)
    /// The curve's last value exceeds its least by more than the given share.
    case risesAgain(by: Double)
  }

  public let metric: Metric
  public let expectation: Expectation

  public init(_ metric: Metric, _ expectation: Expectation) {
    self.metric = metric
    self.expectation = expectation
  }

  /// Whether the claim is about the shape of a whole curve.
  package var isAboutShape: Bool {
    switch expectation {
    case .rises, .fallsSteadily, .oscillates, .oscillatesWithoutImproving, .doesNotRiseAgain, .risesAgain: true
    case .above, .below, .near, .aboveInEpoch, .inside: false
    }
  }

  /// The claim as text for tables: `> 90.00 %`.
  public var text: String {
    switch expectation {
    case .above(let bound): "> \(metric.text(bound))"
    case .below(let bound): "< \(metric.text(bound))"
    case .near(let value): "about \(metric.text(value))"
    case .rises(let count): "rises in the last \(count) epochs"
    case .fallsSteadily: "falls steadily"
    case .aboveInEpoch(let epoch, let bound): "> \(metric.text(bound)) in epoch \(epoch)"
    case .inside(let range, let epoch):
      "\(metric.text(range.lowerBound)) to \(metric.text(range.upperBound)) from epoch \(epoch)"
    case .oscillates: "oscillates"
    case .oscillatesWithoutImproving: "oscillates, hardly improves"
    case .doesNotRiseAgain: "does not rise again"
    case .risesAgain: "rises again"
    }
  }

  /// Whether the runs of several seeds meet the claim; `nil` where they are too short to tell.
  ///
  /// Values are compared with the means over the seeds. The shape of a single curve is lost in a mean, so a claim about
  /// it must hold for more than half of the seeds.
  ///
  /// - Parameters:
  ///   - curves: one curve per seed, by epoch.
  ///   - finals: the values of the runs' final networks.
  public func isMet(by curves: [[Double]], finals: [Double]) -> Bool? {
    switch expectation {
    case .fallsSteadily, .oscillates, .oscillatesWithoutImproving:
      let verdicts = curves.enumerated().compactMap { index, curve in
        isMet(by: curve, final: finals.indices.contains(index) ? finals[index] : nil)
      }
      return verdicts.count < curves.count || verdicts.isEmpty ? nil : 2 * verdicts.count { $0 } > verdicts.count
    default:
      let final = finals.isEmpty ? nil : finals.reduce(0, +) / Double(finals.count)
      return isMet(by: ExperimentResult.mean(curves), final: final)
    }
  }

  /// Whether one run meets the claim; `nil` where it is too short to tell.
  ///
  /// "About" means within 2 points for an accuracy and 10 % for a loss. A curve falls steadily when at most a fifth of
  /// its steps rise, and oscillates when at least a third do.
  ///
  /// - Parameters:
  ///   - curve: the values by epoch.
  ///   - final: the value of the run's final network; by default the curve's last.
  public func isMet(by curve: [Double], final: Double? = nil) -> Bool? {
    guard let first = curve.first ?? final, let last = final ?? curve.last else { return nil }
    let steps = zip(curve.dropFirst(), curve).map { $0 - $1 }
    let rising = steps.count { $0 > 0 }
    switch expectation {
    case .above(let bound): return last > bound
    case .below(let bound): return last < bound
    case .near(let value): return abs(last - value) <= (metric.isAccuracy ? 0.02 : value * 0.1)
    case .rises(let count):
      guard curve.count > count else { return nil }
      return curve.last! > curve[curve.count - 1 - count]
    case .fallsSteadily:
      guard steps.count >= 2 else { return nil }
      return last < first && rising * 5 <= steps.count
    case .oscillates, .oscillatesWithoutImproving:
      guard steps.count >= 3 else { return nil }
      return rising * 3 >= steps.count && (expectation == .oscillates || last >= 0.9 * first)
    case .doesNotRiseAgain(let share):
      guard steps.count >= 2 else { return nil }
      return last <= curve.min()! * (1 + share)
    case .risesAgain(let share):
      guard steps.count >= 2 else { return nil }
      return last > curve.min()! * (1 + share)
    case .aboveInEpoch(let epoch, let bound):
      guard curve.count >= epoch else { return nil }
      return curve[epoch - 1] > bound
    case .inside(let range, let epoch):
      guard curve.count >= epoch else { return nil }
      return curve[(epoch - 1)...].allSatisfy(range.contains)
    }
  }
}

/// A text's claim that compares the final metric of several experiments.
public struct Comparison: Sendable {
  public enum Expectation: Sendable, Equatable {
    /// Each value is larger than the one before.
    case increasing
    /// The second value is at least the given multiple of the first.
    case atLeastTimes(Double)
    /// The largest value exceeds the smallest by at most the given share.
    case alike(within: Double)
    /// The last value is larger than all others.
    case lastIsLargest
  }

  public let text: String
  public let metric: Metric
  public let experiments: [String]
  public let expectation: Expectation

  public init(_ text: String, _ metric: Metric, _ experiments: [String], _ expectation: Expectation) {
    self.text = text
    self.metric = metric
    self.experiments = experiments
    self.expectation = expectation
  }

  /// - Precondition: one value for each experiment.
  public func isMet(by values: [Double]) -> Bool {
    precondition(values.count == experiments.count, "\(values.count) values for \(experiments.count) experiments")
    switch expectation {
    case .increasing: return zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    case .atLeastTimes(let factor): return values[1] >= factor * values[0]
    case .alike(let share): return values.max()! <= values.min()! * (1 + share)
    case .lastIsLargest: return values.dropLast().allSatisfy { $0 < values.last! }
    }
  }
}

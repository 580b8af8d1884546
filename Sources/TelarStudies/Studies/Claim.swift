import TelarTraining

/// A number that a run ends with.
public enum Metric: String, Sendable {
  case validationAccuracy = "val accuracy"
  case trainingAccuracy = "train accuracy"
  case validationLoss = "val loss"
  case trainingLoss = "train loss"
  case testLoss = "test loss"

  /// The metric of an epoch. Those of training are measured in evaluation mode, as the texts have it; those of the test
  /// set are not measured every epoch.
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

  /// The value as a table has it.
  public func text(_ value: Double) -> String {
    isAccuracy ? decimal(value * 100, 2) + " %" : lossText(value)
  }
}

/// What a text claims of one experiment.
public struct Claim: Sendable {
  /// How a result is held against the claim.
  public enum Expectation: Sendable, Equatable {
    case above(Double)
    case below(Double)
    /// Above the value in that epoch.
    case aboveInEpoch(Int, Double)
    /// Inside the range in every epoch from that one on.
    case inside(ClosedRange<Double>, fromEpoch: Int)
    /// Within the distance that ``Claim/isMet(by:)`` states.
    case near(Double)
    /// The curve of the last epochs goes up.
    case rises(lastEpochs: Int)
    /// The curve goes down in nearly every epoch.
    case fallsSteadily
    /// The curve goes up and down.
    case oscillates
    /// The curve goes up and down, and ends no better than nine tenths of where it began.
    case oscillatesWithoutImproving
    /// The curve ends within so much of its least value, as a share of it.
    case doesNotRiseAgain(within: Double)
    /// The curve ends more than so much above its least value, as a share of it.
    case risesAgain(by: Double)
  }

  public let metric: Metric
  public let expectation: Expectation

  public init(_ metric: Metric, _ expectation: Expectation) {
    self.metric = metric
    self.expectation = expectation
  }

  /// Whether the claim is about the ups and downs of a whole curve.
  package var isAboutShape: Bool {
    switch expectation {
    case .rises, .fallsSteadily, .oscillates, .oscillatesWithoutImproving, .doesNotRiseAgain, .risesAgain: true
    case .above, .below, .near, .aboveInEpoch, .inside: false
    }
  }

  /// The claim as a table has it: `> 90.00 %`.
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

  /// Whether the runs of several seeds meet the claim; `nil` where they are too short to say.
  ///
  /// Values are held against the means over the seeds. Ups and downs of one curve are lost in a mean, so more than half
  /// of the seeds must have them.
  ///
  /// - Parameters:
  ///   - curves: a curve a seed, epoch by epoch.
  ///   - finals: the values of the networks that the runs ended with.
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

  /// Whether one run meets the claim; `nil` where it is too short to say.
  ///
  /// "About" means within 2 points for an accuracy and 10 % for a loss. A curve falls steadily when at most a fifth of
  /// its steps go up, and oscillates when at least a third do.
  ///
  /// - Parameters:
  ///   - curve: epoch by epoch.
  ///   - final: the value of the network that the run ended with; by default the curve's last.
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

/// What a text claims of several experiments against one another, about the metric at the end.
public struct Comparison: Sendable {
  public enum Expectation: Sendable, Equatable {
    /// Each is larger than the one before.
    case increasing
    /// The second is at least so many times the first.
    case atLeastTimes(Double)
    /// The largest is within so much of the smallest, as a share of it.
    case alike(within: Double)
    /// The last is larger than every other.
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

  /// - Precondition: a value for each experiment.
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

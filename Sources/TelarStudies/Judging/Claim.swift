/// Where a number must lie.
public enum Region: Sendable, Equatable {
  case above(Double)
  case below(Double)
  case inside(ClosedRange<Double>)

  package func contains(_ value: Double) -> Bool {
    switch self {
    case .above(let bound): value > bound
    case .below(let bound): value < bound
    case .inside(let range): range.contains(value)
    }
  }

  /// The bound that is nearest to a value.
  func nearestBound(to value: Double) -> Double {
    switch self {
    case .above(let bound), .below(let bound): bound
    case .inside(let range):
      abs(value - range.lowerBound) < abs(value - range.upperBound) ? range.lowerBound : range.upperBound
    }
  }
}

/// A text's claim about one experiment.
public struct Claim: Sendable {
  /// What a result must meet. Each is a list of ``Claim/conditions`` on numbers of a run, all of which must hold.
  public enum Expectation: Sendable, Equatable {
    case above(Double)
    case below(Double)
    /// Above the value in the given epoch.
    case aboveInEpoch(Int, Double)
    /// Inside the range in each epoch from the given one.
    case inside(ClosedRange<Double>, fromEpoch: Int)
    /// Within 2 points for an accuracy and 10 % for a loss.
    case near(Double)
    /// The curve ends above its least level by more than 2 %.
    case rises
    /// The curve falls by more than 2 %, is smooth, and ends less than 2 % above its least level.
    case fallsSteadily
    /// The curve's typical swing is more than 5 % of its height.
    case oscillates
    /// The curve oscillates, and ends at nine tenths of its first value or more.
    case oscillatesWithoutImproving
    /// The curve ends above its least level by at most the given share.
    case doesNotRiseAgain(within: Double)
    /// The curve ends above its least level by more than the given share.
    case risesAgain(by: Double)
    /// After the epoch the curve falls by less than the given share.
    case gainsLittle(afterEpoch: Int, within: Double)
    /// The curve has its least level in one of the epochs, and rises again by more than 5 %.
    case overfits(from: ClosedRange<Int>)
    /// Any number of a run lies in a region; the text says it in words.
    case number(Measure.Kind, Region, String)
  }

  public let metric: Metric
  public let expectation: Expectation

  public init(_ metric: Metric, _ expectation: Expectation) {
    self.metric = metric
    self.expectation = expectation
  }

  /// A number of a run and where it must lie.
  package struct Condition: Sendable, Equatable {
    package let measure: Measure
    package let region: Region
  }

  /// From which share of its height a curve's typical swing makes it one that oscillates.
  static let roughnessLimit = 0.05
  /// By how much a curve may end above its least level and still fall.
  static let riseLimit = 0.02

  /// How far from a claimed value "about" reaches.
  package static func margin(of metric: Metric, at value: Double) -> Double {
    metric.isAccuracy ? 0.02 : abs(value) * 0.1
  }

  package var conditions: [Condition] {
    func on(_ kind: Measure.Kind, _ region: Region) -> Condition {
      Condition(measure: Measure(metric, kind), region: region)
    }
    switch expectation {
    case .above(let bound): return [on(.final, .above(bound))]
    case .below(let bound): return [on(.final, .below(bound))]
    case .aboveInEpoch(let epoch, let bound): return [on(.inEpoch(epoch), .above(bound))]
    case .inside(let range, let epoch):
      return [
        on(.least(fromEpoch: epoch), .above(range.lowerBound)),
        on(.largest(fromEpoch: epoch), .below(range.upperBound)),
      ]
    case .near(let value):
      let margin = Self.margin(of: metric, at: value)
      return [on(.final, .inside((value - margin)...(value + margin)))]
    case .rises: return [on(.riseAboveLeast, .above(Self.riseLimit))]
    case .fallsSteadily:
      return [
        on(.roughness, .below(Self.roughnessLimit)), on(.riseAboveLeast, .below(Self.riseLimit)),
        on(.totalFall, .above(0.02)),
      ]
    case .oscillates: return [on(.roughness, .above(Self.roughnessLimit))]
    case .oscillatesWithoutImproving:
      return [on(.roughness, .above(Self.roughnessLimit)), on(.totalFall, .below(0.1))]
    case .doesNotRiseAgain(let share): return [on(.riseAboveLeast, .below(share))]
    case .risesAgain(let share): return [on(.riseAboveLeast, .above(share))]
    case .gainsLittle(let epoch, let share): return [on(.gain(afterEpoch: epoch), .below(share))]
    case .overfits(let epochs):
      return [
        on(.riseAboveLeast, .above(Curve.overfittingShare)),
        on(.overfittingStart, .inside(Double(epochs.lowerBound)...Double(epochs.upperBound))),
      ]
    case .number(let kind, let region, _): return [on(kind, region)]
    }
  }

  /// Whether the claim is about the shape of a whole curve.
  package var isAboutShape: Bool { conditions.contains(where: \.measure.isAboutShape) }

  /// The claimed number; `nil` for a range or a shape.
  package var number: Double? {
    switch expectation {
    case .above(let bound), .below(let bound), .aboveInEpoch(_, let bound), .near(let bound): bound
    default: nil
    }
  }

  /// The claim as text for tables: `> 90.00 %`.
  public var text: String {
    func percent(_ share: Double) -> String { "\(shortest((share * 1e6).rounded() / 1e4)) %" }
    switch expectation {
    case .above(let bound): return "> \(metric.text(bound))"
    case .below(let bound): return "< \(metric.text(bound))"
    case .near(let value): return "about \(metric.text(value))"
    case .rises: return "rises in the last epochs"
    case .fallsSteadily: return "falls steadily"
    case .aboveInEpoch(let epoch, let bound): return "> \(metric.text(bound)) in epoch \(epoch)"
    case .inside(let range, let epoch):
      return "\(metric.text(range.lowerBound)) to \(metric.text(range.upperBound)) from epoch \(epoch)"
    case .oscillates: return "oscillates"
    case .oscillatesWithoutImproving: return "oscillates, hardly improves"
    case .doesNotRiseAgain(let share): return "does not rise again (\(percent(share)))"
    case .risesAgain(let share): return "rises again (\(percent(share)))"
    case .gainsLittle(let epoch, let share): return "falls less than \(percent(share)) after epoch \(epoch)"
    case .overfits(let epochs): return "overfits from epoch \(epochs.lowerBound) to \(epochs.upperBound)"
    case .number(_, _, let text): return text
    }
  }
}

/// A text's claim that compares several experiments.
public struct Comparison: Sendable {
  public enum Expectation: Sendable, Equatable {
    /// Each value is larger than the one before.
    case increasing
    /// Each value is larger than the one before, in every epoch.
    case increasingInEveryEpoch
    /// The second value is at least the given multiple of the first.
    case atLeastTimes(Double)
    /// The values differ by less than the given share of their mean.
    case alike(within: Double)
    /// The last value is larger than all others.
    case lastIsLargest
    /// The first value is less than all others.
    case firstIsLeast
  }

  public let text: String
  public let measure: Measure
  public let experiments: [String]
  public let expectation: Expectation

  /// - Parameter kind: the number of a run that is compared; by default the final metric.
  public init(
    _ text: String, _ metric: Metric, _ experiments: [String], _ expectation: Expectation,
    by kind: Measure.Kind = .final
  ) {
    self.text = text
    self.measure = Measure(metric, kind)
    self.experiments = experiments
    self.expectation = expectation
  }

  /// The pairs of experiments whose differences are tested, each as the one that is to be less and the one to be larger.
  package var steps: [(less: Int, larger: Int)] {
    let last = experiments.count - 1
    return switch expectation {
    case .increasing, .increasingInEveryEpoch: (0..<max(0, last)).map { ($0, $0 + 1) }
    case .atLeastTimes: last >= 1 ? [(0, 1)] : []
    case .lastIsLargest: (0..<max(0, last)).map { ($0, last) }
    case .firstIsLeast: (1..<max(1, last + 1)).map { (0, $0) }
    case .alike: experiments.indices.flatMap { first in ((first + 1)..<(last + 1)).map { (first, $0) } }
    }
  }
}

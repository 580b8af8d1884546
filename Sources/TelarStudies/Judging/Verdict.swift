/// What the runs say of a claim.
public enum Verdict: String, Sendable, CaseIterable {
  case held
  case notHeld = "did not hold"
  /// The interval reaches over the bound: more seeds would tell.
  case cannotBeTold = "cannot be told apart"
  /// The runs are not those that the claim is about, or have no interval.
  case notJudged = "not judged"

  /// A mark that shows the verdict without colour.
  package var mark: String {
    switch self {
    case .held: "✓"
    case .notHeld: "✗"
    case .cannotBeTold: "≈"
    case .notJudged: "○"
    }
  }

  /// The verdict on several conditions that must all hold.
  package static func all(_ verdicts: [Verdict]) -> Verdict {
    for verdict in [notJudged, notHeld, cannotBeTold] where verdicts.contains(verdict) { return verdict }
    return verdicts.isEmpty ? notJudged : held
  }
}

/// A claim with the numbers of the runs and the verdict that they carry.
public struct Judgement: Sendable {
  /// The experiment of the claim; `nil` for a claim that compares several.
  package var experiment: String?
  package var metric: Metric
  package var claim: String
  /// The numbers of the experiments that the claim is about.
  package var rows: [Row] = []
  package var verdict = Verdict.notJudged
  /// Why it was not judged, or what would tell; empty otherwise.
  package var reason = ""
  /// The claimed number; `nil` for a range or a shape.
  package var claimed: Double?
  /// The number of seeds that meet the claim by themselves.
  package var seedsThatMeetIt: Int?
  /// The weakest difference of a comparison.
  package var difference: Difference?
  /// About how many more seeds would tell; `nil` where the verdict is plain or no number would do.
  package var moreSeeds: Int?
  /// The two-sided p-value of a comparison, and the same after Holm's correction over the study's comparisons.
  package var pValue: Double?
  package var adjustedPValue: Double?

  /// One number of one experiment.
  package struct Row: Sendable {
    package let experiment: String
    package let measure: Measure
    package let sample: Sample
    /// The 95 % interval of the mean; `nil` with one seed.
    package let interval: Interval?
    /// What the finite number of test images leaves open, either way; `nil` for what is no accuracy.
    package let binomial: Double?
  }

  /// A paired difference over the seeds that two experiments share.
  package struct Difference: Sendable {
    package let less: String
    package let larger: String
    package let sample: Sample
    package let interval: Interval
    /// The p-value of the exact sign-flip test.
    package let exactPValue: Double?
  }
}

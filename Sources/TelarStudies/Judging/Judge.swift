import Foundation

/// Judges a study's claims by its runs.
///
/// A claim about one experiment rests on the 95 % interval of each of its numbers over the seeds, "about" on two one-sided
/// tests. A comparison rests on the paired differences of the seeds that its experiments share: on their intervals, and on
/// Student's test after Holm's correction over all comparisons of the study that can be judged.
/// `ReportsAndStatistics.md` of the documentation has the formulas.
package struct Judge {
  package static let level = 0.05

  private let study: Study
  private let results: [ExperimentResult]
  /// The experiments with a run, whether it came to a result or not.
  private let attempted: Set<String>

  package init(_ study: Study, _ results: [ExperimentResult], attempted: Set<String>) {
    self.study = study
    self.results = results
    self.attempted = attempted
  }

  /// The claims about single experiments that were run, in the study's order.
  package var claims: [Judgement] {
    study.experiments.filter { attempted.contains($0.name) }.flatMap { experiment in
      experiment.claims.map { judge($0, of: experiment) }
    }
  }

  /// The comparisons of experiments that were all run.
  package var comparisons: [Judgement] {
    let drafts = study.comparisons.filter { attempted.isSuperset(of: $0.experiments) }.map(draft)
    let judged = drafts.indices.filter { drafts[$0].test != nil }
    let adjusted = Holm.adjusted(judged.map { drafts[$0].test!.pValue })
    var judgements = drafts.map(\.judgement)
    for (index, pValue) in zip(judged, adjusted) {
      drafts[index].test!.decide(&judgements[index], adjusted: pValue, family: judged.count)
    }
    return judgements
  }

  /// The number of claims about experiments that were not run.
  package var untouched: Int {
    study.experiments.reduce(0) { $0 + (attempted.contains($1.name) ? 0 : $1.claims.count) }
      + study.comparisons.count { !attempted.isSuperset(of: $0.experiments) }
  }

  /// The experiments of the text that were not run.
  package var missing: [String] {
    study.experiments.filter { $0.group == nil && !attempted.contains($0.name) }.map(\.name)
  }

  /// Whether the claims are a recipe's.
  private var isOwn: Bool { study.recipe != nil }

  private func result(_ name: String) -> ExperimentResult? { results.first { $0.experiment.name == name } }

  // MARK: Claims

  private func judge(_ claim: Claim, of experiment: Experiment) -> Judgement {
    var judgement = Judgement(experiment: experiment.name, metric: claim.metric, claim: claim.text)
    judgement.claimed = claim.number
    guard let result = result(experiment.name) else {
      judgement.reason = "\(experiment.name) has no run that came to a result"
      return judgement
    }
    let rows = claim.conditions.map { row(result, $0.measure) }
    judgement.rows = rows.compactMap(\.self)
    if let obstacle = result.obstacle(to: claim, isOwn: isOwn) {
      judgement.reason = obstacle
      return judgement
    }
    guard judgement.rows.count == rows.count else {
      judgement.reason = "too short to say"
      return judgement
    }
    judgement.seedsThatMeetIt = result.runs.count { run in
      claim.conditions.allSatisfy { condition in
        condition.measure.value(of: run).map(condition.region.contains) ?? false
      }
    }
    guard result.runs.count > 1 else {
      judgement.reason = "one seed has no interval"
      return judgement
    }
    let outcomes = zip(judgement.rows, claim.conditions).map { Self.verdict($0, $1.region) }
    judgement.verdict = .all(outcomes.map(\.verdict))
    if judgement.verdict == .cannotBeTold {
      let open = outcomes.filter { $0.verdict == .cannotBeTold }
      Self.explain(&judgement, needed: open.map(\.needed), has: result.runs.count)
    }
    return judgement
  }

  /// The number of an experiment; `nil` unless all its seeds have one.
  private func row(_ result: ExperimentResult, _ measure: Measure) -> Judgement.Row? {
    let values = result.runs.compactMap(measure.value)
    guard !values.isEmpty, values.count == result.runs.count else { return nil }
    let sample = Sample(values)
    let isShare = measure.kind == .final && measure.metric == .validationAccuracy
    let binomial =
      isShare ? result.validationImageCount.flatMap { Interval.wilson(share: sample.mean, count: $0) } : nil
    return Judgement.Row(
      experiment: result.experiment.name, measure: measure, sample: sample, interval: Interval.ofMean(sample),
      binomial: binomial?.halfWidth)
  }

  /// The verdict on one number, and how many seeds would tell.
  package static func verdict(
    _ sample: Sample, _ interval: Interval?, _ region: Region
  ) -> (verdict: Verdict, needed: Int?) {
    guard let interval else { return (.notJudged, nil) }
    var alpha = level / 2
    switch region {
    case .above(let bound):
      if interval.low > bound { return (.held, nil) }
      if interval.high <= bound { return (.notHeld, nil) }
    case .below(let bound):
      if interval.high < bound { return (.held, nil) }
      if interval.low >= bound { return (.notHeld, nil) }
    case .inside(let range):
      if let pValue = EquivalenceTest.pValue(sample, within: range), pValue <= level { return (.held, nil) }
      if interval.high < range.lowerBound || interval.low > range.upperBound { return (.notHeld, nil) }
      if range.contains(sample.mean) { alpha = level }
    }
    let distance = sample.mean - region.nearestBound(to: sample.mean)
    return (.cannotBeTold, SampleSize.needed(distance: distance, deviation: sample.deviation, alpha: alpha))
  }

  private static func verdict(_ row: Judgement.Row, _ region: Region) -> (verdict: Verdict, needed: Int?) {
    verdict(row.sample, row.interval, region)
  }

  /// Says how many more seeds would tell.
  ///
  /// - Parameter needed: the numbers that the open questions take; `nil` for one that no number answers.
  fileprivate static func explain(_ judgement: inout Judgement, needed: [Int?], has count: Int) {
    let known = needed.compactMap(\.self)
    guard known.count == needed.count, let most = known.max() else {
      judgement.reason = "more than \(SampleSize.limit) seeds would be needed"
      return
    }
    let more = max(1, most - count)
    judgement.moreSeeds = more
    judgement.reason = "about \(more) more seed\(more == 1 ? "" : "s") would tell"
  }

  // MARK: Comparisons

  /// A comparison before Holm's correction.
  private struct Draft {
    var judgement: Judgement
    /// `nil` where it cannot be judged.
    var test: ComparisonTest?
  }

  private func draft(_ comparison: Comparison) -> Draft {
    var judgement = Judgement(metric: comparison.measure.metric, claim: comparison.text)
    let found = comparison.experiments.map(result)
    judgement.rows = found.compactMap { $0.flatMap { row($0, comparison.measure) } }
    for (name, result) in zip(comparison.experiments, found) {
      let obstacle =
        if let result { result.obstacle(to: comparison.measure, isOwn: isOwn) } else {
          "\(name) has no run that came to a result"
        }
      guard let obstacle else { continue }
      judgement.reason = obstacle
      return Draft(judgement: judgement)
    }
    let results = found.compactMap(\.self)
    guard comparison.expectation == .increasingInEveryEpoch || judgement.rows.count == results.count else {
      let measure = comparison.measure
      judgement.reason = "there is no \(measure.metric.title) \(measure.qualifier)".trimmingCharacters(in: .whitespaces)
      return Draft(judgement: judgement)
    }
    guard let test = ComparisonTest(comparison, results) else {
      judgement.reason =
        results.contains { $0.runs.count < 2 } ? "one seed has no interval" : "too few seeds in common"
      return Draft(judgement: judgement)
    }
    judgement.pValue = test.pValue
    judgement.difference = test.weakest
    return Draft(judgement: judgement, test: test)
  }
}

/// The tests of a comparison's paired differences.
private struct ComparisonTest {
  /// The p-values that the claim is wrong in some step, and that it holds in all.
  private let wrong: Double
  private let right: Double
  private let isEquivalence: Bool
  private let steps: [Step]

  private struct Step {
    let difference: Judgement.Difference
    /// Where the difference must lie.
    let region: Region
  }

  /// - Returns: `nil` where two experiments share less than two seeds, or have too few epochs.
  init?(_ comparison: Comparison, _ results: [ExperimentResult]) {
    var steps: [Step] = []
    for (less, larger) in comparison.steps {
      guard let step = Self.step(comparison, results[less], results[larger]) else { return nil }
      steps.append(step)
    }
    guard !steps.isEmpty else { return nil }
    self.steps = steps
    isEquivalence = if case .alike = comparison.expectation { true } else { false }
    wrong = steps.map { Self.chances($0).wrong }.max()!
    right = min(1, steps.map { Self.chances($0).right }.min()! * Double(steps.count))
  }

  private static func step(_ comparison: Comparison, _ less: ExperimentResult, _ larger: ExperimentResult) -> Step? {
    var differences: [Double] = []
    var sizes: [Double] = []
    for run in less.runs {
      guard let other = larger.runs.first(where: { $0.seed == run.seed }) else { continue }
      if comparison.expectation == .increasingInEveryEpoch {
        let metric = comparison.measure.metric
        let gaps = zip(other.history.compactMap(metric.value), run.history.compactMap(metric.value)).map { $0 - $1 }
        guard let least = gaps.min() else { return nil }
        differences.append(least)
      } else {
        guard let a = comparison.measure.value(of: run), let b = comparison.measure.value(of: other) else { return nil }
        let factor = if case .atLeastTimes(let factor) = comparison.expectation { factor } else { 1.0 }
        differences.append(b - factor * a)
        sizes += [a, b]
      }
    }
    let sample = Sample(differences)
    guard let interval = Interval.ofMean(sample) else { return nil }
    var region = Region.above(0)
    if case .alike(let share) = comparison.expectation {
      let margin = abs(Sample(sizes).mean) * share
      region = .inside(-margin...margin)
    }
    return Step(
      difference: .init(
        less: less.experiment.name, larger: larger.experiment.name, sample: sample, interval: interval,
        exactPValue: SignFlipTest.pValue(differences)), region: region)
  }

  /// One-sided p-values of a step: small `wrong` says that it holds, small `right` that it does not.
  private static func chances(_ step: Step) -> (wrong: Double, right: Double) {
    let sample = step.difference.sample
    switch step.region {
    case .above(let bound), .below(let bound):
      return (sample.chanceOfMean(atMost: bound), sample.chanceOfMean(atLeast: bound))
    case .inside(let range):
      return (
        max(sample.chanceOfMean(atMost: range.lowerBound), sample.chanceOfMean(atLeast: range.upperBound)),
        min(sample.chanceOfMean(atMost: range.upperBound), sample.chanceOfMean(atLeast: range.lowerBound))
      )
    }
  }

  /// The p-value that enters Holm's correction. An order is tested to both sides, equivalence to one.
  var pValue: Double { min(1, isEquivalence ? min(wrong, 2 * right) : 2 * min(wrong, right)) }

  /// The step that speaks least for the claim.
  var weakest: Judgement.Difference {
    steps.max { Self.chances($0).wrong < Self.chances($1).wrong }!.difference
  }

  /// Sets the verdict.
  ///
  /// - Parameters:
  ///   - adjusted: the p-value after Holm's correction.
  ///   - family: the number of comparisons that were corrected together.
  func decide(_ judgement: inout Judgement, adjusted: Double, family: Int) {
    judgement.adjustedPValue = adjusted
    let verdicts = steps.map { Judge.verdict($0.difference.sample, $0.difference.interval, $0.region).verdict }
    if adjusted <= Judge.level {
      if wrong < right, verdicts.allSatisfy({ $0 == .held }) { judgement.verdict = .held }
      if right < wrong, verdicts.contains(.notHeld) { judgement.verdict = .notHeld }
    }
    guard judgement.verdict == .notJudged else { return }
    judgement.verdict = .cannotBeTold
    let alpha = Judge.level / Double(family) / (isEquivalence ? 1 : 2)
    let needed = steps.map { step in
      let sample = step.difference.sample
      return SampleSize.needed(
        distance: sample.mean - step.region.nearestBound(to: sample.mean), deviation: sample.deviation, alpha: alpha)
    }
    let count = steps.map(\.difference.sample.count).min()!
    // Seeds at hand that would be enough by this estimate tell nothing as long as the other steps are open.
    Judge.explain(&judgement, needed: needed, has: count)
  }
}

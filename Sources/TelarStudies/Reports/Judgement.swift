import TelarTraining

/// A claim of the text and its verdict.
struct Judgement {
  /// The experiment of the claim; `nil` for a claim that compares several.
  var experiment: String?
  var metric: Metric
  var claim: String
  /// The results: one line, or one per experiment.
  var here: [String]
  /// The difference of the results from the claim.
  var difference: String
  /// The number of seeds that meet the claim by themselves: `2 of 3`.
  var seeds: String
  var status: Document.Status
  /// Why it could not be judged; empty where it could.
  var reason: String
  /// `here` and `difference` as numbers, for the CSV tables.
  var numbers = Numbers()

  struct Numbers {
    /// The claimed number; `nil` for a range or a shape.
    var claimed: Double?
    /// The results of each experiment.
    var values: [(experiment: String, spread: Spread)] = []
    /// The number of seeds that meet the claim by themselves.
    var seedsThatMeetIt: Int?

    /// The result minus the claimed number.
    var difference: Double? {
      guard let claimed, let value = values.first else { return nil }
      return value.spread.mean - claimed
    }
  }

  var verdict: String { isOpen ? "not judged: \(reason)" : word }

  /// The verdict without its reason.
  var word: String {
    switch status {
    case .held: "held"
    case .notHeld: "did not hold"
    case .open, .none: "not judged"
    }
  }

  private var isOpen: Bool { status == .open || status == .none }
}

/// Judges a study's claims by its runs, within the bounds that the study sets. A claim is not judged by shorter runs.
struct Judge {
  let folder: StudyFolder

  /// The claims about single experiments that were run, in the study's order.
  var claims: [Judgement] {
    folder.study.experiments.filter { folder.attempted.contains($0.name) }.flatMap { experiment in
      experiment.claims.map { judge($0, of: experiment) }
    }
  }

  /// The claims that compare experiments that were all run.
  var comparisons: [Judgement] {
    folder.study.comparisons.filter { folder.attempted.isSuperset(of: $0.experiments) }.map(judge)
  }

  /// The number of claims about experiments that were not run.
  var untouched: Int {
    let single = folder.study.experiments.filter { !folder.attempted.contains($0.name) }.map(\.claims.count)
    return single.reduce(0, +)
      + folder.study.comparisons.count { !folder.attempted.isSuperset(of: $0.experiments) }
  }

  /// The experiments of the study that were not run.
  var missing: [String] { folder.study.experiments.map(\.name).filter { !folder.attempted.contains($0) } }

  private func result(_ name: String) -> ExperimentResult? {
    folder.experiments.first { $0.experiment.name == name }
  }

  /// Why an experiment's claims cannot be judged; `nil` where they can.
  private func obstacle(_ name: String) -> String? {
    guard let result = result(name) else { return "\(name) has no run that came to a result" }
    return result.obstacle
  }

  private func judge(_ claim: Claim, of experiment: Experiment) -> Judgement {
    var judgement = Judgement(
      experiment: experiment.name, metric: claim.metric, claim: claim.text, here: [], difference: "", seeds: "",
      status: .open, reason: obstacle(experiment.name) ?? "")
    guard let result = result(experiment.name) else { return judgement }
    if judgement.reason.isEmpty { judgement.reason = result.obstacle(to: claim) ?? "" }
    let (curves, finals) = (result.curves(claim.metric), result.values(claim.metric))
    let finding = Finding(claim, curves: curves, values: finals)
    (judgement.here, judgement.difference) = ([finding.here], finding.difference)
    judgement.numbers.claimed = finding.claimed
    if let spread = finding.spread { judgement.numbers.values = [(experiment.name, spread)] }
    guard judgement.reason.isEmpty else { return judgement }
    guard let isMet = claim.isMet(by: curves, finals: finals) else {
      judgement.reason = "too short to say"
      return judgement
    }
    let met = result.runs.count { run in
      claim.isMet(by: run.history.compactMap(claim.metric.value), final: run.value(claim.metric)) == true
    }
    judgement.seeds = "\(met) of \(result.runs.count)"
    judgement.numbers.seedsThatMeetIt = met
    judgement.status = isMet ? .held : .notHeld
    return judgement
  }

  private func judge(_ comparison: Comparison) -> Judgement {
    let spreads = comparison.experiments.map { name in result(name).flatMap { Spread($0.values(comparison.metric)) } }
    var judgement = Judgement(
      metric: comparison.metric, claim: comparison.text,
      here: zip(comparison.experiments, spreads).compactMap { name, spread in
        spread.map { "\(name) \($0.text(comparison.metric))" }
      },
      difference: "", seeds: "", status: .open,
      reason: comparison.experiments.lazy.compactMap(obstacle).first ?? "")
    judgement.numbers.values = zip(comparison.experiments, spreads).compactMap { name, spread in
      spread.map { (name, $0) }
    }
    let values = spreads.compactMap { $0?.mean }
    guard values.count == comparison.experiments.count else {
      if judgement.reason.isEmpty { judgement.reason = "there is no \(comparison.metric.title)" }
      return judgement
    }
    judgement.difference = difference(comparison, values)
    if judgement.reason.isEmpty { judgement.status = comparison.isMet(by: values) ? .held : .notHeld }
    return judgement
  }

  private func difference(_ comparison: Comparison, _ values: [Double]) -> String {
    let metric = comparison.metric
    switch comparison.expectation {
    case .increasing:
      let steps = zip(comparison.experiments.dropFirst(), zip(values.dropFirst(), values)).map {
        (name: $0, value: $1.0, before: $1.1)
      }
      guard let least = steps.min(by: { $0.value - $0.before < $1.value - $1.before }) else { return "" }
      let step = metric.difference(least.value, from: least.before)
      return steps.count == 1 ? step : "least step \(step), to \(least.name)"
    case .atLeastTimes:
      return values[0] > 0 ? "\(Text.decimal(values[1] / values[0], 2)) times" : ""
    case .alike:
      let (least, most) = (values.min()!, values.max()!)
      return least > 0 ? "the largest is \(Text.decimal((most / least - 1) * 100, 1)) % above the least" : ""
    case .lastIsLargest:
      let others = zip(comparison.experiments, values).dropLast()
      guard let next = others.max(by: { $0.1 < $1.1 }) else { return "" }
      return "\(metric.difference(values.last!, from: next.1)) against \(next.0)"
    }
  }
}

/// The values of a claim's metric and their difference from the claim.
private struct Finding {
  var here = ""
  var difference = ""
  /// The values that the claim is about; `nil` where there are none.
  var spread: Spread?
  /// The claimed number, if the claim has one.
  var claimed: Double?

  /// - Parameters:
  ///   - curves: one curve per seed, by epoch.
  ///   - values: the values of the seeds' final networks.
  init(_ claim: Claim, curves: [[Double]], values: [Double]) {
    let metric = claim.metric
    let curve = ExperimentResult.mean(curves)
    guard let spread = Spread(values) else { return }
    here = spread.text(metric)
    self.spread = spread
    switch claim.expectation {
    case .above(let bound), .below(let bound), .near(let bound):
      difference = metric.difference(spread.mean, from: bound)
      claimed = bound
    case .aboveInEpoch(let epoch, let bound):
      guard epoch >= 1, curve.count >= epoch else { return }
      here = "\(metric.text(curve[epoch - 1])) in epoch \(epoch)"
      difference = metric.difference(curve[epoch - 1], from: bound)
      self.spread = Spread(curves.compactMap { epoch <= $0.count ? $0[epoch - 1] : nil })
      claimed = bound
    case .inside(let range, let epoch):
      guard epoch >= 1, curve.count >= epoch else { return }
      let (least, most) = (curve[(epoch - 1)...].min()!, curve[(epoch - 1)...].max()!)
      here = "\(metric.text(least)) to \(metric.text(most)) from epoch \(epoch)"
      let outside = [
        least < range.lowerBound ? metric.difference(least, from: range.lowerBound) : nil,
        most > range.upperBound ? metric.difference(most, from: range.upperBound) : nil,
      ].compactMap(\.self)
      difference = outside.isEmpty ? "inside" : outside.joined(separator: " and ")
    case .rises(let count):
      guard curve.count > count else { return }
      difference =
        metric.difference(curve.last!, from: curve[curve.count - 1 - count]) + " over the last \(count) epochs"
    case .fallsSteadily, .oscillates, .oscillatesWithoutImproving:
      let rises = curves.map { curve in zip(curve.dropFirst(), curve).count { $0 > $1 } }
      let steps = Set(curves.map { max(0, $0.count - 1) }).sorted().map(String.init)
      difference = "rises in \(Text.list(rises.map(String.init))) of \(steps.joined(separator: " to ")) steps"
    case .doesNotRiseAgain, .risesAgain:
      guard let least = curve.min(), least > 0 else { return }
      difference = "ends \(Text.decimal((spread.mean / least - 1) * 100, 1)) % above its least"
    }
  }
}

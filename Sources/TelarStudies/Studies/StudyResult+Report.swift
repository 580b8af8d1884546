import TelarIO

extension StudyResult {
  /// A claim and its verdict.
  struct Verdict {
    let experiment: String
    let claim: Claim
    /// The final metric, the mean over seeds.
    let value: Double?
    /// `nil` where the claim cannot be judged.
    let isMet: Bool?
    /// Why the claim cannot be judged; empty where it can.
    let obstacle: String
  }

  func verdicts(of result: ExperimentResult) -> [Verdict] {
    result.experiment.claims.map { claim in
      let obstacle = result.obstacle(to: claim)
      let isMet =
        obstacle == nil ? claim.isMet(by: result.curves(claim.metric), finals: result.values(claim.metric)) : nil
      return Verdict(
        experiment: result.experiment.name, claim: claim, value: result.final(claim.metric), isMet: isMet,
        obstacle: isMet == nil ? obstacle ?? "too short to say" : "")
    }
  }

  /// The comparisons whose experiments were all requested, with their values and verdicts; `nil` where a comparison
  /// cannot be judged.
  var comparisons: [(comparison: Comparison, values: [Double], isMet: Bool?)] {
    study.comparisons.compactMap { comparison in
      let results = comparison.experiments.compactMap(result)
      let values = results.compactMap { $0.final(comparison.metric) }
      guard values.count == comparison.experiments.count else { return nil }
      return (comparison, values, results.contains { $0.obstacle != nil } ? nil : comparison.isMet(by: values))
    }
  }

  // MARK: For people

  /// The results beside the text's claims, for a terminal.
  public var table: String {
    var lines = experimentTable
    let comparisons = comparisons
    if !comparisons.isEmpty {
      lines += ["", "Claims that compare experiments"]
      let width = comparisons.map(\.comparison.text.count).max()!
      for (comparison, values, isMet) in comparisons {
        let numbers = zip(comparison.experiments, values).map { "\($0) \(comparison.metric.text($1))" }
        lines.append(
          "  \(pad(comparison.text, width))  \(pad(word(isMet), 10))  \(numbers.joined(separator: ", "))"
        )
      }
    }
    let matrices = experiments.filter(\.isRequested).compactMap(confusionLine)
    if !matrices.isEmpty {
      lines += ["", "Confusion matrices against the text's, share of each true class"] + matrices
    }
    if !others.isEmpty {
      lines += ["", "Runs that do not belong with the others"] + others.map { "  - \($0.description)" }
    }
    let remarks = study.assumptions + notes
    if !remarks.isEmpty {
      lines +=
        ["", study.recipe == nil ? "Assumptions where the text is open" : "Notes"] + remarks.map { "  - \($0)" }
    }
    if !failures.isEmpty {
      lines += ["", "Runs without a result"] + failures.map { "  - \($0.reason)" }
    }
    if let peakDeviceBytes, peakDeviceBytes > 0 {
      lines += ["", "Memory on the device: at most \(grouped(peakDeviceBytes.dividedUp(by: 1 << 20))) MiB at a time"]
    }
    return lines.joined(separator: "\n")
  }

  private var experimentTable: [String] {
    var rows = [["experiment", "what", "epochs", "val loss", "val accuracy", "claimed", "held"]]
    for result in experiments {
      let verdicts = result.isRequested ? verdicts(of: result) : []
      let what = result.isRequested ? result.experiment.summary : "pre-training: \(result.experiment.summary)"
      let first = verdicts.first
      rows.append([
        result.experiment.name, what, String(result.epochs),
        result.final(.validationLoss).map(Metric.validationLoss.text) ?? "",
        result.final(.validationAccuracy).map(Metric.validationAccuracy.text) ?? "",
        first.map(claimed) ?? "", first.map { word($0.isMet) } ?? "",
      ])
      for verdict in verdicts.dropFirst() {
        rows.append(["", "", "", "", "", claimed(verdict), word(verdict.isMet)])
      }
    }
    // Recipes have no claims.
    if rows.dropFirst().allSatisfy({ $0.suffix(2) == ["", ""] }) { rows = rows.map { Array($0.dropLast(2)) } }
    // Numbers are right-aligned.
    let right: Set = [2, 3, 4]
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    func line(_ row: [String]) -> String {
      let cells = row.indices.map { right.contains($0) ? padLeft(row[$0], widths[$0]) : pad(row[$0], widths[$0]) }
      return cells.joined(separator: "  ").trimmingTrailingSpaces
    }
    let counts = Set(experiments.map(\.runs.count)).sorted()
    let seeds = counts == [1] ? "one seed" : "means of \(counts.map(String.init).joined(separator: " or ")) seeds"
    return ["\(study.name): \(study.title) (\(seeds))", "", line(rows[0])]
      + [widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + rows.dropFirst().map(line)
  }

  /// A claim's text, with the metric and the value where the table has no column for it.
  private func claimed(_ verdict: Verdict) -> String {
    let (metric, text) = (verdict.claim.metric, verdict.claim.text)
    switch metric {
    case .validationAccuracy: return text
    case .validationLoss: return "\(metric.rawValue) \(text)"
    case .trainingAccuracy, .trainingLoss, .testLoss:
      return "\(metric.rawValue) \(text)" + (verdict.value.map { ", here \(metric.text($0))" } ?? "")
    }
  }

  private func word(_ isMet: Bool?) -> String {
    switch isMet {
    case true?: "held"
    case false?: "not held"
    case nil: "not judged"
    }
  }

  private func confusionLine(_ result: ExperimentResult) -> String? {
    guard let ours = result.confusionShares, let theirs = result.experiment.confusion, theirs.count == ours.count else {
      return nil
    }
    let names = result.classNames(count: ours.count)
    var largest = (difference: 0.0, row: 0, column: 0)
    var sum = 0.0
    for row in ours.indices {
      for column in ours[row].indices {
        let difference = ours[row][column] - theirs[row][column]
        sum += abs(difference)
        if abs(difference) > abs(largest.difference) { largest = (difference, row, column) }
      }
    }
    let (row, column) = (largest.row, largest.column)
    let mean = decimal(sum / Double(ours.count * ours.count), 3)
    return "  \(result.experiment.name): cells differ by \(mean) on average, most where \(names[row]) is taken for "
      + "\(names[column]): \(decimal(ours[row][column], 2)), in the text \(decimal(theirs[row][column], 2))"
  }

  /// Differences between the runs and the text.
  package var notes: [String] {
    var notes: [String] = []
    let early = experiments.filter { $0.isRequested && $0.runs.contains(where: \.hasStoppedEarly) }
    if !early.isEmpty {
      notes.append(
        "Stopped early, with the best epoch's weights: "
          + early.map { result in
            let epochs = result.runs.map { "\($0.history.count) (best \($0.epoch))" }
            return "\(result.experiment.name) after \(epochs.joined(separator: ", "))"
          }.joined(separator: "; ") + ".")
    }
    let short = experiments.filter {
      $0.isRequested && $0.epochs != $0.experiment.epochs && !$0.runs.contains(where: \.hasStoppedEarly)
    }
    if let example = short.first {
      let texts = Set(short.map(\.experiment.epochs)).sorted().map(String.init).joined(separator: " or ")
      let ours = Set(short.map(\.epochs)).sorted().map(String.init).joined(separator: " or ")
      let what = study.recipe == nil ? "The claims are for" : "The recipe has"
      notes.append(
        "\(what) \(texts) epochs; \(example.epochs == 1 && ours == "1" ? "this run had 1" : "these runs had \(ours)")."
      )
    }
    func numbers(_ group: String, _ key: String, unlike usual: (Experiment) -> Int?) -> [Int] {
      let found = experiments.filter(\.isRequested).flatMap { result in
        result.runs.compactMap { $0.recorded(group, key) }.filter { $0 != usual(result.experiment) }
      }
      return Set(found).sorted()
    }
    for size in numbers("settings", "batch_size", unlike: \.batchSize) {
      notes.append("Batches had \(size) images (--batch-size).")
    }
    for count in numbers("data", "subset", unlike: { _ in nil }) {
      notes.append("Trained on the first \(grouped(count)) images only (--subset).")
    }
    for count in numbers("data", "validation_images", unlike: \.data.validationCount)
    where experiments.contains(where: { $0.experiment.data.scalesValidation }) {
      notes.append(
        "Validated on the last \(grouped(count)) training images, as there are too few for the study's split.")
    }
    for count in numbers("settings", "curve_images", unlike: { _ in 10_000 }) {
      notes.append("Training curves are measured on \(grouped(count)) images (--curve-images).")
    }
    return notes
  }

  // MARK: For programs

  /// One object per claim and comparison.
  public var lines: [JSON] {
    var lines: [JSON] = []
    for result in experiments where result.isRequested {
      for verdict in verdicts(of: result) {
        lines.append(
          .object([
            "experiment": .string("\(study.name)/\(verdict.experiment)"),
            "claim": .string("\(verdict.claim.metric.rawValue) \(verdict.claim.text)"),
            "value": verdict.value.map(JSON.number) ?? .null,
            "held": verdict.isMet.map(JSON.boolean) ?? .null, "not_judged": .string(verdict.obstacle),
            "epochs": .integer(result.epochs),
            "claimed_epochs": .integer(result.experiment.epochs), "seeds": .integer(result.runs.count),
          ]))
      }
    }
    for (comparison, values, isMet) in comparisons {
      // The number of seeds of the experiment with the fewest.
      let seeds = comparison.experiments.compactMap { result($0)?.runs.count }.min() ?? 0
      lines.append(
        .object([
          "experiments": .array(comparison.experiments.map { .string("\(study.name)/\($0)") }),
          "claim": .string(comparison.text), "values": .array(values.map(JSON.number)),
          "held": isMet.map(JSON.boolean) ?? .null, "seeds": .integer(seeds),
        ]))
    }
    lines += others.map { other in
      .object([
        "experiment": .string("\(study.name)/\(other.experiment)"), "seed": .integer(Int(clamping: other.seed)),
        "left_out": .string(other.difference),
      ])
    }
    return lines
  }
}

private func pad(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

private func padLeft(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self[...]
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}

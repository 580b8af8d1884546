import TelarIO

extension StudyResult {
  /// The columns of a terminal.
  private static let width = 80

  /// The results beside the text's claims, for a terminal of 80 columns.
  public var table: String {
    let judge = judge
    var lines = experimentTable
    lines += section("Claims of the text", judge.claims.map(line))
    lines += section("Claims that compare experiments", judge.comparisons.map(line))
    lines += section(
      "Confusion matrices against the text's, share of each true class",
      experiments.filter(\.isRequested).compactMap(confusionLine))
    lines += section("Runs that do not belong with the others", others.map { "- \($0.description)" })
    let remarks = study.assumptions + notes
    lines += section(
      study.recipe == nil ? "Assumptions where the text is open" : "Notes", remarks.map { "- \($0)" })
    lines += section("Runs without a result", failures.map { "- \($0.reason)" })
    if let peakDeviceBytes, peakDeviceBytes > 0 {
      lines += ["", "Memory on the device: at most \(grouped(peakDeviceBytes.dividedUp(by: 1 << 20))) MiB at a time"]
    }
    return lines.joined(separator: "\n")
  }

  private func section(_ title: String, _ items: [String]) -> [String] {
    items.isEmpty ? [] : ["", title] + items.flatMap { wrapped($0, to: Self.width, indent: 2, hanging: 4) }
  }

  private var experimentTable: [String] {
    let metrics: [Metric] = [.validationLoss, .validationAccuracy].filter { metric in
      experiments.contains { !$0.values(metric).isEmpty }
    }
    let counts = Set(experiments.map(\.runs.count)).sorted()
    let seeds =
      counts == [1]
      ? "one seed" : "means of \(counts.map(String.init).joined(separator: " or ")) seeds ± standard deviation"
    let title = wrapped("\(study.name): \(study.title) (\(seeds))", to: Self.width, indent: 0, hanging: 2)
    return title + table(of: metrics, experiments)
      + otherMetrics.flatMap { metrics in
        table(of: metrics, experiments.filter { result in metrics.contains { !result.values($0).isEmpty } })
      }
  }

  /// The further metrics, in groups of as many as a table has room for.
  private var otherMetrics: [[Metric]] {
    let metrics = Metric.others(of: experiments).filter { metric in experiments.contains { !$0.values(metric).isEmpty }
    }
    var groups: [[Metric]] = []
    var room = 0
    for metric in metrics {
      // A value with its deviation takes as much: 88.04 ± 0.12 %.
      let width = max(metric.rawValue.count, 14) + 2
      if width > room || groups.last?.last?.isAccuracy != metric.isAccuracy {
        groups.append([])
        room = Self.width - 28
      }
      groups[groups.count - 1].append(metric)
      room -= width
    }
    return groups
  }

  /// An empty line, and the final values of these metrics.
  private func table(of metrics: [Metric], _ experiments: [ExperimentResult]) -> [String] {
    var rows = [["experiment", "epochs"] + metrics.map(\.rawValue)]
    for result in experiments {
      rows.append(
        [(result.isRequested ? "" : "pre-training: ") + result.experiment.name, String(result.epochs)]
          + metrics.map { metric in Spread(result.values(metric))?.text(metric).replacing("−", with: "-") ?? "" })
    }
    let numbers = (1..<rows[0].count).map { column in rows.map { $0[column].count }.max()! }
    let widest = max(10, Self.width - numbers.reduce(0) { $0 + $1 + 2 })
    let names = min(widest, rows.map { $0[0].count }.max()!)
    func line(_ row: [String]) -> [String] {
      let numbers = zip(row.dropFirst(), numbers).map { "  " + padLeft($0, $1) }.joined()
      // A name that is too long has a line of its own.
      guard row[0].count > names else { return [pad(row[0], names) + numbers] }
      return [row[0], pad("", names) + numbers]
    }
    return [""] + line(rows[0]).map(\.trimmingTrailingSpaces)
      + [([names] + numbers).map { String(repeating: "─", count: $0) }.joined(separator: "  ")]
      + rows.dropFirst().flatMap(line).map(\.trimmingTrailingSpaces)
  }

  /// `✓ held: case-1 val accuracy > 90.00 %; here 90.61 ± 0.12 % [90.32, 90.90]`
  private func line(_ judgement: Judgement) -> String {
    var parts = [judgement.claim]
    if let experiment = judgement.experiment {
      parts[0] = "\(experiment) \(judgement.metric.rawValue) \(judgement.claim)"
    }
    if judgement.experiment != nil {
      let numbers = judgement.rows.map { row in
        let interval = row.interval.map { " [\(row.measure.text($0.low)), \(row.measure.text($0.high))]" } ?? ""
        return [row.measure.qualifier, row.text + interval].filter { !$0.isEmpty }.joined(separator: " ")
      }
      if !numbers.isEmpty { parts.append("here \(numbers.joined(separator: ", "))") }
    } else if let difference = judgement.difference, let row = judgement.rows.first {
      let (interval, measure) = (difference.interval, row.measure)
      parts.append(
        "\(difference.larger) less \(difference.less): \(measure.differenceText(difference.sample.mean)) "
          + "[\(measure.differenceText(interval.low)), \(measure.differenceText(interval.high))]"
          + (judgement.adjustedPValue.map { ", p \(Text.probability($0))" } ?? ""))
    } else {
      parts.append(judgement.rows.map { "\($0.experiment) \($0.text)" }.joined(separator: ", "))
    }
    if !judgement.reason.isEmpty { parts.append(judgement.reason) }
    return "\(judgement.verdict.mark) \(judgement.verdict.rawValue): "
      + parts.filter { !$0.isEmpty }.joined(separator: "; ").replacing("−", with: "-")
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
    return "\(result.experiment.name): cells differ by \(mean) on average, most where \(names[row]) is taken for "
      + "\(names[column]): \(decimal(ours[row][column], 2)), in the text \(decimal(theirs[row][column], 2))"
  }
}

extension Judgement.Row {
  /// The mean, with the standard deviation over the seeds where there are several.
  package var text: String {
    if measure.isOfMetric { return Spread(sample.values)?.text(measure.metric) ?? "" }
    guard sample.count > 1 else { return measure.text(sample.mean) }
    return "\(measure.text(sample.mean)) ± \(measure.text(sample.deviation))"
  }
}

extension Measure {
  /// A difference of two values with its sign; points for accuracies.
  package func differenceText(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    let isShare = metric.isAccuracy && isOfMetric
    let text = isShare ? decimal(value * 100, 2) + " points" : self.text(value)
    return text.hasPrefix("-") || text.hasPrefix("−") ? text : "+" + text
  }
}

/// Text in lines of at most `width` characters, broken at spaces.
///
/// - Parameters:
///   - indent: the spaces before the first line.
///   - hanging: the spaces before the others.
private func wrapped(_ text: String, to width: Int, indent: Int, hanging: Int) -> [String] {
  var lines: [String] = []
  var line = String(repeating: " ", count: indent)
  var isEmpty = true
  for word in text.split(separator: " ") {
    if !isEmpty, line.count + 1 + word.count > width {
      lines.append(line)
      (line, isEmpty) = (String(repeating: " ", count: hanging), true)
    }
    line += (isEmpty ? "" : " ") + word
    isEmpty = false
  }
  return lines + [line]
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

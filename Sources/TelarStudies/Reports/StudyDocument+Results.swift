extension StudyDocument {
  /// The final values of each experiment, in a table and with their intervals in a drawing.
  var resultSection: Document.Section? {
    guard !folder.experiments.isEmpty else { return nil }
    let metrics = Metric.shown(of: folder.experiments).filter { metric in
      folder.experiments.contains { !$0.values(metric).isEmpty }
    }
    let best = metrics.map(bestExperiments)
    let rows = folder.experiments.map { result -> [Document.Cell] in
      let epochs = Set(result.runs.map(\.history.count)).sorted().map(String.init).joined(separator: ", ")
      return [
        cell(result.experiment.name), .init(result.experiment.summary), .init(String(result.runs.count)), .init(epochs),
      ]
        + zip(metrics, best).map { metric, best in
          .init(
            Spread(result.values(metric))?.text(metric) ?? "",
            status: best.contains(result.experiment.name) ? .best : .none)
        }
    }
    var blocks: [Document.Block] = [
      .table(
        Document.Table(
          caption:
            "The networks that the runs ended with: mean ± standard deviation over the seeds. Training values are "
            + "measured in evaluation mode, after the epoch, on the first training images. A star marks the best of "
            + "autoencoders and of classifiers; the comparisons say which differences are more than chance.",
          columns: [
            .init("experiment"), .init("what"), .init("seeds", isNumeric: true), .init("epochs", isNumeric: true),
          ] + metrics.map { .init($0.title, isNumeric: true) },
          rows: rows))
    ]
    let charts = [Metric.validationLoss, .validationAccuracy].compactMap(intervalChart)
    if !charts.isEmpty { blocks.append(.intervals(charts)) }
    return Document.Section(id: "results", title: "Results", blocks: blocks)
  }

  /// The autoencoder and the classifier with the best mean; none of a kind that has one experiment.
  private func bestExperiments(_ metric: Metric) -> Set<String> {
    let kinds = Dictionary(grouping: folder.experiments.filter { $0.final(metric)?.isFinite == true }) {
      $0.experiment.isClassifier
    }
    return Set(
      kinds.values.filter { $0.count > 1 }.compactMap { results in
        let values = results.map { (name: $0.experiment.name, value: $0.final(metric)!) }
        return metric.isHigherBetter
          ? values.max { $0.value < $1.value }?.name : values.min { $0.value < $1.value }?.name
      })
  }

  /// The final values with their intervals, of the classifiers for an accuracy and of the autoencoders for a loss.
  private func intervalChart(_ metric: Metric) -> Document.IntervalChart? {
    let shown = folder.experiments.filter { $0.experiment.isClassifier == metric.isAccuracy }
    let rows = shown.compactMap { result -> (name: String, sample: Sample, interval: Interval?)? in
      let sample = Sample(result.values(metric))
      return sample.count > 0 ? (result.experiment.name, sample, Interval.ofMean(sample)) : nil
    }
    guard rows.contains(where: { $0.interval != nil }), rows.count > 1 else { return nil }
    return Document.IntervalChart(
      title: "\(metric.title), means with 95 % intervals",
      caption: "Whiskers are 95 % intervals of the mean, cut where the drawing ends; small points are seeds.",
      rows: rows, text: { metric.text($0).replacing("-", with: "−") })
  }

  /// What the verdicts amount to, in sentences.
  var discussionSection: Document.Section? {
    guard !judgements.isEmpty else { return nil }
    func name(_ judgement: Judgement) -> String {
      guard let experiment = judgement.experiment else { return judgement.claim }
      return "\(experiment) \(judgement.metric.title) \(judgement.claim)"
    }
    let chance = judgements.count { $0.verdict == .held || $0.verdict == .notHeld }
    var blocks: [Document.Block] = [
      .paragraph(
        "Each verdict may be wrong by chance: claims of single experiments are judged at 5 % each, so of "
          + "\(Text.count(chance, "plain verdict")) about \(Text.decimal(Double(chance) * 0.05, 0)) may be; comparisons "
          + "are corrected for their number.")
    ]
    for verdict in Verdict.allCases {
      let found = judgements.filter { $0.verdict == verdict }
      guard !found.isEmpty else { continue }
      if verdict == .notJudged {
        // The reasons are few, the claims many.
        let reasons = Dictionary(grouping: found, by: \.reason).sorted {
          ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }
        blocks.append(.paragraph("Not judged"))
        blocks.append(.list(reasons.prefix(8).map { "\($0.key): \(Text.count($0.value.count, "claim"))" }))
        continue
      }
      blocks.append(
        .paragraph(
          verdict == .held ? "Held" : verdict == .notHeld ? "Did not hold" : "Cannot be told apart with these seeds"))
      blocks.append(
        .list(
          found.map { judgement in
            let difference = judgement.experiment == nil ? judgement.differenceText : judgement.claimDifference
            let more = judgement.moreSeeds.map { "about \(Text.count($0, "more seed"))" } ?? ""
            let detail = [difference, more].filter { !$0.isEmpty }.joined(separator: "; ")
            return name(judgement) + (detail.isEmpty ? "" : ": \(detail)")
          }))
    }
    return Document.Section(id: "discussion", title: "Discussion", blocks: blocks)
  }

  /// The wall time until validation accuracy first reached some values.
  var timeToAccuracyTable: Document.Table? {
    let targets = [0.7, 0.8, 0.85, 0.88, 0.9, 0.92]
    func seconds(_ run: RunResult, to target: Double) -> Double? {
      var sum = 0.0
      for epoch in run.history {
        sum += epoch.seconds
        if let accuracy = epoch.validationAccuracy, accuracy >= target { return sum }
      }
      return nil
    }
    let classifiers = folder.experiments.filter(\.experiment.isClassifier)
    let reached = targets.filter { target in
      classifiers.contains { $0.runs.contains { seconds($0, to: target) != nil } }
    }
    guard !reached.isEmpty else { return nil }
    return Document.Table(
      caption:
        "Training time until the validation accuracy was first reached, the mean over the seeds, where all seeds "
        + "reached it; without pre-training.",
      columns: [.init("experiment")] + reached.map { .init("\(Text.short($0 * 100)) %", isNumeric: true) },
      rows: classifiers.map { result in
        [cell(result.experiment.name)]
          + reached.map { target in
            let times = result.runs.compactMap { seconds($0, to: target) }
            return .init(times.count == result.runs.count ? Text.duration(Sample(times).mean) : "")
          }
      })
  }
}

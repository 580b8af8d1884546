extension StudyDocument {
  var claimSection: Document.Section? {
    guard !claims.isEmpty else { return nil }
    return Document.Section(
      id: "claims", title: "Claims",
      blocks: [
        .paragraph(
          "What the text claims of single experiments, beside what came of them. “About” allows 2 points for an accuracy "
            + "and 10 % for a loss. A curve falls steadily when at most a fifth of its steps go up, and oscillates when "
            + "at least a third do; neither is said of one that early stopping ended, which goes up in its last epochs in any "
            + "case. Runs that were cut shorter than the text's, or with other settings, are not judged."),
        .table(
          Document.Table(
            caption: "Claims of the text and results, \(seedPhrase(folder.experiments)). The difference is the result "
              + "less the claimed value.",
            columns: [
              .init("experiment"), .init("claimed"), .init("here", isNumeric: true),
              .init("difference", isNumeric: true), .init("seeds that meet it", isNumeric: true), .init("verdict"),
            ],
            rows: claims.map { claim in
              [
                cell(claim.experiment ?? ""), .init("\(claim.metric.title) \(claim.claim)"), .init(lines: claim.here),
                .init(claim.difference), .init(claim.seeds), .init(claim.verdict, status: claim.status),
              ]
            })),
      ])
  }

  var comparisonSection: Document.Section? {
    guard !comparisons.isEmpty else { return nil }
    return Document.Section(
      id: "comparisons", title: "Comparisons",
      blocks: [
        .paragraph("What the text claims of experiments against one another, by the values at the end of the runs."),
        .table(
          Document.Table(
            caption: "Claims that compare experiments, by values \(seedPhrase(folder.experiments)).",
            columns: [
              .init("claimed"), .init("metric"), .init("here"), .init("difference"), .init("verdict"),
            ],
            rows: comparisons.map { claim in
              [
                .init(claim.claim), .init(claim.metric.title), .init(lines: claim.here), .init(claim.difference),
                .init(claim.verdict, status: claim.status),
              ]
            })),
      ])
  }

  var resultSection: Document.Section? {
    guard !folder.experiments.isEmpty else { return nil }
    let metrics = Metric.shown.filter { metric in folder.experiments.contains { !$0.values(metric).isEmpty } }
    let rows = folder.experiments.map { result -> [Document.Cell] in
      let epochs = Set(result.runs.map(\.history.count)).sorted().map(String.init).joined(separator: ", ")
      return [
        cell(result.experiment.name), .init(result.experiment.summary), .init(String(result.runs.count)), .init(epochs),
      ] + metrics.map { metric in .init(Spread(result.values(metric))?.text(metric) ?? "") }
    }
    return Document.Section(
      id: "results", title: "Results",
      blocks: [
        .table(
          Document.Table(
            caption: "The networks that the runs ended with: mean ± standard deviation over the seeds. Training values "
              + "are measured in evaluation mode, after the epoch, on the first training images.",
            columns: [
              .init("experiment"), .init("what"), .init("seeds", isNumeric: true), .init("epochs", isNumeric: true),
            ] + metrics.map { .init($0.title, isNumeric: true) },
            rows: rows))
      ])
  }
}

extension StudyDocument {
  /// The CSV tables of a report.
  var tables: [(name: String, csv: String)] {
    var tables: [(name: String, csv: String)] = []
    if !claims.isEmpty { tables.append(("claims.csv", claimsCSV)) }
    if !comparisons.isEmpty { tables.append(("comparisons.csv", comparisonsCSV)) }
    if !runs.isEmpty { tables.append(("runs.csv", runsCSV)) }
    return tables
  }

  /// One line per claim. Accuracies are shares, and the difference is the value minus the claimed one.
  private var claimsCSV: String {
    CSV.line([
      "experiment", "metric", "claim", "claimed_value", "value", "standard_deviation", "difference", "seeds",
      "seeds_that_meet_it", "verdict", "reason",
    ])
      + claims.map { claim in
        let numbers = claim.numbers
        let spread = numbers.values.first?.spread
        return CSV.line([
          claim.experiment ?? "", claim.metric.title, claim.claim, text(numbers.claimed), text(spread?.mean),
          text(spread?.deviation), text(numbers.difference), spread.map { String($0.count) } ?? "",
          numbers.seedsThatMeetIt.map(String.init) ?? "", claim.word, claim.reason,
        ])
      }.joined()
  }

  /// One line per experiment of each comparison.
  private var comparisonsCSV: String {
    CSV.line([
      "claim", "metric", "experiment", "value", "standard_deviation", "seeds", "verdict", "reason",
    ])
      + comparisons.flatMap { claim in
        claim.numbers.values.map { experiment, spread in
          CSV.line([
            claim.claim, claim.metric.title, experiment, text(spread.mean), text(spread.deviation),
            String(spread.count), claim.word, claim.reason,
          ])
        }
      }.joined()
  }

  /// A number with all digits; empty for `nil`.
  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  /// One line per run, with all digits.
  private var runsCSV: String {
    let names = Metric.shown.map { $0.title.replacingOccurrences(of: " ", with: "_") }
    let header =
      ["experiment", "seed", "epochs", "epoch_of_the_weights"] + names
      + ["trained_parameters", "launches_per_step", "images_per_s", "training_seconds"]
    return CSV.line(header)
      + folder.experiments.flatMap { result in
        result.runs.map { run in
          CSV.line(
            [result.experiment.name, String(run.seed), String(run.history.count), String(run.epoch)]
              + Metric.shown.map { text(run.value($0)) }
              + [run.trainedParameters, run.launchesPerStep, run.imagesPerSecond, run.trainingSeconds].map(text))
        }
      }.joined()
  }
}

extension StudyDocument {
  /// The CSV tables of a report.
  var tables: [(name: String, csv: String)] {
    var tables: [(name: String, csv: String)] = []
    if !claims.isEmpty { tables.append(("claims.csv", claimsCSV)) }
    if !comparisons.isEmpty { tables.append(("comparisons.csv", comparisonsCSV)) }
    if !runs.isEmpty { tables.append(("runs.csv", runsCSV)) }
    return tables
  }

  /// One line per number of each claim. Accuracies are shares, and the difference is the value minus the claimed one.
  private var claimsCSV: String {
    let header = [
      "experiment", "metric", "claim", "claimed_value", "number", "value", "standard_deviation", "low", "high",
      "test_images_half_width", "difference", "seeds", "seeds_that_meet_it", "verdict", "reason", "more_seeds",
    ]
    return CSV.line(header)
      + claims.flatMap { claim in
        // A claim without results has a line too.
        (claim.rows.isEmpty ? [nil] : claim.rows.map(Optional.some)).map { row in CSV.line(cells(claim, row)) }
      }.joined()
  }

  private func cells(_ claim: Judgement, _ row: Judgement.Row?) -> [String] {
    var cells = [claim.experiment ?? "", claim.metric.title, claim.claim, text(claim.claimed)]
    cells += [row?.measure.qualifier ?? "", text(row?.sample.mean), text(row?.deviation)]
    cells += [text(row?.interval?.low), text(row?.interval?.high), text(row?.binomial)]
    var difference: Double?
    if let claimed = claim.claimed, let row { difference = row.sample.mean - claimed }
    cells += [text(difference), row.map { String($0.sample.count) } ?? ""]
    cells += [claim.seedsThatMeetIt.map(String.init) ?? "", claim.verdict.rawValue, claim.reason]
    return cells + [claim.moreSeeds.map(String.init) ?? ""]
  }

  /// One line per experiment of each comparison; the difference is the weakest of the comparison.
  private var comparisonsCSV: String {
    CSV.line([
      "claim", "metric", "experiment", "value", "standard_deviation", "seeds", "less", "larger", "difference", "low",
      "high", "effect_size", "exact_p", "p", "p_holm", "verdict", "reason", "more_seeds",
    ])
      + comparisons.flatMap { claim in
        claim.rows.map { row in
          var cells = [claim.claim, claim.metricText, row.experiment, text(row.sample.mean), text(row.deviation)]
          let difference = claim.difference
          cells += [String(row.sample.count), difference?.less ?? "", difference?.larger ?? ""]
          cells += [text(difference?.sample.mean), text(difference?.interval.low), text(difference?.interval.high)]
          cells += [text(difference?.sample.hedgesG), text(difference?.exactPValue), text(claim.pValue)]
          cells += [text(claim.adjustedPValue), claim.verdict.rawValue, claim.reason]
          return CSV.line(cells + [claim.moreSeeds.map(String.init) ?? ""])
        }
      }.joined()
  }

  /// A number with all digits; empty for `nil`.
  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  /// One line per run, with all digits.
  private var runsCSV: String {
    let metrics = Metric.shown(of: folder.experiments)
    let names = metrics.map { $0.title.replacingOccurrences(of: " ", with: "_") }
    let header =
      ["experiment", "seed", "epochs", "epoch_of_the_weights"] + names
      + ["trained_parameters", "launches_per_step", "images_per_s", "training_seconds"]
    return CSV.line(header)
      + folder.experiments.flatMap { result in
        result.runs.map { run in
          CSV.line(
            [result.experiment.name, String(run.seed), String(run.history.count), String(run.epoch)]
              + metrics.map { text(run.value($0)) }
              + [run.trainedParameters, run.launchesPerStep, run.imagesPerSecond, run.trainingSeconds].map(text))
        }
      }.joined()
  }
}

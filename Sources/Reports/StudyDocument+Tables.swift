import Figures
import Studies

extension StudyDocument {
  /// Numbers for programs.
  var tables: [(name: String, csv: String)] {
    var tables: [(name: String, csv: String)] = []
    if !judgements.isEmpty {
      let header = ["experiment", "metric", "claimed", "here", "difference", "seeds_that_meet_it", "verdict"]
      tables.append(
        (
          "claims.csv",
          CSV.line(header)
            + judgements.map {
              CSV.line([
                $0.experiment ?? "", $0.metric.title, $0.claim, $0.here.joined(separator: "; "), $0.difference,
                $0.seeds, $0.verdict,
              ])
            }.joined()
        ))
    }
    if !runs.isEmpty { tables.append(("runs.csv", runsCSV)) }
    return tables
  }

  /// A line a run, with numbers as they were measured.
  private var runsCSV: String {
    let names = Metric.shown.map { $0.title.replacingOccurrences(of: " ", with: "_") }
    let header =
      ["experiment", "seed", "epochs", "epoch_of_the_weights"] + names
      + ["trained_parameters", "launches_per_step", "images_per_s", "training_seconds"]
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
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

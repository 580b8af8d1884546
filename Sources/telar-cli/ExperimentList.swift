import Telar
import TelarStudies

/// The experiments of studies with their settings and claims, for `--list`.
struct ExperimentList {
  let studies: [Study]

  func show(asJSON isJSON: Bool) {
    for study in studies {
      if isJSON {
        study.experiments.forEach { Console.result(json($0, of: study).text) }
        continue
      }
      Console.result("\(study.name): \(study.title)")
      let width = study.experiments.map(\.name.count).max() ?? 0
      for experiment in study.experiments {
        let name = experiment.name + String(repeating: " ", count: width - experiment.name.count)
        let claims = experiment.claims.map { "\($0.metric.rawValue) \($0.text)" }
        let claimed = claims.isEmpty ? "" : "; claimed: \(claims.joined(separator: ", "))"
        Console.result("  \(name)  \(([experiment.summary] + settings(experiment)).joined(separator: "; "))\(claimed)")
      }
      for comparison in study.comparisons { Console.result("  claimed: \(comparison.text)") }
    }
  }

  /// Further settings of an experiment's training, in a few words each.
  private func settings(_ experiment: Experiment) -> [String] {
    let optimizer = experiment.optimizer
    var texts = ["\(type(of: optimizer).name) \(optimizer.learningRate)"]
    for (name, value) in optimizer.changedAttributes {
      texts[0] += " \(name.replacing("_", with: " ")) \(value.text)"
    }
    texts[0] += experiment.isClassifier ? " on cross entropy" : " on mean squared error"
    texts.append("batch \(experiment.batchSize)")
    texts.append("\(experiment.epochs) epochs")
    let normalization = experiment.data.normalization
    let ranges = zip(normalization.mean, normalization.deviation).map { mean, deviation in
      [0, 1].map { shortest((Double($0) - mean) / deviation) }.joined(separator: " to ")
    }
    texts.append(
      experiment.data.computesNormalization
        ? "pixels by the data's mean and deviation" : "pixels \(ranges.joined(separator: ", "))")
    if let count = experiment.data.validationCount { texts.append("the last \(count) training images validate") }
    if let stopping = experiment.earlyStopping { texts.append("stops early after \(stopping.patience)") }
    if let source = experiment.pretraining?.experiment { texts.append("pre-trained by \(source)") }
    let frozen = experiment.architecture.parts.filter(\.isFrozen).map(\.name)
    if !frozen.isEmpty { texts.append("\(frozen.joined(separator: ", ")) frozen") }
    return texts
  }

  private func json(_ experiment: Experiment, of study: Study) -> JSON {
    .object([
      "experiment": .string("\(study.name)/\(experiment.name)"), "summary": .string(experiment.summary),
      "epochs": .integer(experiment.epochs), "batch_size": .integer(experiment.batchSize),
      "optimizer": experiment.optimizer.json, "early_stopping": experiment.earlyStopping?.json ?? .null,
      "pretraining": experiment.pretraining?.experiment.map(JSON.string) ?? .null,
      "frozen": .array(experiment.architecture.parts.filter(\.isFrozen).map { .string($0.name) }),
      "network": experiment.architecture.json,
      "loss": .string(experiment.loss.rawValue),
      "normalization": experiment.data.computesNormalization
        ? .string("computed") : experiment.data.normalization.json,
      "validation_count": experiment.data.validationCount.map(JSON.integer) ?? .null,
      "claims": .array(experiment.claims.map { .string("\($0.metric.rawValue) \($0.text)") }),
    ])
  }
}

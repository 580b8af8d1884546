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
        Console.result(
          "  \(name)  \(([experiment.summary] + settings(experiment, of: study)).joined(separator: "; "))\(claimed)")
      }
      for comparison in study.comparisons { Console.result("  claimed: \(comparison.text)") }
    }
  }

  /// Further settings of an experiment's training, in a few words each.
  private func settings(_ experiment: Experiment, of study: Study) -> [String] {
    let optimizer = experiment.optimizer
    var texts = ["\(type(of: optimizer).name) \(optimizer.learningRate)"]
    for (name, value) in optimizer.changedAttributes {
      texts[0] += " \(name.replacing("_", with: " ")) \(value.text)"
    }
    texts[0] +=
      " on "
      + (experiment.options.objective.map { words($0.json) }
        ?? (experiment.isClassifier ? "cross entropy" : "mean squared error"))
    if experiment.schedule.json != LearningRateSchedule.constant.json {
      texts.append("schedule " + words(experiment.schedule.json))
    }
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
    if let stopping = experiment.earlyStopping {
      let least = stopping.minimumImprovement > 0 ? " without \(stopping.minimumImprovement) of improvement" : ""
      texts.append("stops early after \(stopping.patience)\(least)")
    }
    if experiment.monitor != .loss { texts.append("best epoch by \(experiment.monitor.title)") }
    if !experiment.metrics.isEmpty {
      texts.append("measures \(experiment.metrics.map(\.title).joined(separator: ", "))")
    }
    for (name, value) in experiment.options.attributes {
      texts.append("\(name.replacing("_", with: " ")) \(words(value))")
    }
    if let pretraining = experiment.pretraining, let source = pretraining.experiment {
      let epochs = pretraining.epochs.map { ", \($0) epochs" } ?? ""
      let parts = pretraining.parts == ["encoder"] ? "" : " (\(pretraining.parts.joined(separator: ", ")))"
      texts.append("pre-trained by \(source)\(parts)\(epochs)")
    }
    let frozen = experiment.architecture.parts.filter(\.isFrozen).map(\.name)
    let always = frozen.filter { experiment.thaw[$0] == nil }
    if !always.isEmpty { texts.append("\(always.joined(separator: ", ")) frozen") }
    texts += experiment.thaw.map { "\($0.key) frozen for \($0.value) epochs" }
    if let group = experiment.group { texts.append("group \(group)") }
    if let twin = study.twin(of: experiment) { texts.append("trained as \(twin.name)") }
    return texts
  }

  /// `cosine, minimum 0, warm up epochs 0.5`
  private func words(_ settings: JSON) -> String {
    guard case .object(let members) = settings else { return settings.string ?? settings.text }
    return members.map { key, value in
      let text = value.double.map { shortest($0) } ?? value.text.filter { $0 != "\"" }
      return key == "kind" ? text : "\(key.replacing("_", with: " ")) \(text)"
    }.joined(separator: ", ")
  }

  private func json(_ experiment: Experiment, of study: Study) -> JSON {
    .object([
      "experiment": .string("\(study.name)/\(experiment.name)"), "summary": .string(experiment.summary),
      "epochs": .integer(experiment.epochs), "batch_size": .integer(experiment.batchSize),
      "optimizer": experiment.optimizer.json, "schedule": experiment.schedule.json,
      "group": experiment.group.map(JSON.string) ?? .null,
      "trained_as": study.twin(of: experiment).map { .string($0.name) } ?? .null,
      "early_stopping": experiment.earlyStopping?.json ?? .null, "monitor": .string(experiment.monitor.name),
      "metrics": .array(experiment.metrics.map { .string($0.name) }),
      "options": .object(experiment.options.json),
      "pretraining": experiment.pretraining?.experiment.map(JSON.string) ?? .null,
      "frozen": .array(experiment.architecture.parts.filter(\.isFrozen).map { .string($0.name) }),
      "thaw": .object(experiment.thaw.reduce(into: [:]) { $0[$1.key] = .integer($1.value) }),
      "network": experiment.architecture.json,
      "loss": .string(experiment.loss.rawValue),
      "normalization": experiment.data.computesNormalization
        ? .string("computed") : experiment.data.normalization.json,
      "validation_count": experiment.data.validationCount.map(JSON.integer) ?? .null,
      "claims": .array(experiment.claims.map { .string("\($0.metric.rawValue) \($0.text)") }),
    ])
  }
}

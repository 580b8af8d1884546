import Foundation
import TelarIO
import TelarNN
import TelarTraining

/// The contents of a study's folder, as far as they can be read.
struct StudyFolder {
  let path: String
  let study: Study
  /// Whether the study is known, or put together from the folder.
  let isKnown: Bool
  /// The experiments with a run that has ended, in the study's order.
  let experiments: [ExperimentResult]
  /// Runs that cannot be averaged with the others of their experiments.
  let others: [OtherRun]
  /// Runs without a result.
  let incomplete: [IncompleteRun]
  /// Sentences about what was left out.
  let problems: [String]

  /// A run that failed, is unfinished or damaged.
  struct IncompleteRun {
    enum State: Equatable {
      case failed(reason: String)
      case unfinished(epochs: Int, of: Int?)
      case damaged(reason: String)
    }

    let experiment: String
    let seed: UInt64
    let state: State
    let history: [EpochMetrics]
    let record: JSON.Members
    let folder: RunFolder

    var name: String { "\(experiment) seed \(seed)" }

    var stateText: String {
      switch state {
      case .failed(let reason): "failed: \(reason)"
      case .unfinished(let epochs, let all):
        "has not ended: \(Text.count(epochs, "epoch")) done" + (all.map { " of \(grouped($0))" } ?? "")
      case .damaged(let reason): "cannot be read: \(reason)"
      }
    }
  }

  /// Experiments with a run, ended or not.
  var attempted: Set<String> { Set(experiments.map(\.experiment.name) + incomplete.map(\.experiment)) }

  var result: StudyResult {
    var options = StudyOptions()
    options.seedCount = experiments.map(\.runs.count).max() ?? 1
    return StudyResult(
      study: study, options: options, experiments: experiments, others: others, failures: [], folder: RunFolder(path),
      figures: [],
      peakDeviceBytes: nil)
  }

  /// Finds the study of a folder; `nil` when it is unknown. An error is shown in the report, which is then without the
  /// study.
  typealias Finder = (RunFolder) throws -> Study?

  /// The published study that a folder names.
  static func published(_ folder: RunFolder) -> Study? {
    // A recipe may have the name of a published study.
    guard let description = folder.members(of: RunFolder.studyName), description.at("recipe") == nil,
      let name = description.at("study")?.string
    else { return nil }
    return Study.all.first { $0.name == name }
  }

  /// Reads the folder of a study.
  init(study path: String, find: Finder) {
    let folder = RunFolder(path)
    let description = folder.members(of: RunFolder.studyName)
    var names = ReportSource.folders(in: path).filter { !ReportSource.seeds(in: "\(path)/\($0)").isEmpty }
    var reader = Reader()
    if names.count > ReportLimits.experiments {
      reader.problems.append(
        "Only the first \(ReportLimits.experiments) of \(grouped(names.count)) experiments' folders are reported.")
      names = Array(names.prefix(ReportLimits.experiments))
    }
    for name in names { reader.read(experiment: name, in: folder.folder(name)) }
    if names.isEmpty { reader.problems.append("No experiment has been run yet.") }
    let known = reader.attempt { try find(folder) }
    self.init(
      path, reader, known, name: description?.at("study")?.string ?? (path as NSString).lastPathComponent,
      title: description?.at("title")?.string)
  }

  /// Reads the folder of an experiment.
  init(experiment path: String, find: Finder) {
    var reader = Reader()
    let folder = RunFolder(path)
    reader.read(experiment: (path as NSString).lastPathComponent, in: folder)
    let known = Self.study(above: path, levels: 1, &reader, find)
    self.init(path, reader, known, name: reader.recordedStudy, title: nil)
  }

  /// Reads the folder of a run.
  init(run path: String, find: Finder) {
    var reader = Reader()
    let folder = RunFolder(path)
    let record = folder.members(of: RunFolder.recordName).map(JSON.object)
    let parent = ((path as NSString).deletingLastPathComponent as NSString).lastPathComponent
    // A run may be in any folder; within a study, the folder's name tells a shorter pre-training from the experiment.
    let recorded = record?["experiment"]?.string ?? "experiment"
    let isInPlace = (path as NSString).lastPathComponent.hasPrefix("seed-") && parent.hasPrefix(recorded)
    let seed = record?["settings"]?["seed"]?.integer.map(UInt64.init(truncatingIfNeeded:)) ?? 0
    reader.read(seed: seed, of: isInPlace ? parent : recorded, in: folder)
    let known = Self.study(above: path, levels: 2, &reader, find)
    self.init(path, reader, known, name: reader.recordedStudy, title: nil)
  }

  /// The study of an experiment or a run, by the folders above it, or by its record when it was moved.
  private static func study(above path: String, levels: Int, _ reader: inout Reader, _ find: Finder) -> Study? {
    let folder = (0..<levels).reduce(path) { path, _ in (path as NSString).deletingLastPathComponent }
    if RunFolder(folder).has(RunFolder.studyName) { return reader.attempt { try find(RunFolder(folder)) } }
    return Study.all.first { $0.name == reader.recordedStudy }
  }

  private init(_ path: String, _ reader: Reader, _ known: Study?, name: String, title: String?) {
    self.path = path
    isKnown = known != nil
    var study = known ?? Study(name: Text.shown(name), title: title.map { Text.shown($0) } ?? "", experiments: [])
    var strangers: [String] = []
    for (name, runs) in reader.finished where study.experiment(name) == nil {
      study.experiments.append(Self.experiment(name, runs[0].record))
      let recorded = runs[0].record.at("experiment")?.string ?? name
      if let known, known.recipe != nil, known.experiment(recorded) == nil {
        strangers.append(
          "\(name) is no experiment of \(RunFolder.recipeName); it is shown as its runs' records have it.")
      }
    }
    if known == nil { study.assumptions = reader.recordedAssumptions }
    self.study = study
    (experiments, others) = StudyResult.belongingTogether(
      study.experiments.map { experiment in
        (experiment, true, reader.finished.first { $0.experiment == experiment.name }?.runs ?? [])
      }, of: study)
    incomplete = reader.incomplete
    problems =
      reader.problems + (strangers + others.map(\.description) + reader.stale).map { Text.shown($0, limit: 300) }
  }

  /// An experiment of an unknown study, from a run's record. It has no claims.
  private static func experiment(_ name: String, _ record: JSON.Members) -> Experiment {
    let recorded = record.at("experiment")?.string ?? name
    let summary = record.at("summary")?.string ?? ""
    let epochs = record.at("settings", "epochs")?.integer ?? 0
    // A pre-training that is shorter or longer than the experiment.
    let isPretraining = recorded != name && name.hasPrefix(recorded)
    return Experiment(
      name, Text.shown(isPretraining ? "pre-training: \(summary)" : summary), Architecture([]),
      loss: Loss(rawValue: record.at("settings", "loss")?.string ?? "") ?? .reconstruction,
      batchSize: record.at("settings", "batch_size")?.integer ?? 0, epochs: epochs)
  }
}

/// Collects runs from folders.
private struct Reader {
  var finished: [(experiment: String, runs: [RunResult])] = []
  var incomplete: [StudyFolder.IncompleteRun] = []
  var problems: [String] = []
  private var epochs = 0

  /// Calls `find`; an error is recorded as a problem.
  mutating func attempt(_ find: () throws -> Study?) -> Study? {
    do { return try find() } catch {
      problems.append("\(error)")
      return nil
    }
  }

  /// The study that most records name.
  var recordedStudy: String {
    let records = finished.flatMap { $0.runs.map(\.record) } + incomplete.map(\.record)
    return records.lazy.compactMap { $0.at("study")?.string }.first ?? "runs"
  }

  var recordedAssumptions: [String] {
    var assumptions: [String] = []
    for record in finished.flatMap({ $0.runs.map(\.record) }) {
      for assumption in (record.at("readings")?.elements ?? []).prefix(50).compactMap(\.string)
      where !assumptions.contains(assumption) && assumptions.count < 100 {
        assumptions.append(assumption)
      }
    }
    return assumptions
  }

  /// Sentences about runs whose initial weights come from other runs than those in the folder now.
  var stale: [String] {
    finished.flatMap { experiment, runs in
      runs.compactMap { run in
        guard let digest = run.record.at("pretraining", "source_sha256")?.string,
          let name = run.record.at("pretraining", "experiment")?.string
        else { return nil }
        let sources = finished.filter { $0.experiment == name || $0.experiment.hasPrefix("\(name)-") }
          .flatMap(\.runs).filter { $0.seed == run.seed && $0.record.at("experiment")?.string == name }
        guard !sources.isEmpty, !sources.contains(where: { $0.identity == digest }) else { return nil }
        return "\(experiment) seed \(run.seed) was trained from another \(name) than the one that is there now."
      }
    }
  }

  mutating func read(experiment name: String, in folder: RunFolder) {
    let seeds = ReportSource.seeds(in: folder.path)
    if seeds.count > ReportLimits.runsOfExperiment {
      problems.append(
        "Only the first \(ReportLimits.runsOfExperiment) of \(name)'s \(grouped(seeds.count)) runs are reported.")
    }
    for (seed, folderName) in seeds.prefix(ReportLimits.runsOfExperiment) {
      read(seed: seed, of: name, in: folder.folder(folderName))
    }
  }

  mutating func read(seed: UInt64, of name: String, in folder: RunFolder) {
    guard epochs < ReportLimits.epochs else {
      problems.append("\(name) seed \(seed) is left out: the folder holds too many epochs.")
      return
    }
    func add(_ state: StudyFolder.IncompleteRun.State, _ record: JSON.Members = [:], _ history: [EpochMetrics] = []) {
      incomplete.append(
        .init(experiment: name, seed: seed, state: state, history: history, record: record, folder: folder))
    }
    switch folder.contents {
    case .nothing: add(.damaged(reason: "the folder is empty"))
    case .other: add(.damaged(reason: "its run.json is missing or damaged"))
    case .unfinished(let record):
      let history = folder.history
      epochs += history.count
      let all = JSON.object(record)["settings"]?["epochs"]?.integer
      add(.unfinished(epochs: history.count, of: all), record, history)
    case .damaged(let record): add(.damaged(reason: "its result.json is damaged"), record, folder.history)
    case .finished(let ended):
      let history = folder.history
      if let run = RunResult(ended, history: history, in: folder, seed: seed) {
        epochs += history.count
        if let index = finished.firstIndex(where: { $0.experiment == name }) {
          finished[index].runs.append(run)
        } else {
          finished.append((name, [run]))
        }
      } else if let reason = JSON.object(ended.result)["error"]?.string {
        add(.failed(reason: reason), ended.record, history)
      } else {
        add(.damaged(reason: "result.json and metrics.jsonl are not of one run that ended"), ended.record, history)
      }
    }
  }
}

import TelarIO
import TelarTraining

/// A run that cannot be averaged with the other runs of its experiment.
public struct OtherRun: Sendable {
  public let experiment: String
  public let seed: UInt64
  /// The first difference: `its settings.batch_size is 50, that of the others 100`.
  public let difference: String

  package init(experiment: String, seed: UInt64, difference: String) {
    self.experiment = experiment
    self.seed = seed
    self.difference = difference
  }

  /// A sentence for people.
  public var description: String { "\(experiment) seed \(seed) is left out: \(difference)." }
}

/// The runs of an experiment that may be averaged, and the others.
///
/// Runs may be averaged when they differ in nothing but the seed: settings, data, network, the origin of their weights,
/// device and program. Of the runs that match the experiment, the largest such group is used, and among equally large
/// ones the one with the latest run.
package struct RunGroup {
  package let runs: [RunResult]
  package let others: [OtherRun]

  /// - Parameter canChange: whether the experiment may have changed since the runs were made, as one of a recipe may;
  ///   runs that do not match its present settings are then left out.
  package init(_ runs: [RunResult], of experiment: Experiment, canChange: Bool) {
    var others: [OtherRun] = []
    func leaveOut(_ run: RunResult, _ difference: String) {
      others.append(OtherRun(experiment: experiment.name, seed: run.seed, difference: difference))
    }
    var groups: [(identity: RunIdentity, runs: [RunResult])] = []
    for run in runs {
      if canChange, let difference = experiment.difference(of: run.record) {
        leaveOut(run, difference)
        continue
      }
      let identity = RunIdentity(run.record)
      if let index = groups.firstIndex(where: { $0.identity == identity }) {
        groups[index].runs.append(run)
      } else {
        groups.append((identity, [run]))
      }
    }
    let main = groups.max { ($0.runs.count, Self.latest($0.runs)) < ($1.runs.count, Self.latest($1.runs)) }
    for group in groups {
      guard let main, group.identity != main.identity else { continue }
      for run in group.runs { leaveOut(run, main.identity.difference(of: group.identity) ?? "it is another run") }
    }
    self.runs = main?.runs ?? []
    self.others = others.sorted { $0.seed < $1.seed }
  }

  private static func latest(_ runs: [RunResult]) -> String {
    runs.compactMap { if case .string(let time)? = $0.record["started"] { time } else { nil } }.max() ?? ""
  }
}

extension Experiment {
  /// The first difference between a run's record and the experiment, in words; `nil` when they match.
  ///
  /// Settings that a command's options may change are not compared: batch size, epochs, images and the training curve.
  /// Neither are those missing in the record.
  func difference(of record: JSON.Members) -> String? {
    // An experiment that is only known from its folder is defined by its runs.
    guard !architecture.parts.isEmpty else { return nil }
    return JSON.object(Self.withDefaults(record)).difference(from: .object(asked(of: record)), inShared: true)?.text(
      theirs: "that asked for now")
  }

  /// A record with those settings that records have only where they are not the usual ones.
  private static func withDefaults(_ record: JSON.Members) -> JSON.Members {
    guard case .object(var settings)? = record["settings"] else { return record }
    for (name, value) in optional([], .loss, [:], TrainingOptions()) where settings[name] == nil {
      settings[name] = value
    }
    var record = record
    record["settings"] = .object(settings)
    return record
  }

  /// Settings that a record may lack.
  private static func optional(
    _ metrics: [EvaluationMetric], _ monitor: Monitor, _ thaw: OrderedMembers<Int>, _ options: TrainingOptions
  ) -> JSON.Members {
    var members = TrainingSettings.optional(metrics, monitor, thaw)
    let options = options.json
    for keyword in TrainingOptions.jsonKeywords { members[keyword] = options[keyword] ?? .null }
    return members
  }

  /// The settings that the experiment determines, in the form of a run's record.
  ///
  /// - Parameter record: the run's own, which knows whether its data has a validation set.
  func asked(of record: JSON.Members) -> JSON.Members {
    var source = JSON.null
    if let pretraining {
      var members: JSON.Members = ["parts": .array(pretraining.parts.map(JSON.string))]
      members["experiment"] = pretraining.experiment.map(JSON.string) ?? .null
      // The path of a checkpoint does not matter, but its absence does.
      if pretraining.experiment != nil { members["checkpoint"] = .null }
      source = .object(members)
    }
    let hasOwnSet = record.value("data", "validation_set") == RunRecord.validationSet(.init(), hasOwnSet: true)
    var images: JSON.Members = ["validation_set": RunRecord.validationSet(data, hasOwnSet: hasOwnSet)]
    if !data.computesNormalization { images["normalization"] = data.normalization.json }
    if let count = data.validationCount { images["validation_images"] = .integer(count) }
    var settings: JSON.Members = [
      "loss": .string(loss.rawValue), "optimizer": optimizer.json, "schedule": schedule.json,
      "early_stopping": earlyStopping?.json ?? .null,
    ]
    for (name, value) in Self.optional(metrics, monitor, thaw, options) { settings[name] = value }
    return [
      "settings": .object(settings),
      "pretraining": source, "frozen": RunRecord.frozen(architecture), "network": architecture.json,
      "data": .object(images),
    ]
  }
}

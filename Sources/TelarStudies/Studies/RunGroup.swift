import TelarIO
import TelarTraining

/// A run in an experiment's folder that does not belong with the others there.
public struct OtherRun: Sendable {
  public let experiment: String
  public let seed: UInt64
  /// In what it differs: `its settings.batch_size is 50, that of the others 100`.
  public let difference: String

  package init(experiment: String, seed: UInt64, difference: String) {
    self.experiment = experiment
    self.seed = seed
    self.difference = difference
  }

  /// A sentence for people.
  public var description: String { "\(experiment) seed \(seed) is left out: \(difference)." }
}

/// The runs of an experiment that belong together, and those that do not.
///
/// Seeds may be averaged only where nothing else differs: settings, data, network, what the run came from, device and
/// program. Of the runs that are what the experiment says, the largest group of such counts, of equal ones that with the
/// latest run.
package struct RunGroup {
  package let runs: [RunResult]
  package let others: [OtherRun]

  /// - Parameter canChange: whether the experiment may have been changed since the runs were made, as one of a recipe
  ///   may; runs that are not what it says now are then left out.
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
  /// The first thing in which a run is another than the experiment asks for, in words; `nil` where it is one of it.
  ///
  /// What options of a command may change is not compared: batches, epochs, images and the training curve. Neither is
  /// what the record does not say.
  func difference(of record: JSON.Members) -> String? {
    // What a folder alone tells of an experiment is what its runs are.
    guard !architecture.parts.isEmpty else { return nil }
    return JSON.object(record).difference(from: .object(asked), inShared: true)?.text(theirs: "that asked for now")
  }

  /// What the experiment itself decides of its runs, in the form of their records.
  private var asked: JSON.Members {
    var source = JSON.null
    if let pretraining {
      var members: JSON.Members = ["parts": .array(pretraining.parts.map(JSON.string))]
      members["experiment"] = pretraining.experiment.map(JSON.string) ?? .null
      // Where a checkpoint lies decides nothing, but that there is none does.
      if pretraining.experiment != nil { members["checkpoint"] = .null }
      source = .object(members)
    }
    var images: JSON.Members = [
      "validation_set": RunRecord.validationSet(data), "normalization": data.normalization.json,
    ]
    if let count = data.validationCount { images["validation_images"] = .integer(count) }
    return [
      "settings": .object([
        "loss": .string(loss.rawValue), "optimizer": optimizer.json, "schedule": schedule.json,
        "early_stopping": earlyStopping?.json ?? .null,
      ]),
      "pretraining": source, "frozen": RunRecord.frozen(architecture), "network": architecture.json,
      "data": .object(images),
    ]
  }
}

import TelarIO
import TelarTraining

/// The runs of a comparison one by one, for those that make them in several processes.
extension StudyRunner {
  /// A run that is still to be made.
  public struct PendingRun: Sendable {
    /// Its folder within the study's: `case-1/seed-0`.
    public let key: String
    public let name: RunName
    public let epochs: Int
    /// The key of the pending run whose weights it needs; `nil` where it needs none, or they are there.
    public let source: String?
  }

  /// A run that was to be made elsewhere and has no result.
  public struct NotMade: Error, CustomStringConvertible {
    public let description: String
    /// The exit code of the process that was to make it.
    public let exitCode: Int32

    public init(_ description: String, exitCode: Int32 = 1) {
      self.description = description
      self.exitCode = exitCode
    }
  }

  /// The runs that ``run(_:epochs:)`` would make, in its order. The study's folder is made ready for them.
  ///
  /// - Throws: ``RunConflict`` for a run that must not be replaced; `OutputError`.
  public func pendingRuns(of experiments: [Experiment], epochs: (Experiment) -> Int) throws -> [PendingRun] {
    let plan = try prepare(experiments, epochs: epochs)
    let pending = plan.runs.filter { $0.present == nil && (options.shard?.contains($0, of: plan.jobs) ?? true) }
    return pending.map { run in
      let source = pending.first { $0.index == run.job.pretraining && $0.seed == run.seed }
      return PendingRun(
        key: run.key, name: name(of: run.job, run.seed), epochs: run.job.epochs, source: source?.key)
    }
  }

  /// Makes one of the pending runs, and nothing else: neither figures nor the study's table. Other runs may be under way.
  ///
  /// - Parameter key: its key. The run whose weights it needs has to be there.
  /// - Throws: as ``run(_:epochs:)``, and the errors that concern one run only.
  public func make(_ key: String, of experiments: [Experiment], epochs: (Experiment) -> Int) throws {
    let folder = RunFolder(options.outputFolder).folder(study.name)
    let jobs = Job.plan(experiments, of: study, epochs: epochs)
    for (index, job) in jobs.enumerated() {
      for seed in 0..<UInt64(options.seedCount) {
        let run = Planned(
          job: job, index: index, seed: seed, folder: folder.folder(job.folderName).folder("seed-\(seed)"),
          record: record(of: job, among: jobs, seed: seed), present: nil)
        guard run.key == key else { continue }
        var source: RunResult?
        if let pretraining = job.pretraining {
          source = RunResult(folder.folder(jobs[pretraining].folderName).folder("seed-\(seed)"), seed: seed)
          if source == nil { throw NoResult(.pretrainingFailed) }
        }
        _ = try result(of: run, name(of: job, seed), pretrained: source)
        return
      }
    }
    throw UsageError("there is no run \(key)")
  }

  /// The results of experiments from the runs that are there, with the figures; none is made.
  ///
  /// - Parameter failures: why runs have no result, by their keys.
  /// - Throws: as ``run(_:epochs:)``.
  public func collect(
    _ experiments: [Experiment], epochs: (Experiment) -> Int, failures: [String: NotMade]
  ) throws -> StudyResult {
    try run(experiments, epochs: epochs) { run, _, _ in
      guard let present = run.present else { throw failures[run.key] ?? NotMade("it was not made") }
      return try self.read(run, present)
    }
  }
}

extension StudyRunner.Planned {
  /// The run's folder within the study's.
  var key: String { "\(job.folderName)/seed-\(seed)" }
}

/// One of several parts into which the runs of a comparison are divided, so that each can be made by itself.
///
/// The division depends on the plan only. A run and the one whose weights it starts from are in the same part.
public struct Shard: Sendable, Equatable {
  /// From 1 to ``count``.
  public let number: Int
  public let count: Int

  /// - Returns: `nil` unless 1 ≤ `number` ≤ `count`.
  public init?(_ number: Int, of count: Int) {
    guard count >= 1, 1...count ~= number else { return nil }
    self.number = number
    self.count = count
  }

  /// Whether a run is in the part. Runs that start from the same one are a group; groups are dealt out in turn.
  func contains(_ run: StudyRunner.Planned, of jobs: [Job]) -> Bool {
    func root(_ index: Int) -> Int { jobs[index].pretraining.map(root) ?? index }
    let roots = jobs.indices.filter { jobs[$0].pretraining == nil }
    let group = Int(run.seed) * roots.count + roots.firstIndex(of: root(run.index))!
    return group % count == number - 1
  }
}

import TelarIO
import TelarTraining

extension StudyRunner {
  /// A run to be made, or one that has ended and is kept.
  struct Planned {
    var job: Job
    var index: Int
    var seed: UInt64
    var folder: RunFolder
    var record: RunRecord
    /// The files of a run that had ended when the runs were planned; `nil` for a run to be made, which is checked again
    /// before it starts.
    var present: RunFolder.EndedRun?
  }

  /// How a run comes to its result.
  enum Action {
    case start
    case resume(record: JSON.Members)
    case keep(RunFolder.EndedRun)
    /// The run's files are damaged and left alone; the other runs go on.
    case refuse(RunDamaged, record: JSON.Members?)

    /// The record in the folder, if it stays there.
    var record: JSON.Members? {
      switch self {
      case .start: nil
      case .resume(let record): record
      case .keep(let run): run.record
      case .refuse(_, let record): record
      }
    }
  }

  /// The device of the runs in a study's folder; `nil` when there are none.
  public static func recordedDevice(of study: Study, in outputFolder: String) -> String? {
    for experiment in study.experiments {
      let record = RunFolder("\(outputFolder)/\(study.name)/\(experiment.name)/seed-0").members(
        of: RunFolder.recordName)
      if case .string(let name)? = record?.value("device", "identifier") { return name }
    }
    return nil
  }

  /// Plans the action for each run, in the order of execution.
  ///
  /// - Throws: ``RunConflict`` for a run that must not be replaced.
  func plan(_ jobs: [Job], in folder: RunFolder) throws -> [Planned] {
    var planned: [Planned] = []
    for seed in 0..<UInt64(options.seedCount) {
      // The record that is, or will be, in the folder of each job.
      var records: [JSON.Members] = []
      for (index, job) in jobs.enumerated() {
        let own = folder.folder(job.folderName).folder("seed-\(seed)")
        var record = record(of: job, among: jobs, seed: seed)
        if let source = job.pretraining { record.setSource(records[source]) }
        let action = try action(job, own, record)
        records.append(action.record ?? record.members)
        let present: RunFolder.EndedRun? = if case .keep(let run) = action { run } else { nil }
        planned.append(Planned(job: job, index: index, seed: seed, folder: own, record: record, present: present))
      }
    }
    return planned
  }

  /// The record of a run, but for the record of the run whose weights it needs.
  func record(of job: Job, among jobs: [Job], seed: UInt64) -> RunRecord {
    RunRecord(
      job, of: study, seed: seed, TrainingSettings(job.experiment, epochs: job.epochs, seed: seed, options), options,
      data, device, version: version, build: build, pretrainedBy: job.pretraining.map { jobs[$0] })
  }

  func action(_ job: Job, _ folder: RunFolder, _ record: RunRecord) throws -> Action {
    let recorded: JSON.Members
    var ended: RunFolder.EndedRun?
    let hasState = folder.has(RunFolder.stateName)
    switch folder.contents {
    case .nothing: return .start
    case .other:
      guard folder.has(RunFolder.recordName) else { throw RunConflict(folder: folder.path, .notARun) }
      if options.isOverwriting { return .start }
      let damage = RunDamaged(folder, "\(RunFolder.recordName), which says what the run is, is damaged")
      return .refuse(damage, record: nil)
    case .finished(let run): (recorded, ended) = (run.record, run)
    case .unfinished(let record): recorded = record
    case .damaged(let record):
      if options.isOverwriting, !options.isResuming { return .start }
      // With its state, the run can be completed again.
      guard hasState else {
        if options.isOverwriting { return .start }
        let damage = RunDamaged(folder, "\(RunFolder.resultName), which holds the run's result, is damaged")
        return .refuse(damage, record: record)
      }
      recorded = record
    }
    if options.isOverwriting, !options.isResuming, job.isRequested { return .start }
    // A run is resumed on the same driver only; one that has ended may be of an older driver.
    if let difference = record.difference(from: recorded, onSameDriver: ended == nil) {
      guard options.isOverwriting else { throw RunConflict(folder: folder.path, .otherSettings(difference)) }
      return .start
    }
    if let ended { return .keep(ended) }
    guard options.isResuming else {
      guard options.isOverwriting else { throw RunConflict(folder: folder.path, .unfinished) }
      return .start
    }
    if hasState { return .resume(record: recorded) }
    // A process that was killed at its start leaves no results.
    if folder.results.isEmpty || options.isOverwriting { return .start }
    let damage = RunDamaged(
      folder, "\(RunFolder.stateName), which it takes to go on with a run that has not ended, is missing")
    return .refuse(damage, record: recorded)
  }
}

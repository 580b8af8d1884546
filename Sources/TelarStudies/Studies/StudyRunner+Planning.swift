import TelarIO
import TelarTraining

extension StudyRunner {
  /// A run to be made, or to be taken as it is.
  struct Planned {
    var job: Job
    var index: Int
    var seed: UInt64
    var folder: RunFolder
    var record: RunRecord
    /// Whether it was there when the runs were planned. What is not is decided again when its turn comes.
    var isThere: Bool
  }

  /// What is done about a run.
  enum Action {
    case start, resume, keep
    /// Nothing, as what is there cannot be read; the other runs go on.
    case refuse(RunDamaged)

    /// Whether the folder's record stays what it is.
    var keepsRecord: Bool { if case .start = self { false } else { true } }
  }

  /// The device on which a study's runs in a folder were made; `nil` when there are none.
  public static func recordedDevice(of study: Study, in outputFolder: String) -> String? {
    for experiment in study.experiments {
      let record = RunFolder("\(outputFolder)/\(study.name)/\(experiment.name)/seed-0").members(
        of: RunFolder.recordName)
      if case .string(let name)? = record?.value("device", "identifier") { return name }
    }
    return nil
  }

  /// What is to be done about each run, in the order in which it is done.
  ///
  /// - Throws: ``RunConflict`` for a run that must not be replaced unasked.
  func plan(_ jobs: [Job], in folder: RunFolder) throws -> [Planned] {
    var planned: [Planned] = []
    for seed in 0..<UInt64(options.seedCount) {
      // What is, or will be, in the folder of each job.
      var records: [JSON.Members] = []
      for (index, job) in jobs.enumerated() {
        let own = folder.folder(job.folderName).folder("seed-\(seed)")
        let settings = TrainingSettings(job.experiment, epochs: job.epochs, seed: seed, options)
        var record = RunRecord(
          job, of: study, seed: seed, settings, options, data, device, version: version, build: build,
          pretrainedBy: job.pretraining.map { jobs[$0] })
        if let source = job.pretraining { record.setSource(records[source]) }
        let action = try action(job, own, record)
        let present = action.keepsRecord ? own.members(of: RunFolder.recordName) : nil
        records.append(present ?? record.members)
        let isThere = if case .keep = action { true } else { false }
        planned.append(Planned(job: job, index: index, seed: seed, folder: own, record: record, isThere: isThere))
      }
    }
    return planned
  }

  func action(_ job: Job, _ folder: RunFolder, _ record: RunRecord) throws -> Action {
    let recorded: JSON.Members
    var hasEnded = false
    let hasState = folder.has(RunFolder.stateName)
    switch folder.contents {
    case .nothing: return .start
    case .other:
      guard folder.has(RunFolder.recordName) else { throw RunConflict(folder: folder.path, .notARun) }
      if options.isOverwriting { return .start }
      return .refuse(RunDamaged(folder, "\(RunFolder.recordName), which says what the run is, is damaged"))
    case .finished(let record, _): (recorded, hasEnded) = (record, true)
    case .unfinished(let record): recorded = record
    case .damaged(let record):
      if options.isOverwriting, !options.isResuming { return .start }
      // With its state, the run can be ended again.
      guard hasState else {
        if options.isOverwriting { return .start }
        return .refuse(RunDamaged(folder, "\(RunFolder.resultName), which says what the run came to, is damaged"))
      }
      recorded = record
    }
    if options.isOverwriting, !options.isResuming, job.isRequested { return .start }
    // What goes on must go on where it began; what has ended may be of an older driver.
    if let difference = record.difference(from: recorded, onSameDriver: !hasEnded) {
      guard options.isOverwriting else { throw RunConflict(folder: folder.path, .otherSettings(difference)) }
      return .start
    }
    if hasEnded { return .keep }
    guard options.isResuming else {
      guard options.isOverwriting else { throw RunConflict(folder: folder.path, .unfinished) }
      return .start
    }
    if hasState { return .resume }
    // A process that was killed at its beginning leaves nothing that took time.
    if folder.results.isEmpty || options.isOverwriting { return .start }
    return .refuse(
      RunDamaged(folder, "\(RunFolder.stateName), which it takes to go on with a run that has not ended, is missing"))
  }
}

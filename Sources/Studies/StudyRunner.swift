import Files
import Foundation
import Safetensors
import TelarData
import TelarNN
import TelarTraining

/// The engine that runs the experiments of any study.
public final class StudyRunner {
  /// What happens while it runs.
  public enum Event {
    /// A run begins, and what it is.
    case began(RunName, summary: String)
    /// A run that was stopped goes on after so many epochs.
    case resumed(RunName, summary: String, epochs: Int)
    /// A run lies in the folder already and is taken as it is.
    case kept(RunName, summary: String, RunResult)
    case progress(RunName, Trainer.Progress, epochs: Int)
    case epoch(RunName, EpochMetrics, epochs: Int)
    /// A run has come to its result.
    case ended(RunName, RunResult)
    /// A run came to no result; the others go on.
    case failed(RunName, reason: String)
    /// A line that the user should see.
    case note(String)
  }

  /// One run of an experiment.
  public struct RunName: CustomStringConvertible, Sendable {
    /// `STUDY/EXPERIMENT`.
    public let experiment: String
    public let seed: UInt64
    /// `STUDY/FOLDER`, with the seed where there are several.
    public let description: String
  }

  let study: Study
  let options: StudyOptions
  let data: FashionMNIST
  let device: any Device
  let version: String
  let build: String
  let observe: (Event) -> Void
  /// Seconds between reports of progress within an epoch; `nil` for none.
  let progressInterval: Double?
  /// Asked before every step of training; when it says so, the run is saved and ``TrainingPaused`` thrown.
  let pause: () -> Bool
  /// The sets of images on the device, by how they are given to a network.
  private var images: [Experiment.DataSettings: Trainer.Images] = [:]

  /// - Parameters:
  ///   - version: of the program, for the record.
  ///   - build: what tells this build of the program from others, for the record.
  public init(
    _ study: Study, _ options: StudyOptions, data: FashionMNIST, device: any Device, version: String,
    build: String = "", progressInterval: Double? = nil, pause: @escaping () -> Bool = { false },
    observe: @escaping (Event) -> Void = { _ in }
  ) {
    self.study = study
    self.options = options
    self.data = data
    self.device = device
    self.version = version
    self.build = build
    self.progressInterval = progressInterval
    self.pause = pause
    self.observe = observe
  }

  /// A run to be made, or to be taken as it is.
  private struct Planned {
    enum Action: Equatable {
      case start, resume, keep
    }

    var job: Job
    var index: Int
    var seed: UInt64
    var folder: RunFolder
    var record: RunRecord
    /// Whether it was there when the runs were planned. What is not is decided again when its turn comes.
    var isThere: Bool
  }

  /// Runs the experiments, each with all seeds, and draws the figures.
  ///
  /// A run that the folder holds already is not made again. One that comes to no result does not keep the others from
  /// being made; those that need it are left out.
  ///
  /// - Parameter epochs: of an experiment; by default as many as it has.
  /// - Throws: ``RunConflict`` before anything is done; ``TrainingPaused``, `OutputError`, `DeviceError`.
  public func run(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> StudyResult {
    let folder = RunFolder(options.outputFolder).folder(study.name)
    let jobs = Job.plan(experiments, of: study, epochs: epochs)
    try options.checkSizes(of: jobs.map(\.experiment), in: data)
    let planned = try plan(jobs, in: folder)
    AtomicFile.removeLeftovers(in: try folder.made())
    try writeStudy(to: folder)
    var failures: [(run: String, reason: String)] = []
    var results: [[RunResult]] = Array(repeating: [], count: jobs.count)
    for run in planned {
      let name = name(of: run.job, run.seed)
      do {
        let source = run.job.pretraining.flatMap { index in results[index].first { $0.seed == run.seed } }
        if run.job.pretraining != nil, source == nil {
          throw MissingPretraining(description: "its pre-trained encoder came to no result")
        }
        results[run.index].append(try make(run, name, pretrained: source))
      } catch let error where Self.endsOneRunOnly(error) {
        failures.append(("\(name)", "\(error)"))
        observe(.failed(name, reason: "\(error)"))
      }
    }
    let experiments = zip(jobs, results).filter { !$1.isEmpty }.map {
      ExperimentResult(experiment: $0.experiment, isRequested: $0.isRequested, runs: $1)
    }
    let figures = StudyFigures(of: study, pause: pause) { [observe] in observe(.note($0)) }
    let all = StudyResult(reading: folder, of: study)
    try figures.draw(all.experiments, in: folder)
    let result = StudyResult(
      study: study, options: options, experiments: experiments, failures: failures, folder: folder,
      figures: figures.paths, peakDeviceBytes: device.counters.peakBytesAllocated)
    try folder.write(all.table + "\n", to: "results.txt")
    try folder.write(all.lines.map { $0.text + "\n" }.joined(), to: "results.jsonl")
    return result
  }

  /// Says which study a folder is of.
  private func writeStudy(to folder: RunFolder) throws {
    var members: JSON.Members = ["study": .string(study.name), "title": .string(study.title)]
    if let recipe = study.recipe {
      try folder.write(recipe, to: RunFolder.recipeName)
      members["recipe"] = .string(RunFolder.recipeName)
    }
    try folder.write(members, to: RunFolder.studyName)
  }

  private struct MissingPretraining: Error, CustomStringConvertible {
    let description: String
  }

  /// Whether an error says something of one run, and the next may well go better.
  private static func endsOneRunOnly(_ error: any Error) -> Bool {
    error is NotFiniteError || error is RunOnRecordFailed || error is MissingPretraining || error is SafetensorsError
      || error is ShapeError || error is RunConflict
  }

  private func name(of job: Job, _ seed: UInt64) -> RunName {
    let name = "\(study.name)/\(job.folderName)"
    return RunName(
      experiment: "\(study.name)/\(job.experiment.name)", seed: seed,
      description: options.seedCount > 1 ? "\(name) seed \(seed)" : name)
  }

  /// The device on which a study's runs in a folder were made; `nil` when there are none.
  public static func recordedDevice(of study: Study, in outputFolder: String) -> String? {
    for experiment in study.experiments {
      let record = RunFolder("\(outputFolder)/\(study.name)/\(experiment.name)/seed-0").members(
        of: RunFolder.recordName)
      if case .object(let device)? = record?["device"], case .string(let name)? = device["identifier"] { return name }
    }
    return nil
  }

  // MARK: Planning

  /// What is to be done about each run, in the order in which it is done.
  private func plan(_ jobs: [Job], in folder: RunFolder) throws -> [Planned] {
    var planned: [Planned] = []
    for seed in 0..<UInt64(options.seedCount) {
      for (index, job) in jobs.enumerated() {
        let own = folder.folder(job.folderName).folder("seed-\(seed)")
        let settings = TrainingSettings(job.experiment, epochs: job.epochs, seed: seed, options)
        let record = RunRecord(
          job, of: study, seed: seed, settings, options, data, device, version: version, build: build,
          pretrainedBy: job.pretraining.map { jobs[$0] })
        planned.append(
          Planned(
            job: job, index: index, seed: seed, folder: own, record: record,
            isThere: try action(job, own, record) == .keep))
      }
    }
    return planned
  }

  private func action(_ job: Job, _ folder: RunFolder, _ record: RunRecord) throws -> Planned.Action {
    let recorded: JSON.Members
    let hasEnded: Bool
    switch folder.contents {
    case .nothing: return .start
    case .other:
      guard folder.has(RunFolder.recordName) else { throw RunConflict(folder: folder.path, .notARun) }
      guard options.isOverwriting else { throw RunConflict(folder: folder.path, .damaged) }
      return .start
    case .finished(let record, _): (recorded, hasEnded) = (record, true)
    case .unfinished(let record): (recorded, hasEnded) = (record, false)
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
    return folder.has(RunFolder.stateName) ? .resume : .start
  }

  // MARK: One run

  private func make(_ run: Planned, _ name: RunName, pretrained: RunResult?) throws -> RunResult {
    let summary = run.job.isRequested ? run.job.experiment.summary : "pre-training: \(run.job.experiment.summary)"
    func kept() throws -> RunResult {
      guard let result = RunResult(run.folder, seed: run.seed) else {
        throw RunOnRecordFailed(run.folder)
      }
      observe(.kept(name, summary: summary, result))
      return result
    }
    if run.isThere {
      // Figures are drawn when a run has ended, and their process may have been killed.
      if let opened = try? run.folder.made(), let lock = try? FolderLock(opened) {
        withExtendedLifetime(lock) { AtomicFile.removeLeftovers(in: opened) }
      }
      return try kept()
    }
    let opened = try run.folder.made()
    let lock = try FolderLock(opened)
    defer { withExtendedLifetime(lock) {} }
    AtomicFile.removeLeftovers(in: opened)
    // Another process may have worked there since it was planned.
    let action = try action(run.job, run.folder, run.record)
    if action == .keep { return try kept() }

    let experiment = run.job.experiment
    let images = try images(for: experiment.data)
    let settings = TrainingSettings(experiment, epochs: run.job.epochs, seed: run.seed, options)
    let network = try Network(
      experiment.architecture, on: device, inputShape: [data.training.height, data.training.width, 1], seed: run.seed)
    let trainer = try Trainer("\(name)", network, images, settings)
    let training = TrainingRun(
      trainer, in: run.folder, metadata: metadata(experiment), samples: try samples(for: experiment))
    if action == .resume {
      if run.folder.members(of: RunFolder.recordName)?["build"] != run.record.members["build"] {
        observe(
          .note(
            "Note: \(name) was begun by another build of telar; its results may differ in their last bits from those "
              + "of a run that was not stopped."))
      }
      do { try training.resume() } catch let error as SafetensorsError {
        throw RunOnRecordFailed("\(error) (--overwrite begins the run again)")
      }
      observe(.resumed(name, summary: summary, epochs: trainer.history.count))
    } else {
      if let source = experiment.pretraining {
        try network.load(from: SafetensorsFile(pretrained?.checkpoint ?? source.checkpoint), parts: source.parts)
      }
      try run.folder.begin(run.record.members)
      observe(.began(name, summary: summary))
      try training.begin()
    }
    do {
      try training.train(interval: progressInterval, pause: pause) { [observe] event in
        switch event {
        case .progress(let progress): observe(.progress(name, progress, epochs: settings.epochs))
        case .epoch(let metrics): observe(.epoch(name, metrics, epochs: settings.epochs))
        }
      }
    } catch let error as NotFiniteError {
      try run.folder.write(["error": .string("\(error)")], to: RunFolder.resultName)
      throw error
    }
    try run.folder.write(try result(of: trainer, images), to: RunFolder.resultName)
    try run.folder.remove(RunFolder.stateName)
    guard let result = RunResult(run.folder, seed: run.seed) else {
      throw OutputError.writeFailed(path: run.folder.path, reason: "what was written there cannot be read back")
    }
    observe(.ended(name, result))
    return result
  }

  /// What a run that has ended came to.
  private func result(of trainer: Trainer, _ images: Trainer.Images) throws -> JSON.Members {
    let settings = trainer.settings
    let epoch = settings.earlyStopping == nil ? trainer.history.count : trainer.bestEpoch
    var members: JSON.Members = [
      "epoch": .integer(epoch), "epochs": .integer(trainer.history.count),
      "best_epoch": .integer(trainer.bestEpoch), "stopped_early": .boolean(trainer.hasStoppedEarly),
      "trained_parameters": .integer(trainer.network.trainableCount),
    ]
    if trainer.launchesPerStep > 0 { members["launches_per_step"] = .number(trainer.launchesPerStep) }
    let seconds = trainer.history.map(\.seconds).reduce(0, +)
    members["training_seconds"] = .number((seconds * 1000).rounded() / 1000)
    let throughputs = trainer.history.map(\.imagesPerSecond).sorted()
    members["images_per_s"] = .number(throughputs[throughputs.count / 2].rounded())
    if let test = images.test {
      let values = try trainer.measure(test)
      members["test_loss"] = .number(values.loss)
      if settings.loss == .classification { members["test_accuracy"] = .number(values.accuracy) }
    }
    if settings.loss == .classification {
      let matrix = try confusionMatrix(
        trainer.network, on: images.validation, classCount: FashionMNIST.classCount,
        batchSize: settings.evaluationBatchSize)
      members["confusion"] = .array(matrix.map { .array($0.map(JSON.integer)) })
    }
    members["ended"] = .string(Date.now.formatted(.iso8601))
    return members
  }

  private func images(for settings: Experiment.DataSettings) throws -> Trainer.Images {
    if let present = images[settings] { return present }
    let split = options.split(data, settings)
    let new = try Trainer.Images(
      training: split.training, validation: split.validation, test: split.test, curveCount: options.usedCurveImageCount,
      normalization: settings.normalization, on: device)
    images[settings] = new
    return new
  }

  /// What checkpoints say of a network, for whoever uses it later.
  private func metadata(_ experiment: Experiment) -> OrderedMembers<String> {
    let info = CheckpointInfo(
      inputShape: [data.training.height, data.training.width, 1], loss: experiment.loss,
      normalization: experiment.data.normalization, classNames: data.training.classNames)
    var members: OrderedMembers<String> = [
      "study": study.name, "experiment": experiment.name, "telar_version": version,
    ]
    for (key, value) in info.metadata { members[key] = value }
    return members
  }

  /// The first validation image of each class, for autoencoders.
  private func samples(for experiment: Experiment) throws -> ReconstructionSamples? {
    guard !experiment.isClassifier else { return nil }
    let set = options.split(data, experiment.data).validation
    return try ReconstructionSamples(
      set.selecting(set.firstOfEachClass), normalization: experiment.data.normalization, on: device)
  }
}

extension Experiment.Pretraining {
  /// The file of a checkpoint; of an experiment, none.
  fileprivate var checkpoint: String {
    if case .checkpoint(let path) = source { path } else { "" }
  }
}

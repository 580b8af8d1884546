import Foundation
import TelarData
import TelarIO
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
    try checkRecipe(in: folder)
    let planned = try plan(jobs, in: folder)
    AtomicFile.removeLeftovers(in: try folder.made())
    try writeStudy(to: folder)
    var failures: [RunFailure] = []
    var results: [[RunResult]] = Array(repeating: [], count: jobs.count)
    for run in planned {
      let name = name(of: run.job, run.seed)
      do {
        let source = run.job.pretraining.flatMap { index in results[index].first { $0.seed == run.seed } }
        if run.job.pretraining != nil, source == nil, !run.isThere { throw NoResult(.pretrainingFailed) }
        results[run.index].append(try make(run, name, pretrained: source))
      } catch let error where Self.endsOneRunOnly(error) {
        failures.append(RunFailure(run: "\(name)", error: error))
        observe(.failed(name, reason: "\(error)"))
      }
    }
    let (experiments, others) = StudyResult.belongingTogether(
      zip(jobs, results).map { ($0.experiment, $0.isRequested, $1) }, of: study)
    let figures = StudyFigures(of: study, pause: pause) { [observe] in observe(.note($0)) }
    let all = StudyResult(reading: folder, of: study)
    try figures.draw(all.experiments, in: folder)
    let result = StudyResult(
      study: study, options: options, experiments: experiments, others: others, failures: failures, folder: folder,
      figures: figures.paths, peakDeviceBytes: device.counters.peakBytesAllocated)
    try folder.write(all.table + "\n", to: "results.txt")
    try folder.write(all.lines.map { $0.text + "\n" }.joined(), to: "results.jsonl")
    return result
  }

  /// Makes sure that a folder is not that of another recipe, whose experiments would be mixed with these.
  ///
  /// A recipe is the one that a folder is of when it is the same file, whatever has been changed in it since, or has the
  /// same text, wherever it lies now.
  ///
  /// - Throws: ``RunConflict``.
  private func checkRecipe(in folder: RunFolder) throws {
    guard let recipe = study.recipe, let path = recipe.path, !options.isOverwriting,
      let other = keptRecipePath(in: folder), other != path, !isKept(recipe, in: folder)
    else { return }
    throw RunConflict(folder: folder.path, .otherRecipe(path: other))
  }

  /// The file of the recipe that a folder is of; `nil` where it does not say.
  private func keptRecipePath(in folder: RunFolder) -> String? {
    guard case .string(let path)? = folder.members(of: RunFolder.studyName)?["recipe_path"] else { return nil }
    return path
  }

  /// Whether a folder keeps the very text of a recipe.
  private func isKept(_ recipe: Study.RecipeFile, in folder: RunFolder) -> Bool {
    let text = Array(recipe.text.utf8)
    return (try? InputFile.read(folder.file(RunFolder.recipeName), atMost: text.count)) == text
  }

  /// Says which study a folder is of.
  private func writeStudy(to folder: RunFolder) throws {
    var members: JSON.Members = ["study": .string(study.name), "title": .string(study.title)]
    if let recipe = study.recipe {
      members["recipe"] = .string(RunFolder.recipeName)
      // A copy of the recipe, such as the one in the folder, is no other.
      let path = isKept(recipe, in: folder) ? keptRecipePath(in: folder) ?? recipe.path : recipe.path
      members["recipe_path"] = path.map(JSON.string)
      try folder.write(recipe.text, to: RunFolder.recipeName)
    }
    try folder.write(members, to: RunFolder.studyName)
  }

  /// Whether an error says something of one run, and the next may well go better.
  private static func endsOneRunOnly(_ error: any Error) -> Bool {
    switch error {
    case is NotFiniteError, is NoResult, is RunDamaged, is RunConflict, is SafetensorsError,
      is ShapeError, is EventFileError, is InputError:
      true
    // A full disk is full for all.
    case let error as OutputError: if case .writeFailed = error { false } else { true }
    case let error as DeviceError:
      switch error {
      case .allocationTooLarge, .outOfMemory, .buildFailed: true
      default: false
      }
    default: false
    }
  }

  private func name(of job: Job, _ seed: UInt64) -> RunName {
    let name = "\(study.name)/\(job.folderName)"
    return RunName(
      experiment: "\(study.name)/\(job.experiment.name)", seed: seed,
      description: options.seedCount > 1 ? "\(name) seed \(seed)" : name)
  }

  // MARK: One run

  private func make(_ run: Planned, _ name: RunName, pretrained: RunResult?) throws -> RunResult {
    let summary = run.job.isRequested ? run.job.experiment.summary : "pre-training: \(run.job.experiment.summary)"
    func kept() throws -> RunResult {
      guard let result = RunResult(run.folder, seed: run.seed) else {
        if let failed = NoResult(onRecord: run.folder) { throw failed }
        throw RunDamaged(
          run.folder, "\(RunFolder.resultName) and \(RunFolder.metricsName) are not of one run that ended")
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
    var record = run.record
    if let pretrained { record.setSource(pretrained.record) }
    var isResumed = false
    switch try action(run.job, run.folder, record) {
    case .keep: return try kept()
    case .refuse(let error): throw error
    case .resume: isResumed = true
    case .start: break
    }

    let experiment = run.job.experiment
    let images = try images(for: experiment.data)
    let settings = TrainingSettings(experiment, epochs: run.job.epochs, seed: run.seed, options)
    let network = try Network(
      experiment.architecture, on: device, inputShape: [data.training.height, data.training.width, 1], seed: run.seed)
    let trainer = try Trainer("\(name)", network, images, settings)
    let training = TrainingRun(
      trainer, in: run.folder, metadata: metadata(experiment), samples: try samples(for: experiment))
    if isResumed {
      if run.folder.members(of: RunFolder.recordName)?["build"] != record.members["build"] {
        observe(
          .note(
            "Note: \(name) was begun by another build of telar; its results may differ in their last bits from those "
              + "of a run that was not stopped."))
      }
      do { try training.resume() } catch let error as SafetensorsError {
        throw RunDamaged(run.folder, "\(RunFolder.stateName) \(error.problem)")
      }
      observe(.resumed(name, summary: summary, epochs: trainer.history.count))
    } else {
      if let source = experiment.pretraining {
        try network.load(from: SafetensorsFile(pretrained?.checkpoint ?? source.checkpoint), parts: source.parts)
      }
      try run.folder.begin(record.members)
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
      try run.folder.write(try result(of: trainer, images), to: RunFolder.resultName)
    } catch let error as NotFiniteError {
      try run.folder.write(["error": .string("\(error)")], to: RunFolder.resultName)
      throw error
    }
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
    members["training_seconds"] = .number(seconds)
    let throughputs = trainer.history.map(\.imagesPerSecond).sorted()
    members["images_per_s"] = .number(throughputs[throughputs.count / 2])
    if let test = images.test {
      let values = try trainer.measure(test)
      guard values.loss.isFinite else { throw NotFiniteError(run: trainer.name, epoch: epoch) }
      members["test_loss"] = .number(values.loss)
      if settings.loss == .classification { members["test_accuracy"] = .number(values.accuracy) }
    }
    if settings.loss == .classification {
      let matrix = try trainer.network.confusionMatrix(
        on: images.validation, classCount: FashionMNIST.classCount, batchSize: settings.evaluationBatchSize)
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

import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining

/// A single run: read if it has ended, otherwise resumed or started.
extension StudyRunner {
  /// Makes or reads the result of a planned run.
  ///
  /// - Parameter pretrained: the run that the initial weights come from; `nil` where there is none.
  /// - Throws: ``NoResult``, ``RunDamaged``, ``RunConflict``, `NotFiniteError`, `TrainingPaused`, `OutputError`,
  ///   `DeviceError`.
  func result(of run: Planned, _ name: RunName, pretrained: RunResult?) throws -> RunResult {
    if let present = run.present {
      // A figure's process may have been killed after the run had ended.
      if let opened = try? run.folder.made(), let lock = try? FolderLock(opened) {
        withExtendedLifetime(lock) { AtomicFile.removeLeftovers(in: opened) }
      }
      return try keep(run, name, present)
    }
    let opened = try run.folder.made()
    let lock = try FolderLock(opened)
    defer { withExtendedLifetime(lock) {} }
    AtomicFile.removeLeftovers(in: opened)
    var record = run.record
    if let pretrained { record.setSource(pretrained.record) }
    // Checked again under the lock: another process may have worked in the folder since the runs were planned.
    switch try action(run.job, run.folder, record) {
    case .keep(let present): return try keep(run, name, present)
    case .refuse(let error, _): throw error
    case .resume(let recorded): return try resume(run, name, recorded, build: record.members["build"])
    case .start: return try start(run, name, record.members, pretrained: pretrained)
    }
  }

  /// Reads the result of a run that has ended.
  ///
  /// - Throws: ``NoResult`` if it ended without one, ``RunDamaged`` if its files contradict one another.
  private func keep(_ run: Planned, _ name: RunName, _ present: RunFolder.EndedRun) throws -> RunResult {
    let result = try read(run, present)
    observe(.kept(name, summary: summary(of: run.job), result))
    return result
  }

  /// The result of a run that has ended.
  ///
  /// - Throws: as ``keep(_:_:_:)``.
  func read(_ run: Planned, _ present: RunFolder.EndedRun) throws -> RunResult {
    guard let result = RunResult(present, history: run.folder.history, in: run.folder, seed: run.seed) else {
      if let failed = NoResult(onRecord: present.result, in: run.folder) { throw failed }
      throw RunDamaged(
        run.folder, "\(RunFolder.resultName) and \(RunFolder.metricsName) are not of one run that ended")
    }
    return result
  }

  /// Trains from the first step.
  private func start(_ run: Planned, _ name: RunName, _ record: JSON.Members, pretrained: RunResult?) throws
    -> RunResult
  {
    let training = try training(run, name)
    if let source = run.job.experiment.pretraining {
      try training.trainer.network.load(
        from: SafetensorsFile(pretrained?.checkpoint ?? source.checkpoint), parts: source.parts)
    }
    try run.folder.begin(record)
    observe(.began(name, summary: summary(of: run.job)))
    try training.begin()
    return try finish(training, run, name, record)
  }

  /// Trains from the state in the folder.
  ///
  /// - Parameters:
  ///   - recorded: the record in the folder.
  ///   - build: the build of the present program.
  private func resume(_ run: Planned, _ name: RunName, _ recorded: JSON.Members, build: JSON?) throws -> RunResult {
    let training = try training(run, name)
    if recorded["build"] != build {
      observe(
        .note(
          "Note: \(name) was begun by another build of telar; its results may differ in their last bits from those "
            + "of a run that was not stopped."))
    }
    do { try training.resume() } catch let error as SafetensorsError {
      throw RunDamaged(run.folder, "\(RunFolder.stateName) \(error.problem)")
    }
    observe(.resumed(name, summary: summary(of: run.job), epochs: training.trainer.history.count))
    return try finish(training, run, name, recorded)
  }

  private func training(_ run: Planned, _ name: RunName) throws -> TrainingRun {
    let experiment = run.job.experiment
    let network = try Network(
      experiment.architecture, on: device, inputShape: inputShape, seed: run.seed)
    let trainer = try Trainer(
      "\(name)", network, images(for: experiment.data),
      TrainingSettings(experiment, epochs: run.job.epochs, seed: run.seed, options))
    return TrainingRun(
      trainer, in: run.folder, metadata: metadata(experiment), samples: try samples(for: experiment),
      callbacks: callbacks(name, epochs: run.job.epochs))
  }

  /// What passes a run's progress and epochs on as events.
  private func callbacks(_ name: RunName, epochs: Int) -> [any TrainingCallback] {
    let progress = progressInterval.map { [observe] interval in
      ProgressReports(every: interval) { observe(.progress(name, $0, epochs: epochs)) }
    }
    let ends = EpochEvents { [observe] in observe(.epoch(name, $0, epochs: epochs)) }
    return (progress.map { [$0] } ?? []) + [ends]
  }

  /// Trains to the end, evaluates and writes the result.
  private func finish(_ training: TrainingRun, _ run: Planned, _ name: RunName, _ record: JSON.Members) throws
    -> RunResult
  {
    let trainer = training.trainer
    let members: JSON.Members
    do {
      try training.train(pause: pause)
      members = try measure(trainer)
      try run.folder.write(members, to: RunFolder.resultName)
    } catch let error as NotFiniteError {
      try run.folder.write(["error": .string("\(error)")], to: RunFolder.resultName)
      throw error
    }
    try run.folder.remove(RunFolder.stateName)
    let ended = RunFolder.EndedRun(record: record, result: members)
    guard let result = RunResult(ended, history: trainer.history, in: run.folder, seed: run.seed) else {
      preconditionFailure("\(name) ended after \(trainer.history.count) epochs without a result: \(members)")
    }
    observe(.ended(name, result))
    return result
  }

  /// The contents of `result.json`: test loss and confusion matrix are measured here.
  private func measure(_ trainer: Trainer) throws -> JSON.Members {
    let (settings, images) = (trainer.settings, trainer.images)
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
      let (values, others) = try trainer.measureAll(test)
      guard values.loss.isFinite else { throw NotFiniteError(run: trainer.name, epoch: epoch) }
      members["test_loss"] = .number(values.loss)
      if settings.loss == .classification { members["test_accuracy"] = .number(values.accuracy) }
      for (metric, value) in others.sorted(by: { $0.key < $1.key }) {
        members[RunResult.testPrefix + metric.name] = .number(value)
      }
    }
    if settings.loss == .classification {
      let matrix = try trainer.network.confusionMatrix(
        on: images.validation, classCount: classCount(of: trainer.network), batchSize: settings.evaluationBatchSize)
      members["confusion"] = .array(matrix.map { .array($0.map(JSON.integer)) })
    }
    members["ended"] = .string(Date.now.formatted(.iso8601))
    return members
  }

  /// The number of classes that a network tells, which may be more than the data has.
  private func classCount(of network: Network) throws -> Int {
    max(data.classCount, try network.architecture.outputShape(of: inputShape).last ?? 0)
  }

  private func summary(of job: Job) -> String {
    job.isRequested ? job.experiment.summary : "pre-training: \(job.experiment.summary)"
  }

  /// The image sets of an experiment, uploaded once for all experiments with the same split and normalization.
  func images(for settings: Experiment.DataSettings) throws -> Trainer.Images {
    if let present = images[settings] { return present }
    let split = options.split(data, settings)
    let new = try Trainer.Images(
      training: split.training, validation: split.validation, test: split.test, curveCount: options.usedCurveImageCount,
      normalization: settings.normalization(of: data), on: device)
    images[settings] = new
    return new
  }

  var inputShape: [Int] { data.size.shape }

  /// The metadata that makes a checkpoint usable by itself.
  private func metadata(_ experiment: Experiment) -> OrderedMembers<String> {
    let info = CheckpointInfo(
      inputShape: inputShape, loss: experiment.loss, normalization: experiment.data.normalization(of: data),
      classNames: classNames(experiment))
    var members: OrderedMembers<String> = [
      "study": study.name, "experiment": experiment.name, "telar_version": version,
    ]
    for (key, value) in info.metadata { members[key] = value }
    members[Checkpoint.preparationMember] = data.preparation?.json.text
    return members
  }

  /// The first validation image of each class, for an autoencoder.
  private func samples(for experiment: Experiment) throws -> ReconstructionSamples? {
    guard !experiment.isClassifier else { return nil }
    let set = options.split(data, experiment.data).validation
    return try ReconstructionSamples(
      set.selecting(set.firstOfEachClass), normalization: experiment.data.normalization(of: data), on: device)
  }
}

extension Experiment.Pretraining {
  /// The path of the checkpoint; empty where the weights come from an experiment.
  fileprivate var checkpoint: String {
    if case .checkpoint(let path) = source { path } else { "" }
  }
}

/// Passes the metrics of each epoch on.
private final class EpochEvents: TrainingCallback {
  private let observe: (EpochMetrics) -> Void

  init(_ observe: @escaping (EpochMetrics) -> Void) { self.observe = observe }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) -> TrainingDecision {
    observe(metrics)
    return .proceed
  }
}

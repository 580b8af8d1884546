import Foundation
import TelarIO
import TelarNN

/// A resumable training run whose results are in a folder.
///
/// The state is saved after each epoch, and every few minutes within a long one; metrics and the best weights so far
/// are beside it.
public final class TrainingRun {
  /// An event of a run.
  public enum Event {
    case progress(Trainer.Progress)
    case epoch(EpochMetrics)
  }

  public let trainer: Trainer
  public let folder: RunFolder
  /// The metadata of checkpoints, in addition to the architecture.
  private let metadata: OrderedMembers<String>
  private let samples: ReconstructionSamples?
  /// Seconds between states that are saved within an epoch.
  private let saveInterval: Double
  private var events: EventFileWriter?
  private let metricsFiles: MetricsFiles

  /// - Parameters:
  ///   - metadata: the metadata of checkpoints, in addition to the architecture.
  ///   - samples: images whose reconstructions are kept; `nil` for a classifier.
  public init(
    _ trainer: Trainer, in folder: RunFolder, metadata: OrderedMembers<String> = [:],
    samples: ReconstructionSamples? = nil, saveInterval: Double = 120
  ) {
    self.trainer = trainer
    self.folder = folder
    self.metadata = metadata
    self.samples = samples
    self.saveInterval = saveInterval
    metricsFiles = MetricsFiles(in: folder)
  }

  /// Saves the state before the first step, so that the run can be resumed from the start.
  public func begin() throws {
    try samples?.write(trainer.network, epoch: 0, to: folder)
    events = try EventFileWriter(creating: EventFileWriter.fileName(), in: folder.made())
    try saveState()
  }

  /// Restores the state in the folder.
  ///
  /// - Throws: `SafetensorsError` when it is damaged or belongs to another run.
  public func resume() throws {
    try trainer.load(from: SafetensorsFile(folder.file(RunFolder.stateName), requiringChecksum: true))
    samples?.load(from: folder)
    let present = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    if let name = present?.first(where: { $0.hasPrefix(RunFolder.eventsPrefix) }) {
      events = try EventFileWriter(appendingTo: name, in: folder.made(), from: trainer.history.count + 1)
    } else {
      events = try EventFileWriter(creating: EventFileWriter.fileName(), in: folder.made())
    }
  }

  /// Trains to the end. The network then has the weights of the last epoch, or with early stopping of the best one.
  ///
  /// - Parameters:
  ///   - interval: seconds between progress reports; `nil` for none.
  ///   - pause: called before every step; if it returns true, the state is saved and ``TrainingPaused`` thrown.
  /// - Throws: ``NotFiniteError`` with its origin, ``TrainingPaused``, `OutputError`, `DeviceError`.
  public func train(
    interval: Double? = nil, pause: () -> Bool = { false }, observe: (Event) -> Void = { _ in }
  ) throws {
    do {
      while !trainer.isFinished { try trainEpoch(interval, pause, observe) }
    } catch let error as NotFiniteError {
      throw try located(error)
    }
    try metricsFiles.flush()
    try events?.flush()
    try checkpoint(to: RunFolder.lastName)
    if trainer.settings.earlyStopping != nil {
      try trainer.network.load(from: SafetensorsFile(folder.file(RunFolder.bestName), requiringChecksum: true))
    }
  }

  private func trainEpoch(_ interval: Double?, _ pause: () -> Bool, _ observe: (Event) -> Void) throws {
    var lastSave = ContinuousClock.now
    var failure: (any Error)?
    do {
      let metrics = try trainer.runEpoch(interval: interval) {
        if pause() { return true }
        guard lastSave.duration(to: .now).seconds >= saveInterval else { return false }
        lastSave = .now
        do { try saveState() } catch { failure = error }
        return failure != nil
      } report: {
        observe(.progress($0))
      }
      if trainer.bestEpoch == metrics.epoch { try checkpoint(to: RunFolder.bestName) }
      try metricsFiles.add(trainer.history)
      try events?.write(scalars: metrics.scalars, step: metrics.epoch)
      if let samples, ReconstructionSamples.isKept(metrics.epoch, isLast: trainer.isFinished) {
        try samples.write(trainer.network, epoch: metrics.epoch, to: folder)
      }
      // The state is written last: an epoch whose state is missing is repeated.
      try saveState()
      observe(.epoch(metrics))
    } catch is TrainingPaused {
      if let failure { throw failure }
      try saveState()
      throw TrainingPaused()
    }
  }

  /// Adds the origin to an error, by repeating the steps since the last saved state, which was finite.
  private func located(_ error: NotFiniteError) throws -> NotFiniteError {
    guard let state = try? SafetensorsFile(folder.file(RunFolder.stateName), requiringChecksum: true)
    else { return error }
    var error = error
    error.origin = try trainer.origin(of: error, from: state)
    return error
  }

  private func saveState() throws {
    var writer = SafetensorsWriter()
    try trainer.add(to: &writer)
    try folder.write(writer.bytes, to: RunFolder.stateName)
  }

  private func checkpoint(to name: String) throws {
    try folder.write(trainer.network.checkpoint(metadata: metadata).bytes, to: name)
  }
}

extension EpochMetrics {
  /// The curves for TensorBoard, by epoch.
  fileprivate var scalars: [EventFileWriter.Scalar] {
    var scalars: [EventFileWriter.Scalar] = [
      ("loss/while training", trainingLoss), ("loss/training", curveLoss), ("loss/validation", validationLoss),
    ]
    for (tag, value) in [
      ("accuracy/while training", trainingAccuracy), ("accuracy/training", curveAccuracy),
      ("accuracy/validation", validationAccuracy),
    ] {
      if let value { scalars.append((tag, value)) }
    }
    for (metric, value) in validationMetrics.sorted(by: { $0.key < $1.key }) {
      scalars.append(("\(metric.title)/validation", value))
    }
    return scalars + [("learning rate", learningRate), ("images per second", imagesPerSecond)]
  }
}

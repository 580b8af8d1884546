import Foundation
import TelarIO
import TelarNN

/// The checkpoints of the best and the last epoch, and of the moving average where there is one. The best is of the average
/// where that is what is monitored. With early stopping the network has the weights of the best in the end.
final class CheckpointFiles: TrainingCallback {
  private let folder: RunFolder
  private let metadata: OrderedMembers<String>

  /// - Parameter metadata: the metadata of checkpoints, in addition to the architecture.
  init(in folder: RunFolder, metadata: OrderedMembers<String>) {
    self.folder = folder
    self.metadata = metadata
  }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
    if trainer.bestEpoch == metrics.epoch {
      if case .metric(let metric) = trainer.settings.monitor, metric.isOfAverage, let average = trainer.average {
        try average.exchanging { try write(trainer.network, to: RunFolder.bestName) }
      } else {
        try write(trainer.network, to: RunFolder.bestName)
      }
    }
    return .proceed
  }

  func runEnded(_ trainer: Trainer) throws {
    try write(trainer.network, to: RunFolder.lastName)
    try trainer.average?.exchanging { try write(trainer.network, to: RunFolder.averageName) }
    guard trainer.settings.earlyStopping != nil else { return }
    try trainer.network.load(from: SafetensorsFile(folder.file(RunFolder.bestName), requiringChecksum: true))
  }

  private func write(_ network: Network, to name: String) throws {
    try folder.write(network.checkpoint(metadata: metadata).bytes, to: name)
  }
}

/// The state that a run is resumed from: of its beginning, of each epoch's end, and every few minutes within a long one.
final class StateFile: TrainingCallback {
  private let folder: RunFolder
  /// Seconds between states that are saved within an epoch.
  private let interval: Double
  private var lastSave = ContinuousClock.now

  init(in folder: RunFolder, every interval: Double) {
    self.folder = folder
    self.interval = interval
  }

  var observesSteps: Bool { true }

  func runBegan(_ trainer: Trainer, isResumed: Bool) throws { if !isResumed { try save(trainer) } }

  func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
    // The state at the end of an epoch has its metrics.
    if !step.isLastOfEpoch, lastSave.duration(to: .now).seconds >= interval { try save(trainer) }
    return .proceed
  }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
    try save(trainer)
    return .proceed
  }

  func save(_ trainer: Trainer) throws {
    var writer = SafetensorsWriter()
    try trainer.add(to: &writer)
    try folder.write(writer.bytes, to: RunFolder.stateName)
    lastSave = .now
  }
}

/// The curves for TensorBoard, by epoch.
final class EventFile: TrainingCallback {
  private let folder: RunFolder
  private var writer: EventFileWriter?

  init(in folder: RunFolder) { self.folder = folder }

  func runBegan(_ trainer: Trainer, isResumed: Bool) throws {
    let present = isResumed ? try? FileManager.default.contentsOfDirectory(atPath: folder.path) : nil
    if let name = present?.first(where: { $0.hasPrefix(RunFolder.eventsPrefix) }) {
      writer = try EventFileWriter(appendingTo: name, in: folder.made(), from: trainer.history.count + 1)
    } else {
      writer = try EventFileWriter(creating: EventFileWriter.fileName(), in: folder.made())
    }
  }

  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
    try writer?.write(scalars: metrics.scalars, step: metrics.epoch)
    return .proceed
  }

  func runEnded(_ trainer: Trainer) throws { try writer?.flush() }
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

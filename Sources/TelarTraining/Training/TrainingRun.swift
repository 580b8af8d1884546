import TelarIO
import TelarNN

/// A resumable training run whose results are in a folder.
///
/// The state is saved after each epoch, and every few minutes within a long one; metrics and the best weights so far
/// are beside it.
public final class TrainingRun {
  public let trainer: Trainer
  public let folder: RunFolder
  private let state: StateFile
  /// In the order in which they are called.
  private let callbacks: [any TrainingCallback]

  /// - Parameters:
  ///   - metadata: the metadata of checkpoints, in addition to the architecture.
  ///   - samples: images whose reconstructions are kept; `nil` for a classifier.
  ///   - saveInterval: seconds between states that are saved within an epoch.
  ///   - callbacks: further ones. What they are told of, except the run's beginning and its steps, is in the folder's
  ///     files already, but for the state.
  public init(
    _ trainer: Trainer, in folder: RunFolder, metadata: OrderedMembers<String> = [:],
    samples: ReconstructionSamples? = nil, saveInterval: Double = 120, callbacks: [any TrainingCallback] = []
  ) {
    self.trainer = trainer
    self.folder = folder
    state = StateFile(in: folder, every: saveInterval)
    let reconstructions = samples.map { ReconstructionFile($0, in: folder) }
    let files: [any TrainingCallback] = [
      MetricsFiles(in: folder), EventFile(in: folder), CheckpointFiles(in: folder, metadata: metadata),
    ]
    // The last epoch's reconstructions come before the best weights are restored. The state is written last: an epoch
    // whose state is missing is repeated.
    self.callbacks = (reconstructions.map { [$0] } ?? []) + files + callbacks + [state]
  }

  /// Saves the state before the first step, so that the run can be resumed from the start.
  public func begin() throws { try callbacks.forEach { try $0.runBegan(trainer, isResumed: false) } }

  /// Restores the state in the folder.
  ///
  /// - Throws: `SafetensorsError` when it is damaged or belongs to another run.
  public func resume() throws {
    try trainer.load(from: SafetensorsFile(folder.file(RunFolder.stateName), requiringChecksum: true))
    try callbacks.forEach { try $0.runBegan(trainer, isResumed: true) }
  }

  /// Trains to the end. The network then has the weights of the last epoch, or with early stopping of the best one.
  ///
  /// - Parameter pause: called before every step; if it returns true, the state is saved and ``TrainingPaused`` thrown.
  /// - Throws: ``NotFiniteError`` with its origin, ``TrainingPaused``, `OutputError`, `DeviceError`.
  public func train(pause: () -> Bool = { false }) throws {
    do {
      while !trainer.isFinished { try trainer.runEpoch(callbacks, pause: pause) }
    } catch let error as NotFiniteError {
      throw try located(error)
    } catch is TrainingPaused {
      try state.save(trainer)
      throw TrainingPaused()
    }
    try callbacks.forEach { try $0.runEnded(trainer) }
  }

  /// Adds the origin to an error, by repeating the steps since the last saved state, which was finite.
  private func located(_ error: NotFiniteError) throws -> NotFiniteError {
    guard let state = try? SafetensorsFile(folder.file(RunFolder.stateName), requiringChecksum: true)
    else { return error }
    var error = error
    error.origin = try trainer.origin(of: error, from: state)
    return error
  }
}

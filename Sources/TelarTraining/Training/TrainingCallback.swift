import Tensors

/// Observes a training run, and may end it.
///
/// A callback implements what it needs; by default nothing is done. The trainer's own progress, files and TensorBoard
/// curves are callbacks too. An error that a callback throws ends the run, as any other does.
///
/// ```swift
/// final class Target: TrainingCallback {
///   func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) -> TrainingDecision {
///     metrics.validationLoss < 0.1 ? .stop : .proceed
///   }
/// }
///
/// try trainer.train([Target()])
/// ```
public protocol TrainingCallback: AnyObject {
  /// Whether ``stepEnded(_:of:)`` is called; false by default. It is read at the start of each epoch.
  var observesSteps: Bool { get }

  /// Called before the first step of a process.
  ///
  /// - Parameter isResumed: whether the run goes on from a saved state.
  func runBegan(_ trainer: Trainer, isResumed: Bool) throws

  /// Called after each step, which the device may still be executing.
  ///
  /// - Cost: none by itself; ``Trainer/Step/loss()`` and ``Trainer/progress()`` wait for the device.
  /// - Returns: ``TrainingDecision/stop`` to end the run: no further step is taken, the epoch is evaluated and recorded.
  func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision

  /// Called after each epoch, when it has been evaluated and is the last of ``Trainer/history``.
  ///
  /// - Returns: ``TrainingDecision/stop`` to end the run.
  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision

  /// Called when the run has ended, and not when it is only paused or fails.
  func runEnded(_ trainer: Trainer) throws
}

/// Whether a run goes on.
public enum TrainingDecision: Sendable {
  case proceed
  /// Ends the run as completed: resumed, it does not go on.
  case stop
}

extension TrainingCallback {
  public var observesSteps: Bool { false }
  public func runBegan(_ trainer: Trainer, isResumed: Bool) throws {}
  public func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision { .proceed }
  public func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision { .proceed }
  public func runEnded(_ trainer: Trainer) throws {}
}

extension Trainer {
  /// A step that was taken.
  public struct Step {
    /// From 1.
    public let epoch: Int
    /// The step within the epoch, from 1, and the number of steps of a whole one.
    public let number: Int
    public let stepsPerEpoch: Int
    let losses: BatchLosses

    /// Whether no step of the epoch is left.
    public var isLastOfEpoch: Bool { number == stepsPerEpoch }

    /// The loss of the step's images, before its update of the weights. Valid until the next step.
    ///
    /// - Cost: waits for the device.
    public func loss() throws -> Double { try losses.reduce(0) { try $0 + Double($1.loss.item()) * $1.share } }
  }

  /// The progress of an epoch.
  public struct Progress: Sendable {
    public var epoch: Int
    public var imagesDone: Int
    public var imageCount: Int
    /// Completed steps of the epoch, and all of them.
    public var step: Int
    public var stepsPerEpoch: Int
    /// The mean over the images so far.
    public var loss: Double
    public var imagesPerSecond: Double
  }
}

/// Reports the progress within epochs every few seconds.
public final class ProgressReports: TrainingCallback {
  private let interval: Double
  private let report: (Trainer.Progress) -> Void
  private var last = ContinuousClock.now

  /// - Parameter interval: seconds between reports, each of which waits for the device.
  public init(every interval: Double, report: @escaping (Trainer.Progress) -> Void) {
    self.interval = interval
    self.report = report
  }

  public var observesSteps: Bool { true }

  public func runBegan(_ trainer: Trainer, isResumed: Bool) { last = .now }

  public func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
    if last.duration(to: .now).seconds >= interval {
      let progress = try trainer.progress()
      last = .now
      report(progress)
    }
    return .proceed
  }

  public func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) -> TrainingDecision {
    last = .now
    return .proceed
  }
}

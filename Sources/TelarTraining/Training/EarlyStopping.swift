import TelarIO

/// Ends a run when the monitored metric, usually the validation loss, stops improving; the weights of the best epoch are then
/// restored.
public struct EarlyStopping: Sendable, Hashable {
  /// The number of epochs without improvement after which the run ends.
  public var patience: Int
  /// The least change of the best value that counts as an improvement.
  public var minimumImprovement: Double

  /// - Precondition: the patience is at least 1, the improvement finite and not negative.
  public init(patience: Int, minimumImprovement: Double = 0) {
    precondition(patience >= 1, "a patience of \(patience) epochs")
    precondition(minimumImprovement.isFinite && minimumImprovement >= 0, "an improvement of \(minimumImprovement)")
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  public var json: JSON {
    .object(["patience": .integer(patience), "minimum_improvement": .number(minimumImprovement)])
  }
}

/// The epoch with the best value so far of the metric that is monitored.
struct BestEpoch {
  let monitor: Monitor
  /// The least change that counts as an improvement, except for the first epoch.
  let minimumImprovement: Double
  /// From 1; 0 before the first.
  private(set) var epoch = 0
  /// The best value, negated where the highest is the best.
  private var least = Double.infinity

  init(_ settings: TrainingSettings) {
    monitor = settings.monitor
    minimumImprovement = settings.earlyStopping?.minimumImprovement ?? 0
  }

  /// Adds an epoch.
  ///
  /// - Returns: whether it is the best so far.
  mutating func note(_ metrics: EpochMetrics) -> Bool {
    let value = monitor.value(of: metrics) ?? .nan
    let own = monitor.isHigherBetter ? -value : value
    guard epoch == 0 || own < least - minimumImprovement || least.isNaN else { return false }
    (epoch, least) = (metrics.epoch, own)
    return true
  }
}

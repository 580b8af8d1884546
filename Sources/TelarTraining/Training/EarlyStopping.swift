import TelarIO

/// Ends a run when the validation loss stops improving; the weights of the best epoch are then restored.
public struct EarlyStopping: Sendable, Hashable {
  /// The number of epochs without improvement after which the run ends.
  public var patience: Int
  /// The least decrease of the best loss that counts as an improvement.
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

/// The epoch of the least validation loss so far.
struct BestEpoch {
  /// From 1; 0 before the first.
  private(set) var epoch = 0
  private(set) var loss = Double.infinity

  /// Adds an epoch.
  ///
  /// - Returns: whether it is the best so far.
  mutating func note(_ metrics: EpochMetrics, minimumImprovement: Double) -> Bool {
    guard metrics.validationLoss < loss - (epoch == 0 ? 0 : minimumImprovement) else { return false }
    (epoch, loss) = (metrics.epoch, metrics.validationLoss)
    return true
  }
}

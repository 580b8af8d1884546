import TelarNN

/// Everything that decides what a training run computes, besides the network and the data. Saved with the run.
public struct TrainingSettings: Sendable {
  public var loss: Loss
  public var optimizer: any Optimizer
  public var schedule: LearningRateSchedule
  public var batchSize: Int
  /// The most that are run; with ``earlyStopping`` there may be fewer.
  public var epochs: Int
  /// `nil` for all epochs, and the weights of the last.
  public var earlyStopping: EarlyStopping?
  /// Initial weights, dropout masks and the order of images follow from it.
  public var seed: UInt64
  /// The training curve is measured in evaluation mode, after each epoch, on this many of the first training images.
  public var curveImageCount: Int
  /// Images a batch while measuring; it does not change what is measured.
  public var evaluationBatchSize: Int

  public init(
    loss: Loss, optimizer: any Optimizer = Adam(), schedule: LearningRateSchedule = .constant, batchSize: Int = 100,
    epochs: Int = 15, earlyStopping: EarlyStopping? = nil, seed: UInt64 = 0, curveImageCount: Int = 10_000,
    evaluationBatchSize: Int = 500
  ) {
    self.loss = loss
    self.optimizer = optimizer
    self.schedule = schedule
    self.batchSize = batchSize
    self.epochs = epochs
    self.earlyStopping = earlyStopping
    self.seed = seed
    self.curveImageCount = curveImageCount
    self.evaluationBatchSize = evaluationBatchSize
  }

  public var json: JSON.Members {
    [
      "loss": .string(loss.rawValue), "optimizer": optimizer.json, "schedule": schedule.json,
      "batch_size": .integer(batchSize), "epochs": .integer(epochs),
      "early_stopping": earlyStopping?.json ?? .null, "seed": .integer(Int(truncatingIfNeeded: seed)),
      "curve_images": .integer(curveImageCount), "evaluation_batch_size": .integer(evaluationBatchSize),
    ]
  }
}

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
  /// What decides which epoch is the best, for ``earlyStopping`` and the checkpoint of the best epoch.
  public var monitor = Monitor.loss
  /// What is measured on the validation images after each epoch besides loss and accuracy, and what is monitored.
  ///
  /// - Cost: reads the network's outputs for the validation images from the device, once for all metrics; SSIM also
  ///   takes the host's time.
  public var metrics: [EvaluationMetric] = []
  /// Parts that are frozen in the network and trained after some epochs: how many, by part, at least 1. An optimizer then
  /// begins with them as at the start of a run, its moments zero and its count of their steps too; as in PyTorch, other
  /// parameters' counts go on.
  public var thaw: OrderedMembers<Int> = [:]
  /// What is done beyond that.
  public var options: TrainingOptions
  /// Initial weights, dropout masks and the order of images follow from it.
  public var seed: UInt64
  /// The training curve is measured in evaluation mode, after each epoch, on this many of the first training images.
  public var curveImageCount: Int
  /// Images a batch while measuring; it does not change what is measured.
  public var evaluationBatchSize: Int

  public init(
    loss: Loss, optimizer: any Optimizer = Adam(), schedule: LearningRateSchedule = .constant, batchSize: Int = 100,
    epochs: Int = 15, earlyStopping: EarlyStopping? = nil, options: TrainingOptions = TrainingOptions(),
    seed: UInt64 = 0,
    curveImageCount: Int = 10_000, evaluationBatchSize: Int = 500
  ) {
    self.loss = loss
    self.optimizer = optimizer
    self.schedule = schedule
    self.batchSize = batchSize
    self.epochs = epochs
    self.earlyStopping = earlyStopping
    self.options = options
    self.seed = seed
    self.curveImageCount = curveImageCount
    self.evaluationBatchSize = evaluationBatchSize
  }

  /// Images that a step of the optimizer uses: those of a batch, or of several.
  public var stepImageCount: Int { batchSize * options.accumulation }

  public var json: JSON.Members {
    var members: JSON.Members = [
      "loss": .string(loss.rawValue), "optimizer": optimizer.json, "schedule": schedule.json,
      "batch_size": .integer(batchSize), "epochs": .integer(epochs),
      "early_stopping": earlyStopping?.json ?? .null, "seed": .integer(Int(truncatingIfNeeded: seed)),
      "curve_images": .integer(curveImageCount), "evaluation_batch_size": .integer(evaluationBatchSize),
    ]
    let usual = Self.optional([], .loss, [:])
    for (name, value) in Self.optional(metrics, monitor, thaw) where value != usual[name] { members[name] = value }
    return members.adding(options.json)
  }

  /// Settings that a record has only where they are not the usual ones.
  package static func optional(_ metrics: [EvaluationMetric], _ monitor: Monitor, _ thaw: OrderedMembers<Int>)
    -> JSON.Members
  {
    [
      "metrics": .array(metrics.map { .string($0.name) }), "monitor": .string(monitor.name),
      "thaw": .array(thaw.map { .object(["part": .string($0.key), "epochs": .integer($0.value)]) }),
    ]
  }
}

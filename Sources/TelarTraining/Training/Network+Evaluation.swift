import TelarData
import TelarNN

extension Network {
  /// Evaluates the network: no dropout, running batch-norm statistics.
  ///
  /// - Parameter batchSize: images per batch; it does not affect the result.
  /// - Cost: one forward pass over the images and one synchronization.
  public func evaluate(on images: DeviceImages, loss: Loss, batchSize: Int) throws -> RunningMetrics.Values {
    let metrics = try RunningMetrics(on: device)
    try evaluate(on: images, loss: loss, batchSize: batchSize, metrics: metrics) { _, _ in }
    return try metrics.values()
  }

  /// Evaluates the network also by metrics that the host computes.
  ///
  /// - Parameter others: those of classifiers or of autoencoders, as the loss is.
  /// - Cost: beside the forward pass one synchronization per batch, to read its outputs.
  public func evaluate(
    on images: DeviceImages, loss: Loss, batchSize: Int, metrics others: [EvaluationMetric]
  ) throws -> (values: RunningMetrics.Values, metrics: [EvaluationMetric: Double]) {
    let isClassifier = loss == .classification
    precondition(others.allSatisfy { $0.isOfClassifiers == isClassifier }, "\(others.map(\.name)) for \(loss.rawValue)")
    let metrics = try RunningMetrics(on: device)
    var gathered: MetricAccumulator?
    try evaluate(on: images, loss: loss, batchSize: batchSize, metrics: metrics) { batch, output in
      if gathered == nil {
        gathered = MetricAccumulator(
          others, classCount: isClassifier ? output.shape[1] : 0,
          size: ImageSize(height: images.height, width: images.width, channels: images.channels),
          normalization: images.normalization)
      }
      if isClassifier {
        gathered!.add(logits: try output.values(), labels: try batch.labels.values())
      } else {
        gathered!.add(outputs: try output.values(), originals: try batch.images.values())
      }
    }
    return (try metrics.values(), gathered?.values ?? [:])
  }

  /// - Parameter inspect: is given each batch and the network's output for it.
  private func evaluate(
    on images: DeviceImages, loss: Loss, batchSize: Int, metrics: RunningMetrics,
    inspect: (DeviceImages.Batch, Tensor) throws -> Void
  ) throws {
    for offset in stride(from: 0, to: images.count, by: batchSize) {
      let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
      let output = try self(batch.images)
      _ = try loss(output, images: batch.images, labels: batch.labels, metrics: metrics)
      try inspect(batch, output)
    }
  }

  /// The confusion matrix: the number of images by true class (row) and predicted class (column).
  ///
  /// - Cost: one forward pass over the images and one synchronization per batch.
  public func confusionMatrix(on images: DeviceImages, classCount: Int, batchSize: Int) throws -> [[Int]] {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    for offset in stride(from: 0, to: images.count, by: batchSize) {
      let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
      let predicted = try argMax(self(batch.images)).values()
      for (truth, prediction) in zip(try batch.labels.values(), predicted) {
        counts[Int(truth)][Int(prediction)] += 1
      }
    }
    return counts
  }
}

import TelarNN

extension Network {
  /// Evaluates the network: no dropout, running batch-norm statistics.
  ///
  /// - Parameter batchSize: images per batch; it does not affect the result.
  /// - Cost: one forward pass over the images and one synchronization.
  public func evaluate(on images: DeviceImages, loss: Loss, batchSize: Int) throws -> RunningMetrics.Values {
    let metrics = try RunningMetrics(on: device)
    for offset in stride(from: 0, to: images.count, by: batchSize) {
      let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
      _ = try loss(self(batch.images), images: batch.images, labels: batch.labels, metrics: metrics)
    }
    return try metrics.values()
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

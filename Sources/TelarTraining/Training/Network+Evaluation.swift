import TelarNN

extension Network {
  /// Measures the network in evaluation mode: no dropout, running batch-norm statistics.
  ///
  /// - Parameter batchSize: images a batch; it does not change what is measured.
  /// - Cost: one forward pass over the images and one synchronisation.
  public func evaluate(on images: DeviceImages, loss: Loss, batchSize: Int) throws -> RunningMetrics.Values {
    let metrics = try RunningMetrics(on: device)
    for offset in stride(from: 0, to: images.count, by: batchSize) {
      let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
      _ = try loss(self(batch.images), images: batch.images, labels: batch.labels, metrics: metrics)
    }
    return try metrics.values()
  }

  /// The number of images of each class (row) that the network assigns to each class (column).
  ///
  /// - Cost: one forward pass over the images and one synchronisation a batch.
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

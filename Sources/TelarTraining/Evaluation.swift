import TelarNN

/// Measures a network in evaluation mode: no dropout, running batch-norm statistics.
///
/// - Parameter batchSize: images a batch; it does not change what is measured.
/// - Cost: one forward pass over the images and one synchronisation.
public func evaluate(_ network: Network, on images: DeviceImages, loss: Loss, batchSize: Int) throws
  -> RunningMetrics.Values
{
  let metrics = try RunningMetrics(on: network.device)
  for offset in stride(from: 0, to: images.count, by: batchSize) {
    let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
    _ = try loss(network(batch.images), images: batch.images, labels: batch.labels, metrics: metrics)
  }
  return try metrics.values()
}

/// How many images of each class (row) a network takes for each class (column).
public func confusionMatrix(_ network: Network, on images: DeviceImages, classCount: Int, batchSize: Int) throws
  -> [[Int]]
{
  var counts = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
  for offset in stride(from: 0, to: images.count, by: batchSize) {
    let batch = try images.batch(at: offset, count: min(batchSize, images.count - offset))
    let predicted = try argMax(network(batch.images)).values()
    for (truth, prediction) in zip(try batch.labels.values(), predicted) {
      counts[Int(truth)][Int(prediction)] += 1
    }
  }
  return counts
}

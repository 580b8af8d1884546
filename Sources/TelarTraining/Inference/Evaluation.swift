import TelarData
import TelarNN

/// Loss and classification counts of a network on labelled images, in evaluation mode.
public struct Evaluation: Sendable, Equatable {
  public var imageCount: Int
  /// The mean loss of the images: mean squared error or cross entropy.
  public var loss: Double
  /// The confusion matrix: images by true class (row) and predicted class (column); `nil` for an autoencoder.
  public var confusion: [[Int]]?

  public init(imageCount: Int, loss: Double, confusion: [[Int]]? = nil) {
    self.imageCount = imageCount
    self.loss = loss
    self.confusion = confusion
  }

  /// The share of correctly classified images; `nil` for an autoencoder.
  public var accuracy: Double? {
    confusion.map { counts in Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(imageCount) }
  }

  /// The recall of each class, `nil` for a class without images; `nil` for an autoencoder.
  public var recalls: [Double?]? {
    confusion.map { counts in
      counts.enumerated().map { label, row in
        let sum = row.reduce(0, +)
        return sum == 0 ? nil : Double(row[label]) / Double(sum)
      }
    }
  }
}

extension TrainedNetwork {
  /// Evaluates the network on labelled images.
  ///
  /// - Throws: `SafetensorsError` when the network takes images of another size, or has fewer classes than the labels.
  /// - Cost: one forward pass over the images.
  public func evaluate(_ images: LabelledImages) throws -> Evaluation {
    func failure(_ problem: String) -> SafetensorsError {
      SafetensorsError(.mismatch, path: checkpoint.path, problem)
    }
    try checkSize(images.size)
    let loss = checkpoint.info.loss
    let classCount = loss == .classification ? checkpoint.outputShape[0] : 0
    if loss == .classification, let highest = images.labels.max(), highest >= classCount {
      throw failure("tells \(classCount) classes, and the images have labels up to \(highest)")
    }
    let metrics = try RunningMetrics(on: network.device)
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    let size = images.size.byteCount
    try run(
      images.count, { Array(images.pixels[($0.lowerBound * size)..<($0.upperBound * size)]) }
    ) { range, input, output in
      let labels = images.labels[range].map(Int32.init)
      _ = try loss(output, images: input, labels: network.device.labels(labels), metrics: metrics)
      guard loss == .classification else { return }
      for (label, taken) in zip(labels, try argMax(output).values()) { confusion[Int(label)][Int(taken)] += 1 }
    }
    return Evaluation(
      imageCount: images.count, loss: try metrics.values().loss,
      confusion: loss == .classification ? confusion : nil)
  }
}

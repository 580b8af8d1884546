import TelarData
import TelarNN

/// Loss and classification counts of a network on labelled images, in evaluation mode.
public struct Evaluation: Sendable, Equatable {
  public var imageCount: Int
  /// The mean loss of the images: mean squared error or cross entropy.
  public var loss: Double
  /// The confusion matrix: images by true class (row) and predicted class (column); `nil` for an autoencoder.
  public var confusion: [[Int]]?
  /// Further metrics: of a classifier those of ``scores`` and a top-k accuracy where one was asked for, of an autoencoder
  /// PSNR and SSIM, as far as the images are large enough.
  public var metrics: [EvaluationMetric: Double]

  public init(
    imageCount: Int, loss: Double, confusion: [[Int]]? = nil, metrics: [EvaluationMetric: Double] = [:]
  ) {
    self.imageCount = imageCount
    self.loss = loss
    self.confusion = confusion
    self.metrics = metrics
  }

  /// Precision, recall and F1 by class and averaged; `nil` for an autoencoder.
  public var scores: ClassScores? { confusion.map(ClassScores.init) }

  /// The share of correctly classified images; `nil` for an autoencoder.
  public var accuracy: Double? {
    confusion.map { counts in Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(imageCount) }
  }
}

extension TrainedNetwork {
  /// Evaluates the network on labelled images.
  ///
  /// - Parameter top: the k of a top-k accuracy; by default 5 of more than 10 classes, and none of fewer.
  /// - Throws: `SafetensorsError` when the network takes images of another size, or has fewer classes than the labels.
  /// - Cost: one forward pass over the images; of an autoencoder also the host's time for SSIM.
  public func evaluate(_ images: LabelledImages, top: Int? = nil) throws -> Evaluation {
    func failure(_ problem: String) -> SafetensorsError {
      SafetensorsError(.mismatch, path: checkpoint.path, problem)
    }
    try checkSize(images.size)
    let loss = checkpoint.info.loss
    let classCount = loss == .classification ? checkpoint.outputShape[0] : 0
    if loss == .classification, let highest = images.labels.max(), highest >= classCount {
      throw failure("tells \(classCount) classes, and the images have labels up to \(highest)")
    }
    let wanted = metrics(top: top, classCount: classCount)
    var gathered = MetricAccumulator(
      wanted, classCount: classCount, size: imageSize, normalization: checkpoint.info.normalization)
    let metrics = try RunningMetrics(on: network.device)
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    let size = images.size.byteCount
    try run(
      images.count, { Array(images.pixels[($0.lowerBound * size)..<($0.upperBound * size)]) }
    ) { range, input, output in
      let labels = images.labels[range].map(Int32.init)
      _ = try loss(output, images: input, labels: network.device.labels(labels), metrics: metrics)
      guard loss == .classification else {
        return gathered.add(outputs: try output.values(), originals: try input.values())
      }
      if !wanted.isEmpty { gathered.add(logits: try output.values(), labels: labels) }
      for (label, taken) in zip(labels, try argMax(output).values()) { confusion[Int(label)][Int(taken)] += 1 }
    }
    var evaluation = Evaluation(
      imageCount: images.count, loss: try metrics.values().loss,
      confusion: loss == .classification ? confusion : nil, metrics: gathered.values)
    guard let scores = evaluation.scores else { return evaluation }
    evaluation.metrics[.balancedAccuracy] = scores.balancedAccuracy
    evaluation.metrics[.macroPrecision] = scores.macroPrecision
    evaluation.metrics[.macroRecall] = scores.macroRecall
    evaluation.metrics[.macroF1] = scores.macroF1
    return evaluation
  }

  /// The metrics that are computed from outputs; those of ``ClassScores`` come from the confusion matrix.
  private func metrics(top: Int?, classCount: Int) -> [EvaluationMetric] {
    guard checkpoint.info.loss == .reconstruction else {
      return top.map { [.topAccuracy($0)] } ?? EvaluationMetric.usual(classCount: classCount)
    }
    let side = min(imageSize.height, imageSize.width)
    return [.psnr, .ssim].filter { $0.leastImageSide <= side }
  }
}

import Foundation
import TelarData
import TelarNN

/// Gathers, batch by batch on the host, what metrics are computed from.
struct MetricAccumulator {
  private let metrics: [EvaluationMetric]
  private let size: ImageSize
  private let normalization: Normalization
  /// Images by true class (row) and predicted class (column); empty where no metric needs it.
  private var confusion: [[Int]]
  /// The images whose class is among those of the k largest logits, by k.
  private var hits: [Int: Int] = [:]
  /// Sums over the images.
  private var (ratios, similarities) = (0.0, 0.0)
  private var imageCount = 0

  /// - Parameters:
  ///   - metrics: of outputs, not of a moving average.
  ///   - classCount: the logits of an image; 0 for an autoencoder.
  ///   - size: of the images, whose numbers are of `normalization`.
  init(_ metrics: [EvaluationMetric], classCount: Int, size: ImageSize, normalization: Normalization) {
    self.metrics = metrics
    self.size = size
    self.normalization = normalization
    let needsConfusion = metrics.contains {
      if case .topAccuracy = $0 { false } else { $0.isOfClassifiers }
    }
    confusion = [[Int]](
      repeating: [Int](repeating: 0, count: classCount), count: needsConfusion ? classCount : 0)
  }

  /// Adds a classifier's outputs for a batch.
  ///
  /// - Parameters:
  ///   - logits: `[labels.count, classes]`
  ///   - labels: below the number of classes.
  mutating func add(logits: [Float], labels: [Int32]) {
    imageCount += labels.count
    let count = labels.isEmpty ? 0 : logits.count / labels.count
    for (index, label) in labels.enumerated() {
      let row = logits[(index * count)..<((index + 1) * count)]
      if !confusion.isEmpty { confusion[Int(label)][Self.largest(row)] += 1 }
      for case .topAccuracy(let top) in metrics where Self.rank(of: Int(label), in: row) < top {
        hits[top, default: 0] += 1
      }
    }
  }

  /// The class with the largest logit: the first of equal ones; NaN counts as the largest, as on devices.
  private static func largest(_ row: ArraySlice<Float>) -> Int {
    var best = row.startIndex
    for place in row.indices.dropFirst() where !(row[place] <= row[best]) && !row[best].isNaN { best = place }
    return best - row.startIndex
  }

  /// The number of classes before this one in the order of their logits, in which equal ones stand in the order of labels
  /// and NaN in front.
  private static func rank(of label: Int, in row: ArraySlice<Float>) -> Int {
    let own = row[row.startIndex + label]
    return row.enumerated().count { other, logit in
      if own.isNaN { return logit.isNaN && other < label }
      return !(logit <= own) || logit == own && other < label
    }
  }

  /// Adds an autoencoder's outputs for a batch, in the network's numbers.
  ///
  /// - Shapes: both `[N, height, width, channels]`
  mutating func add(outputs: [Float], originals: [Float]) {
    let length = size.byteCount
    let count = originals.count / length
    imageCount += count
    let (images, references) = (pixels(outputs), pixels(originals))
    func each(_ measure: @Sendable (ArraySlice<Float>, ArraySlice<Float>) -> Double) -> Double {
      // By image, so that the sum does not depend on the number of threads.
      Self.inParallel(count) { index in
        let places = (index * length)..<((index + 1) * length)
        return measure(images[places], references[places])
      }.reduce(0, +)
    }
    if metrics.contains(.psnr) { ratios += each(ImageQuality.peakSignalToNoiseRatio) }
    if metrics.contains(.ssim) {
      similarities += each { [size] in ImageQuality.structuralSimilarity($0, $1, size: size) }
    }
  }

  /// The pixels that a network's numbers stand for.
  private func pixels(_ values: [Float]) -> [Float] {
    let channels = size.channels
    return values.enumerated().map { normalization.pixel($1, $0 % channels) }
  }

  private static func inParallel(_ count: Int, _ body: @Sendable (Int) -> Double) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { memory, initialized in
      nonisolated(unsafe) let memory = memory
      DispatchQueue.concurrentPerform(iterations: count) { memory.initializeElement(at: $0, to: body($0)) }
      initialized = count
    }
  }

  /// The metrics of the images so far; NaN without any.
  var values: [EvaluationMetric: Double] {
    let scores = ClassScores(confusion)
    let count = Double(imageCount)
    return metrics.reduce(into: [:]) { values, metric in
      values[metric] =
        switch metric {
        case .topAccuracy(let top): Double(hits[top] ?? 0) / count
        case .balancedAccuracy: scores.balancedAccuracy
        case .macroPrecision: scores.macroPrecision
        case .macroRecall: scores.macroRecall
        case .macroF1: scores.macroF1
        case .averageLoss, .averageAccuracy: preconditionFailure("\(metric.name) is no metric of these outputs")
        case .psnr: ratios / count
        case .ssim: similarities / count
        }
    }
  }
}

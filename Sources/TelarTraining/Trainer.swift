import Foundation
import TelarData
import TelarNN

/// The training loop.
///
/// A step gathers its batch on the device and waits for nothing; loss and accuracy gather there too and are read once
/// an epoch. Seed and settings decide every bit of the result on one device and build.
public final class Trainer {
  public let network: Network
  public let settings: TrainingSettings
  /// The metrics of the epochs so far.
  public private(set) var history: [EpochMetrics] = []

  private let name: String
  private let step: TrainingStep
  private let images: Images
  private let metrics: RunningMetrics

  /// The sets that a run needs, on the device. Runs share them.
  public struct Images {
    public let training: DeviceImages
    /// The first training images, on which the training curve is measured.
    public let curve: DeviceImages
    public let validation: DeviceImages

    public init(training: LabelledImages, validation: LabelledImages, curveCount: Int, on device: any Device) throws {
      self.training = try DeviceImages(training, on: device)
      self.curve = try DeviceImages(training.prefix(curveCount), on: device)
      self.validation = try DeviceImages(validation, on: device)
    }
  }

  /// How far an epoch is.
  public struct Progress: Sendable {
    public var epoch: Int
    public var imagesDone: Int
    public var imageCount: Int
    public var loss: Double
    public var imagesPerSecond: Double
  }

  /// - Parameter name: what errors call the run.
  public init(_ name: String, _ network: Network, _ images: Images, _ settings: TrainingSettings) throws {
    precondition(settings.batchSize > 0 && settings.epochs > 0 && settings.evaluationBatchSize > 0)
    self.name = name
    self.network = network
    self.images = images
    self.settings = settings
    step = try TrainingStep(network, settings.optimizer)
    metrics = try RunningMetrics(on: network.device)
  }

  /// Trains for one more epoch and measures.
  ///
  /// - Parameters:
  ///   - interval: seconds between reports of progress, each of which waits for the device; `nil` for none.
  /// - Throws: ``NotFiniteError``.
  @discardableResult
  public func runEpoch(interval: Double? = nil, report: (Progress) -> Void = { _ in }) throws -> EpochMetrics {
    let epoch = history.count + 1
    let set = images.training
    try set.arrange(Permutation(count: set.count, seed: settings.seed, epoch: epoch))
    try metrics.reset()
    let start = ContinuousClock.now
    var lastReport = start
    for offset in stride(from: 0, to: set.count, by: settings.batchSize) {
      // The last batch may be smaller; it counts for as much in the loss as it has images.
      let batch = try set.batch(at: offset, count: min(settings.batchSize, set.count - offset))
      try step { mode in
        try settings.loss(
          network(batch.images, mode), images: batch.images, labels: batch.labels, metrics: metrics)
      }
      if let interval, lastReport.duration(to: .now).seconds >= interval {
        let values = try metrics.values()
        try checkFinite(values.loss, epoch)
        lastReport = .now
        report(
          Progress(
            epoch: epoch, imagesDone: values.examples, imageCount: set.count, loss: values.loss,
            imagesPerSecond: Double(values.examples) / start.duration(to: lastReport).seconds))
      }
    }
    let trained = try metrics.values()
    let seconds = start.duration(to: .now).seconds
    try checkFinite(trained.loss, epoch)
    let curve = try measure(images.curve)
    let validation = try measure(images.validation)
    try checkFinite(validation.loss, epoch)
    let isClassification = settings.loss == .classification
    let result = EpochMetrics(
      epoch: epoch, trainingLoss: trained.loss, curveLoss: curve.loss, validationLoss: validation.loss,
      trainingAccuracy: isClassification ? trained.accuracy : nil,
      curveAccuracy: isClassification ? curve.accuracy : nil,
      validationAccuracy: isClassification ? validation.accuracy : nil,
      seconds: seconds, imagesPerSecond: Double(set.count) / seconds)
    history.append(result)
    return result
  }

  private func measure(_ set: DeviceImages) throws -> RunningMetrics.Values {
    try evaluate(network, on: set, loss: settings.loss, batchSize: settings.evaluationBatchSize)
  }

  private func checkFinite(_ loss: Double, _ epoch: Int) throws {
    guard loss.isFinite else { throw NotFiniteError(run: name, epoch: epoch) }
  }
}

extension Duration {
  /// The duration in seconds, with its fraction.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

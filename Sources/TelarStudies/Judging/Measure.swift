import TelarIO
import TelarTraining

/// A metric of a run's final network.
public enum Metric: Hashable, Sendable {
  case validationAccuracy
  case trainingAccuracy
  case validationLoss
  case trainingLoss
  case testLoss
  /// The mean over the batches of an epoch, with dropout and changing weights.
  case lossWhileTraining
  /// A further metric of the validation images, or of the test images where they are a third set.
  case validation(EvaluationMetric)
  case test(EvaluationMetric)

  /// The name in tables: `val accuracy`.
  public var rawValue: String {
    switch self {
    case .validationAccuracy: "val accuracy"
    case .trainingAccuracy: "train accuracy"
    case .validationLoss: "val loss"
    case .trainingLoss: "train loss"
    case .testLoss: "test loss"
    case .lossWhileTraining: "loss while training"
    case .validation(let metric): "val \(metric.title)"
    case .test(let metric): "test \(metric.title)"
    }
  }

  /// The metric of an epoch. Those called training are measured in evaluation mode, as in the texts; those of the test set
  /// are not measured each epoch.
  public func value(of epoch: EpochMetrics) -> Double? {
    switch self {
    case .validationAccuracy: epoch.validationAccuracy
    case .trainingAccuracy: epoch.curveAccuracy
    case .validationLoss: epoch.validationLoss
    case .trainingLoss: epoch.curveLoss
    case .testLoss, .test: nil
    case .lossWhileTraining: epoch.trainingLoss
    case .validation(let metric): epoch.validationMetrics[metric]
    }
  }

  /// Whether it is a share of images or of classes, shown in percent.
  public var isAccuracy: Bool {
    switch self {
    case .validationAccuracy, .trainingAccuracy: true
    case .validation(let metric), .test(let metric): metric.isOfClassifiers && metric != .averageLoss
    case .validationLoss, .trainingLoss, .testLoss, .lossWhileTraining: false
    }
  }

  /// Whether the best value is the highest.
  public var isHigherBetter: Bool {
    switch self {
    case .validation(let metric), .test(let metric): metric.isHigherBetter
    default: isAccuracy
    }
  }

  /// The value as text for tables.
  public func text(_ value: Double) -> String {
    if isAccuracy { return decimal(value * 100, 2) + " %" }
    guard value.isFinite, let decimals = fixedDecimals else { return lossText(value) + unit }
    return decimal(value, decimals) + unit
  }

  /// The decimals of a metric that is neither a share nor a loss.
  var fixedDecimals: Int? {
    switch self {
    case .validation(.psnr), .test(.psnr): 2
    case .validation(.ssim), .test(.ssim): 4
    default: nil
    }
  }

  /// What stands behind the value of a metric that is no share: ` dB`.
  var unit: String { self == .validation(.psnr) || self == .test(.psnr) ? " dB" : "" }

  /// The same metric of training images; `nil` where it is not measured.
  var ofTraining: Metric? {
    switch self {
    case .validation, .test: nil
    default: isAccuracy ? .trainingAccuracy : .trainingLoss
    }
  }
}

/// One number of a run, which claims are about.
public struct Measure: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The metric of the final network: after the last epoch, or with early stopping after the best.
    case final
    case inEpoch(Int)
    /// The least and the largest value from an epoch on.
    case least(fromEpoch: Int)
    case largest(fromEpoch: Int)
    /// The mean over the first epochs: the lower a loss, the faster the run converged.
    case mean(epochs: Int)
    /// Numbers of the curve's shape: ``Curve``.
    case roughness
    case riseAboveLeast
    case totalFall
    case gain(afterEpoch: Int)
    case overfittingStart
    case plateauStart
    /// How far validation lies from training at the end of the curve: the median over the last three epochs.
    case gapToTraining
    /// The final metric over another.
    case ratio(to: Metric)
    /// By how much the least error rate of the given classes exceeds the largest of the others.
    case lead(ofClasses: [Int])
    /// The share of a class's errors that go to the given classes.
    case errors(ofClass: Int, to: [Int])
    /// Wall time of training.
    case secondsPerEpoch
  }

  public var metric: Metric
  public var kind: Kind

  public init(_ metric: Metric, _ kind: Kind = .final) {
    self.metric = metric
    self.kind = kind
  }

  /// Whether it is a value of the metric itself.
  package var isOfMetric: Bool {
    switch kind {
    case .final, .inEpoch, .least, .largest, .mean: true
    default: false
    }
  }

  /// Whether it describes the shape of a whole curve, which early stopping cuts.
  var isAboutShape: Bool {
    switch kind {
    case .roughness, .riseAboveLeast, .totalFall, .gain, .overfittingStart, .plateauStart, .gapToTraining: true
    default: false
    }
  }

  /// The number of a run; `nil` where it has none: too few epochs, no such metric, a curve that diverged.
  package func value(of run: RunResult) -> Double? {
    switch kind {
    case .final: return run.value(metric)
    case .ratio(let other):
      guard let value = run.value(metric), let reference = run.value(other), reference > 0 else { return nil }
      return value / reference
    case .gapToTraining:
      func last(_ metric: Metric) -> Double? {
        let values = run.history.suffix(3).compactMap(metric.value)
        return values.isEmpty ? nil : Sample(values).median
      }
      guard let validation = last(metric), let training = metric.ofTraining.flatMap(last)
      else { return nil }
      return validation - training
    case .secondsPerEpoch:
      let seconds = run.history.map(\.seconds)
      return seconds.isEmpty ? nil : Sample(seconds).median
    case .lead, .errors: return run.confusion.flatMap(value)
    default: return value(of: run.history.compactMap(metric.value))
    }
  }

  /// The number of a curve, for measures that need no more than it.
  package func value(of curve: [Double]) -> Double? {
    let shape = { Curve(metric.isHigherBetter ? curve.map { 1 - $0 } : curve) }
    switch kind {
    case .inEpoch(let epoch): return curve.indices.contains(epoch - 1) ? curve[epoch - 1] : nil
    case .least(let epoch): return epoch >= 1 ? curve.dropFirst(epoch - 1).min() : nil
    case .largest(let epoch): return epoch >= 1 ? curve.dropFirst(epoch - 1).max() : nil
    case .mean(let count): return curve.count >= count && count > 0 ? Sample(Array(curve.prefix(count))).mean : nil
    case .roughness: return shape()?.roughness
    case .riseAboveLeast: return shape()?.riseAboveLeast
    case .totalFall: return shape()?.totalFall
    case .gain(let epoch): return shape()?.gain(after: epoch)
    case .overfittingStart: return shape().map { Double($0.overfittingStart) }
    case .plateauStart: return shape().map { Double($0.plateauStart) }
    case .final: return curve.last
    case .gapToTraining, .ratio, .lead, .errors, .secondsPerEpoch: return nil
    }
  }

  private func value(of confusion: [[Int]]) -> Double? {
    func count(_ row: [Int]) -> Double { row.reduce(0) { $0 + Double($1) } }
    switch kind {
    case .lead(let classes):
      let errors = confusion.enumerated().map { index, row in
        count(row) > 0 ? 1 - Double(row[index]) / count(row) : 0
      }
      let others = errors.indices.filter { !classes.contains($0) }
      guard !others.isEmpty, !classes.isEmpty, classes.allSatisfy(errors.indices.contains) else { return nil }
      return classes.map { errors[$0] }.min()! - others.map { errors[$0] }.max()!
    case .errors(let index, let others):
      guard confusion.indices.contains(index), others.allSatisfy(confusion.indices.contains) else { return nil }
      let wrong = count(confusion[index]) - Double(confusion[index][index])
      return wrong > 0 ? others.reduce(0) { $0 + Double(confusion[index][$1]) } / wrong : nil
    default: return nil
    }
  }

  /// The value as text for tables.
  package func text(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    func decimal(_ value: Double, _ decimals: Int) -> String {
      let text = TelarStudies.decimal(value, decimals)
      return text.hasPrefix("-") && !text.contains(where: { "123456789".contains($0) })
        ? String(text.dropFirst()) : text
    }
    switch kind {
    case .final, .inEpoch, .least, .largest, .mean: return metric.text(value)
    case .gapToTraining: return metric.isAccuracy ? decimal(value * 100, 2) + " points" : lossText(value)
    case .roughness, .riseAboveLeast, .totalFall, .gain, .errors: return decimal(value * 100, 1) + " %"
    case .lead: return decimal(value * 100, 1) + " points"
    case .overfittingStart, .plateauStart: return decimal(value, 1)
    case .ratio: return decimal(value, 2)
    case .secondsPerEpoch: return decimal(value, 2) + " s"
    }
  }

  /// What the value is, behind the metric's name: `val loss, roughness`; empty for the final value.
  package var qualifier: String {
    switch kind {
    case .final: ""
    case .inEpoch(let epoch): "in epoch \(epoch)"
    case .least(let epoch): "least from epoch \(epoch)"
    case .largest(let epoch): "largest from epoch \(epoch)"
    case .mean(let count): "mean of \(count) epochs"
    case .roughness: "roughness"
    case .riseAboveLeast: "end above least"
    case .totalFall: "total fall"
    case .gain(let epoch): "fall after epoch \(epoch)"
    case .overfittingStart: "epoch of the least"
    case .plateauStart: "first epoch on the plateau"
    case .gapToTraining: "less that of training"
    case .ratio(let metric): "over \(metric.rawValue)"
    case .lead: "lead of the error rates"
    case .errors: "share of its errors"
    case .secondsPerEpoch: "seconds an epoch"
    }
  }
}

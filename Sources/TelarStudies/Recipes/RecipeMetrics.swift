import TelarData
import TelarNN
import TelarTraining

/// Reads what an experiment measures and which metric decides its best epoch.
///
/// `metrics = ["macro_f1", "top3_accuracy"]` and `monitor = "macro_f1"`, which is then measured too.
struct RecipeMetrics {
  private let isClassifier: Bool
  private let shape: DataShape

  init(_ loss: Loss, for shape: DataShape) {
    isClassifier = loss == .classification
    self.shape = shape
  }

  /// - Parameter settings: the experiment's table, for errors of its claims.
  func read(
    _ metrics: TOMLNode?, monitor: TOMLNode?, into experiment: inout Experiment, _ settings: TOMLNode
  ) throws(RecipeError) {
    let hasAverage = experiment.options.averageDecay != nil
    for node in try metrics?.array() ?? [] {
      guard let metric = EvaluationMetric(name: try node.string()) else { throw unknown(node, EvaluationMetric.names) }
      try check(metric, node, hasAverage: hasAverage)
      guard !experiment.metrics.contains(metric) else { throw node.error("\(metric.name) stands there twice") }
      experiment.metrics.append(metric)
    }
    if let monitor {
      guard let found = Monitor(name: try monitor.string()) else {
        throw unknown(monitor, ["loss", "accuracy"] + EvaluationMetric.names)
      }
      if found == .accuracy, !isClassifier { throw monitor.error("is for a classifier, and this is an autoencoder") }
      if case .metric(let metric) = found { try check(metric, monitor, hasAverage: hasAverage) }
      experiment.monitor = found
    }
    try Self.check(experiment.claims.map(\.metric), of: experiment, settings)
  }

  /// Checks that an experiment measures what is claimed of it.
  static func check(_ claimed: [Metric], of experiment: Experiment, _ node: TOMLNode) throws(RecipeError) {
    for case .validation(let metric) in claimed
    where !experiment.metrics.contains(metric) && experiment.monitor != .metric(metric)
      && !(metric.isOfAverage && experiment.options.averageDecay != nil)
    {
      throw node.error(
        "\(metric.name) is claimed of \(experiment.name) and not measured: set metrics = [\"\(metric.name)\"]")
    }
  }

  private func unknown(_ node: TOMLNode, _ names: [String]) -> RecipeError {
    let remark = (try? node.string()).map { Spelling.remark($0, among: names) { JSON.quoted($0) } } ?? ""
    return node.error(
      "must be \(names.map { "\"\($0)\"" }.joined(separator: ", ")) (or another number than 5), not \(node.shown)"
        + remark)
  }

  private func check(_ metric: EvaluationMetric, _ node: TOMLNode, hasAverage: Bool) throws(RecipeError) {
    guard !metric.isOfAverage || hasAverage else {
      throw node.error("\(metric.name) is of a moving average, which the experiment has none of: set ema = 0.999")
    }
    guard isClassifier ? metric.isOfClassifiers : metric.isOfAutoencoders else {
      throw node.error(
        metric.isOfClassifiers
          ? "\(metric.name) is for a classifier, and this is an autoencoder"
          : "\(metric.name) is for an autoencoder, and this is a classifier")
    }
    if case .topAccuracy(let count) = metric, count >= shape.classCount {
      throw node.error("\(metric.name) is always 1, as there are \(shape.classCount) classes")
    }
    let size = shape.size
    guard min(size.height, size.width) >= metric.leastImageSide else {
      throw node.error(
        "\(metric.name) takes images of \(metric.leastImageSide) pixels a side at least; these are \(size.text)")
    }
  }
}

import TelarTraining

/// The mean and the spread of the values of several seeds.
struct Spread {
  let mean: Double
  /// The sample standard deviation; `nil` for a single value.
  let deviation: Double?
  let count: Int

  /// - Returns: `nil` without values.
  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    count = values.count
  }

  /// `87.12 ± 0.21 %`, `0.01234 ± 0.00012`
  func text(_ metric: Metric) -> String {
    if metric.isAccuracy { return text(scale: 100, decimals: 2) + " %" }
    if let decimals = metric.fixedDecimals ?? lossDecimals(mean) { return text(decimals: decimals) + metric.unit }
    return Text.loss(mean) + (deviation.map { " ± " + Text.loss($0) } ?? "")
  }

  func text(scale: Double = 1, decimals: Int) -> String {
    Text.decimal(mean * scale, decimals) + (deviation.map { " ± " + Text.decimal($0 * scale, decimals) } ?? "")
  }
}

extension Metric {
  /// The metric's name in reports.
  var title: String {
    switch self {
    case .validationAccuracy: "validation accuracy"
    case .trainingAccuracy: "training accuracy"
    case .validationLoss: "validation loss"
    case .trainingLoss: "training loss"
    case .testLoss: "test loss"
    case .lossWhileTraining: "loss while training"
    case .validation(let metric): "validation \(metric.title)"
    case .test(let metric): "test \(metric.title)"
    }
  }

  private static let usual: [Metric] = [
    .trainingLoss, .validationLoss, .testLoss, .trainingAccuracy, .validationAccuracy,
  ]

  /// The metrics that tables of these results have columns for: the usual ones, and further ones that some run has.
  static func shown(of results: [ExperimentResult]) -> [Metric] { usual + others(of: results) }

  /// The further metrics that some run has.
  static func others(of results: [ExperimentResult]) -> [Metric] {
    let runs = results.flatMap(\.runs)
    let validation = Set(runs.flatMap { $0.history[$0.epoch - 1].validationMetrics.keys })
    let test = Set(runs.flatMap(\.testMetrics.keys))
    return validation.sorted().map(Metric.validation) + test.sorted().map(Metric.test)
  }

  /// A difference of two values: percentage points, or the loss with its share of the text's value.
  func difference(_ value: Double, from reference: Double) -> String {
    if isAccuracy { return Text.signed((value - reference) * 100, 2) + " points" }
    if let fixedDecimals { return Text.signed(value - reference, fixedDecimals) + unit }
    let share = reference != 0 ? " (\(Text.signed((value / reference - 1) * 100, 0)) %)" : ""
    let difference = value - reference
    guard let decimals = lossDecimals(reference) else {
      return (difference < 0 ? "" : "+") + Text.loss(difference) + share
    }
    return Text.signed(difference, decimals) + share
  }
}

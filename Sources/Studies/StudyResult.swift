import Figures
import TelarTraining

/// One training run of an experiment, with one seed.
public struct RunResult: Sendable {
  public let seed: UInt64
  public let history: [EpochMetrics]
  /// Images of the validation set of each true class (row) taken for each class (column); `nil` for autoencoders.
  public let confusion: [[Int]]?
  public let folder: String
}

/// All runs of an experiment.
public struct ExperimentResult: Sendable {
  public let experiment: Experiment
  /// Whether it was asked for, or only needed by one that was.
  public let isRequested: Bool
  public let runs: [RunResult]

  public var epochs: Int { runs.first?.history.count ?? 0 }

  /// The mean of the seeds' curves.
  public func curve(_ metric: Metric) -> [Double] {
    let curves = runs.map { $0.history.compactMap(metric.value) }
    guard let first = curves.first, curves.allSatisfy({ $0.count == first.count }) else { return [] }
    return first.indices.map { index in curves.reduce(0) { $0 + $1[index] } / Double(curves.count) }
  }

  /// The metric after the last epoch, the mean over seeds.
  public func last(_ metric: Metric) -> Double? { curve(metric).last }

  /// The share of each true class (row) taken for each class (column), over all seeds.
  public var confusionShares: [[Double]]? {
    let matrices = runs.compactMap(\.confusion)
    guard let first = matrices.first else { return nil }
    return first.indices.map { row in
      let counts = first[row].indices.map { column in matrices.reduce(0) { $0 + $1[row][column] } }
      let sum = counts.reduce(0, +)
      return counts.map { sum == 0 ? 0 : Double($0) / Double(sum) }
    }
  }
}

/// What a start of a study came to.
public struct StudyResult: Sendable {
  public let study: Study
  public let options: StudyOptions
  public let experiments: [ExperimentResult]
  public let folder: String
  /// The pictures, or the CSV files where they could not be drawn.
  public let figures: [String]
  /// The most memory that the device's buffers took at a time, with what the device had done before.
  public let peakDeviceBytes: Int

  /// The result of an experiment that was asked for.
  func result(_ name: String) -> ExperimentResult? {
    experiments.first { $0.isRequested && $0.experiment.name == name }
  }
}

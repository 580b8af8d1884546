import Foundation
import TelarData
import TelarIO
import TelarTraining

/// The result of a training run of an experiment with one seed.
public struct RunResult: Sendable {
  public let seed: UInt64
  public let history: [EpochMetrics]
  /// The epoch whose weights the network has at the end, from 1: the last, or with early stopping the best.
  public let epoch: Int
  /// Whether early stopping ended the run before its last epoch.
  public let hasStoppedEarly: Bool
  /// The final loss on the test images where they are a third set, in evaluation mode.
  public let testLoss: Double?
  /// Further final metrics on those test images.
  public let testMetrics: [EvaluationMetric: Double]
  /// The confusion matrix on the validation images: counts by true class (row) and predicted class (column); `nil` for
  /// autoencoders.
  public let confusion: [[Int]]?
  /// The mean number of kernel launches per training step.
  public let launchesPerStep: Double?
  /// The number of trained parameters.
  public let trainedParameters: Double?
  /// Wall time of training over all epochs, without evaluation.
  public let trainingSeconds: Double?
  /// The median over the epochs.
  public let imagesPerSecond: Double?
  /// The contents of `run.json`: settings, data and device.
  public let record: JSON.Members
  public let folder: RunFolder

  /// Reads the result in a folder.
  ///
  /// - Returns: `nil` unless the folder holds a run that ended with a result.
  public init?(_ folder: RunFolder, seed: UInt64) {
    guard case .finished(let run) = folder.contents else { return nil }
    self.init(run, history: folder.history, in: folder, seed: seed)
  }

  /// The result of a run that has ended.
  ///
  /// - Parameter history: the metrics of its epochs.
  /// - Returns: `nil` unless it ended with a result that agrees with its metrics.
  init?(
    _ run: RunFolder.EndedRun, history: [EpochMetrics], in folder: RunFolder, seed: UInt64
  ) {
    let (record, result) = (run.record, run.result)
    guard result["error"] == nil, case .integer(let epoch)? = result["epoch"],
      case .boolean(let hasStoppedEarly)? = result["stopped_early"]
    else { return nil }
    guard 1...max(1, history.count) ~= epoch, !history.isEmpty else { return nil }
    self.history = history
    self.seed = seed
    self.epoch = epoch
    self.hasStoppedEarly = hasStoppedEarly
    testLoss = result["test_loss"]?.double
    testMetrics = EpochMetrics.metrics(in: result, prefix: Self.testPrefix)
    confusion = result["confusion"].flatMap(Self.matrix)
    launchesPerStep = result["launches_per_step"]?.double
    trainedParameters = result["trained_parameters"]?.double
    trainingSeconds = result["training_seconds"]?.double
    imagesPerSecond = result["images_per_s"]?.double
    self.record = record
    self.folder = folder
  }

  /// What stands before the names of ``testMetrics`` in `result.json`.
  static let testPrefix = "test_"

  /// A square matrix of counts; `nil` for any other value.
  private static func matrix(_ json: JSON) -> [[Int]]? {
    guard case .array(let rows) = json, !rows.isEmpty else { return nil }
    let matrix = rows.compactMap { row -> [Int]? in
      guard case .array(let cells) = row else { return nil }
      let counts = cells.compactMap { cell -> Int? in
        guard case .integer(let count) = cell, 0...Int(Int32.max) ~= count else { return nil }
        return count
      }
      return counts.count == rows.count ? counts : nil
    }
    return matrix.count == rows.count ? matrix : nil
  }

  /// A metric of the run's final network.
  public func value(_ metric: Metric) -> Double? {
    switch metric {
    case .testLoss: testLoss
    case .test(let metric): testMetrics[metric]
    default: metric.value(of: history[epoch - 1])
    }
  }

  /// The path of the final network's checkpoint.
  public var checkpoint: String { folder.file(epoch == history.count ? RunFolder.lastName : RunFolder.bestName) }
}

extension RunResult {
  /// The class names of the training data, by label; `nil` where they are unknown.
  package var classNames: [String]? {
    guard case .object(let data)? = record["data"] else { return nil }
    if data["is_fashion_mnist"] == .boolean(true) { return FashionMNIST.classNames }
    guard case .array(let names)? = data["class_names"] else { return nil }
    let texts = names.compactMap { if case .string(let name) = $0 { name } else { nil } }
    return texts.count == names.count && ImageDataset.areClassNames(texts) ? texts : nil
  }

  /// An integer in the record's settings or data.
  func recorded(_ group: String, _ key: String) -> Int? {
    guard case .object(let members)? = record[group], case .integer(let number)? = members[key] else { return nil }
    return number
  }
}

/// The results of an experiment's runs.
public struct ExperimentResult: Sendable {
  public let experiment: Experiment
  /// Whether it was requested, or only needed by one that was.
  public let isRequested: Bool
  public let runs: [RunResult]

  public init(experiment: Experiment, isRequested: Bool, runs: [RunResult]) {
    self.experiment = experiment
    self.isRequested = isRequested
    self.runs = runs
  }

  /// The largest number of epochs of a run.
  public var epochs: Int { runs.map(\.history.count).max() ?? 0 }

  /// The curve of each run, by epoch.
  public func curves(_ metric: Metric) -> [[Double]] { runs.map { $0.history.compactMap(metric.value) } }

  /// The mean of the runs' curves, over the epochs that all of them have.
  public func curve(_ metric: Metric) -> [Double] { Self.mean(curves(metric)) }

  package static func mean(_ curves: [[Double]]) -> [Double] {
    let count = curves.map(\.count).min() ?? 0
    return (0..<count).map { index in curves.reduce(0) { $0 + $1[index] } / Double(curves.count) }
  }

  /// The final metric of each run; empty where a run has none.
  public func values(_ metric: Metric) -> [Double] {
    let values = runs.compactMap { $0.value(metric) }
    return values.count == runs.count ? values : []
  }

  /// The mean of the final metric over the runs.
  public func final(_ metric: Metric) -> Double? {
    let values = values(metric)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The titles of a confusion matrix: the class names that all runs share, or numbers.
  package func classNames(count: Int) -> [String] {
    let names = Set(runs.map(\.classNames))
    let common = names.count == 1 ? names.first! : nil
    return (0..<count).map { className($0, in: common?.count == count ? common : nil) }
  }

  /// The confusion matrix over all seeds, as shares of each true class.
  public var confusionShares: [[Double]]? {
    confusionCounts?.map { counts in
      let sum = counts.reduce(0, +)
      return counts.map { sum == 0 ? 0 : Double($0) / Double(sum) }
    }
  }

  /// The confusion matrix over all seeds: counts by true class (row) and predicted class (column).
  public var confusionCounts: [[Int]]? {
    let matrices = runs.compactMap(\.confusion)
    guard let first = matrices.first, matrices.allSatisfy({ $0.count == first.count }) else { return nil }
    return first.indices.map { row in
      first.indices.map { column in matrices.reduce(0) { $0 + $1[row][column] } }
    }
  }
}

/// A run without a result.
public struct RunFailure: Sendable {
  public let run: String
  public let error: any Error

  public var reason: String { "\(error)" }
}

/// The results of a study.
public struct StudyResult: Sendable {
  public let study: Study
  public let options: StudyOptions
  /// The experiments with at least one run.
  public let experiments: [ExperimentResult]
  /// Runs that cannot be averaged with the others of their experiments.
  public let others: [OtherRun]
  /// Runs without a result.
  public let failures: [RunFailure]
  public let folder: RunFolder
  /// The paths of pictures, or of CSV files where pictures could not be drawn.
  public let figures: [String]
  /// The peak of the device's memory in use since it was opened; `nil` for results that were only read.
  public let peakDeviceBytes: Int?

  /// The result of a requested experiment.
  public func result(_ name: String) -> ExperimentResult? {
    experiments.first { $0.isRequested && $0.experiment.name == name }
  }

  /// Reads all results in a study's folder, of any process.
  ///
  /// - Parameters:
  ///   - study: the study that was run there.
  ///   - known: results of runs in the folder, which are not read again.
  public init(reading folder: RunFolder, of study: Study, except known: [RunResult] = []) {
    self.study = study
    self.folder = folder
    let known = Dictionary(known.map { ($0.folder.path, $0) }) { first, _ in first }
    (experiments, others) = Self.belongingTogether(
      study.experiments.map { experiment in
        let runs = Self.seeds(in: folder.folder(experiment.name)).compactMap { seed in
          let run = folder.folder(experiment.name).folder("seed-\(seed)")
          return known[run.path] ?? RunResult(run, seed: seed)
        }
        return (experiment, true, runs)
      }, of: study)
    var options = StudyOptions()
    options.seedCount = experiments.map(\.runs.count).max() ?? 1
    self.options = options
    failures = []
    figures = []
    peakDeviceBytes = nil
  }

  /// Divides the runs of each experiment into those that may be averaged and the others.
  package static func belongingTogether(
    _ results: [(experiment: Experiment, isRequested: Bool, runs: [RunResult])], of study: Study
  ) -> (experiments: [ExperimentResult], others: [OtherRun]) {
    var experiments: [ExperimentResult] = []
    var others: [OtherRun] = []
    for (experiment, isRequested, runs) in results {
      let group = RunGroup(runs, of: experiment, canChange: study.recipe != nil)
      others += group.others
      if group.runs.isEmpty { continue }
      experiments.append(ExperimentResult(experiment: experiment, isRequested: isRequested, runs: group.runs))
    }
    return (withTwins(experiments, of: study), others)
  }

  /// Adds the experiments that were not trained as they have the settings of others, in the study's order.
  private static func withTwins(_ results: [ExperimentResult], of study: Study) -> [ExperimentResult] {
    let present = Set(results.map(\.experiment.name))
    let added = study.experiments.filter { !present.contains($0.name) }.compactMap { experiment in
      study.twin(of: experiment).flatMap { twin in
        results.first { $0.isRequested && $0.experiment.name == twin.name }
      }.map { ExperimentResult(experiment: experiment, isRequested: true, runs: $0.runs) }
    }
    guard !added.isEmpty else { return results }
    let places = Dictionary(uniqueKeysWithValues: study.experiments.enumerated().map { ($1.name, $0) })
    func place(_ result: ExperimentResult) -> Int { places[result.experiment.name] ?? places.count }
    return (results + added).enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
      .map(\.element)
  }

  /// The seeds with a folder.
  private static func seeds(in folder: RunFolder) -> [UInt64] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .compactMap { name in UInt64(name.dropFirst(5)).flatMap { name == "seed-\($0)" ? $0 : nil } }.sorted()
  }

  package init(
    study: Study, options: StudyOptions, experiments: [ExperimentResult], others: [OtherRun], failures: [RunFailure],
    folder: RunFolder, figures: [String], peakDeviceBytes: Int?
  ) {
    self.study = study
    self.options = options
    self.experiments = experiments
    self.others = others
    self.failures = failures
    self.folder = folder
    self.figures = figures
    self.peakDeviceBytes = peakDeviceBytes
  }
}

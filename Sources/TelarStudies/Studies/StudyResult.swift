import Foundation
import TelarData
import TelarIO
import TelarTraining

/// One training run of an experiment, with one seed, as its folder has it.
public struct RunResult: Sendable {
  public let seed: UInt64
  public let history: [EpochMetrics]
  /// The epoch whose weights the network ended with, from 1: the last, or the best with early stopping.
  public let epoch: Int
  /// Whether it ended before all epochs were done.
  public let hasStoppedEarly: Bool
  /// On the test images where they are a third set, in evaluation mode, at the end.
  public let testLoss: Double?
  /// Images of the validation set of each true class (row) taken for each class (column); `nil` for autoencoders.
  public let confusion: [[Int]]?
  /// Kernel launches of a training step.
  public let launchesPerStep: Double?
  /// How many numbers were trained.
  public let trainedParameters: Double?
  /// Wall time of all epochs' training, without measuring.
  public let trainingSeconds: Double?
  /// Of the epoch in the middle when they are ordered by it.
  public let imagesPerSecond: Double?
  /// What the run is and what it ran on: `run.json`.
  public let record: JSON.Members
  public let folder: RunFolder

  /// The result that a folder holds.
  ///
  /// - Returns: `nil` unless it holds a run that came to its end.
  public init?(_ folder: RunFolder, seed: UInt64) {
    guard case .finished(let record, let result) = folder.contents, result["error"] == nil,
      case .integer(let epoch)? = result["epoch"], case .boolean(let hasStoppedEarly)? = result["stopped_early"]
    else { return nil }
    history = folder.history
    guard 1...max(1, history.count) ~= epoch, !history.isEmpty else { return nil }
    self.seed = seed
    self.epoch = epoch
    self.hasStoppedEarly = hasStoppedEarly
    testLoss = result["test_loss"]?.double
    confusion = result["confusion"].flatMap(Self.matrix)
    launchesPerStep = result["launches_per_step"]?.double
    trainedParameters = result["trained_parameters"]?.double
    trainingSeconds = result["training_seconds"]?.double
    imagesPerSecond = result["images_per_s"]?.double
    self.record = record
    self.folder = folder
  }

  /// A square matrix of counts; `nil` for anything else.
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

  /// A metric of the network that the run ended with.
  public func value(_ metric: Metric) -> Double? {
    metric == .testLoss ? testLoss : metric.value(of: history[epoch - 1])
  }

  /// The checkpoint of the network that the run ended with.
  public var checkpoint: String { folder.file(epoch == history.count ? RunFolder.lastName : RunFolder.bestName) }
}

extension RunResult {
  /// Names of the classes of the images that it was trained on, by label; `nil` where they are not known.
  package var classNames: [String]? {
    guard case .object(let data)? = record["data"], data["is_fashion_mnist"] == .boolean(true) else { return nil }
    return FashionMNIST.classNames
  }

  /// A whole number among the record's settings or what it says of the data.
  func recorded(_ group: String, _ key: String) -> Int? {
    guard case .object(let members)? = record[group], case .integer(let number)? = members[key] else { return nil }
    return number
  }
}

/// All runs of an experiment.
public struct ExperimentResult: Sendable {
  public let experiment: Experiment
  /// Whether it was asked for, or only needed by one that was.
  public let isRequested: Bool
  public let runs: [RunResult]

  public init(experiment: Experiment, isRequested: Bool, runs: [RunResult]) {
    self.experiment = experiment
    self.isRequested = isRequested
    self.runs = runs
  }

  /// The most epochs that a run had.
  public var epochs: Int { runs.map(\.history.count).max() ?? 0 }

  /// The runs' curves.
  public func curves(_ metric: Metric) -> [[Double]] { runs.map { $0.history.compactMap(metric.value) } }

  /// The mean of the runs' curves, over the epochs that all of them have.
  public func curve(_ metric: Metric) -> [Double] { Self.mean(curves(metric)) }

  package static func mean(_ curves: [[Double]]) -> [Double] {
    let count = curves.map(\.count).min() ?? 0
    return (0..<count).map { index in curves.reduce(0) { $0 + $1[index] } / Double(curves.count) }
  }

  /// The metric of the networks that the runs ended with, a value a run; empty where there is none.
  public func values(_ metric: Metric) -> [Double] {
    let values = runs.compactMap { $0.value(metric) }
    return values.count == runs.count ? values : []
  }

  /// The mean over the runs of the metric at the end.
  public func final(_ metric: Metric) -> Double? {
    let values = values(metric)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// What to call the classes of a confusion matrix: by the names that all runs' data gives them, or by numbers.
  package func classNames(count: Int) -> [String] {
    let names = Set(runs.map(\.classNames))
    let common = names.count == 1 ? names.first! : nil
    return (0..<count).map { className($0, in: common?.count == count ? common : nil) }
  }

  /// The share of each true class (row) taken for each class (column), over all seeds.
  public var confusionShares: [[Double]]? {
    confusionCounts?.map { counts in
      let sum = counts.reduce(0, +)
      return counts.map { sum == 0 ? 0 : Double($0) / Double(sum) }
    }
  }

  /// How many images of each true class (row) were taken for each class (column), over all seeds.
  public var confusionCounts: [[Int]]? {
    let matrices = runs.compactMap(\.confusion)
    guard let first = matrices.first, matrices.allSatisfy({ $0.count == first.count }) else { return nil }
    return first.indices.map { row in
      first.indices.map { column in matrices.reduce(0) { $0 + $1[row][column] } }
    }
  }
}

/// A run that came to no result.
public struct RunFailure: Sendable {
  public let run: String
  public let error: any Error

  public var reason: String { "\(error)" }
}

/// What a study came to.
public struct StudyResult: Sendable {
  public let study: Study
  public let options: StudyOptions
  /// Those that have at least one run.
  public let experiments: [ExperimentResult]
  /// Runs that ended, but do not belong with the others of their experiments.
  public let others: [OtherRun]
  /// Runs that came to no result.
  public let failures: [RunFailure]
  public let folder: RunFolder
  /// The pictures, or the CSV files where they could not be drawn.
  public let figures: [String]
  /// The most memory that the device's buffers took at a time, with what the device had done before; `nil` for results
  /// that were only read.
  public let peakDeviceBytes: Int?

  /// The result of an experiment that was asked for.
  public func result(_ name: String) -> ExperimentResult? {
    experiments.first { $0.isRequested && $0.experiment.name == name }
  }

  /// Everything that a study's folder holds, whoever ran it when.
  ///
  /// - Parameter study: the study that was run there.
  public init(reading folder: RunFolder, of study: Study) {
    self.study = study
    self.folder = folder
    (experiments, others) = Self.belongingTogether(
      study.experiments.map { experiment in
        let runs = Self.seeds(in: folder.folder(experiment.name)).compactMap { seed in
          RunResult(folder.folder(experiment.name).folder("seed-\(seed)"), seed: seed)
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

  /// The results by experiment, each with the runs that belong together, and the other runs.
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
    return (experiments, others)
  }

  /// The seeds that an experiment's folder has runs of.
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

import Figures
import Safetensors
import TelarData
import TelarTraining

/// The figures of a study, drawn from what its folder holds.
final class StudyFigures {
  private let study: Study
  private let note: (String) -> Void
  private var hasNotedMissingFigures = false
  /// The pictures, or the CSV files where they could not be drawn.
  private(set) var paths: [String] = []

  /// - Parameter note: told, once, why there are no pictures.
  init(of study: Study, note: @escaping (String) -> Void) {
    self.study = study
    self.note = note
  }

  /// Draws those of each run that are not there yet, and those of the study.
  func draw(_ results: [ExperimentResult], in folder: RunFolder) throws {
    for result in results {
      for run in result.runs where !run.folder.has("loss.csv") { try draw(run, of: result.experiment) }
    }
    for chart in study.charts {
      let shown = chart.experiments.compactMap { name in results.first { $0.experiment.name == name } }
      // A single curve of several says nothing that the experiment's own figure does not.
      guard shown.count > 1 else { continue }
      let title = "\(study.name), \(chart.title)"
      switch chart.kind {
      case .curves: try drawCurves(of: shown, title, to: folder.path + "/", suffix: "-\(chart.name)")
      case .lossBy(let label, let values):
        let numbers = Dictionary(zip(chart.experiments, values)) { first, _ in first }
        try draw(
          lossChart(shown.map { ($0, numbers[$0.experiment.name] ?? 0) }, title, by: label),
          to: folder.file("loss-\(chart.name)"))
      case .reconstructions:
        if let grid = try reconstructions(of: shown, title) {
          try draw(grid, to: folder.file("reconstructions-\(chart.name)"))
        }
      }
    }
  }

  private func draw(_ run: RunResult, of experiment: Experiment) throws {
    let title = "\(study.name)/\(experiment.name)"
    if let counts = run.confusion {
      let images = grouped(counts.joined().reduce(0, +))
      try draw(
        ConfusionChart(
          title: "\(title): \(images) validation images after \(run.epoch) epochs",
          classNames: FashionMNIST.classNames, counts: counts), to: run.folder.file("confusion"))
    }
    if let grid = try reconstructions(of: run, title) { try draw(grid, to: run.folder.file("reconstructions")) }
    let single = ExperimentResult(experiment: experiment, isRequested: true, runs: [run])
    try drawCurves(of: [single], title, to: run.folder.path + "/", suffix: "")
  }

  /// The sample images over what the network made of them, through the epochs; `nil` for a classifier.
  private func reconstructions(of run: RunResult, _ title: String) throws -> ImageGrid? {
    guard let samples = try SampleFile(run.folder) else { return nil }
    let kept = samples.epochs
    let shown = kept.count > 6 ? kept.prefix(2) + kept.suffix(4) : kept[...]
    return ImageGrid(
      title: "\(title): validation images and their reconstructions", height: samples.height, width: samples.width,
      columnNames: Array(FashionMNIST.classNames.prefix(samples.count)),
      rows: [.init(name: "original", images: try samples.originals)]
        + (try shown.map { .init(name: $0 == 0 ? "untrained" : "epoch \($0)", images: try samples.images(epoch: $0)) }))
  }

  /// The sample images over what each experiment's network made of them in the end, the first seed's.
  private func reconstructions(of results: [ExperimentResult], _ title: String) throws -> ImageGrid? {
    let files = try results.compactMap { result in
      try SampleFile(result.runs[0].folder).map { (name: result.experiment.name, samples: $0) }
    }
    guard let rows = try SampleFile.sideBySide(files) else { return nil }
    let first = files[0].samples
    return ImageGrid(
      title: "\(title): validation images and their reconstructions", height: first.height, width: first.width,
      columnNames: Array(FashionMNIST.classNames.prefix(first.count)),
      rows: rows.map { .init(name: $0, images: $1) })
  }

  /// Loss, and accuracy where there is one: training broken, validation whole.
  private func drawCurves(of results: [ExperimentResult], _ title: String, to prefix: String, suffix: String) throws {
    let isClassification = results.allSatisfy(\.experiment.isClassifier)
    try draw(
      LineChart(
        title: "\(title): loss", xLabel: "epoch",
        yLabel: isClassification ? "cross entropy" : "mean squared error",
        hasLogarithmicY: study.hasLogarithmicLoss && !isClassification,
        series: series(of: results, .trainingLoss, .validationLoss, { $0.trainingLoss })), to: prefix + "loss" + suffix)
    if isClassification {
      try draw(
        LineChart(
          title: "\(title): accuracy", xLabel: "epoch", yLabel: "share of images classified correctly",
          series: series(
            of: results, .trainingAccuracy,
            .validationAccuracy, { $0.trainingAccuracy })),
        to: prefix + "accuracy" + suffix)
    }
  }

  private func series(
    of results: [ExperimentResult], _ training: Metric, _ validation: Metric,
    _ measuredWhileTraining: (EpochMetrics) -> Double?
  ) -> [LineChart.Series] {
    results.enumerated().flatMap { index, result in
      func series(_ name: String, _ values: [Double], colour: Int, isDashed: Bool) -> LineChart.Series {
        LineChart.Series(
          name: results.count > 1 ? "\(result.experiment.name), \(name)" : name,
          points: values.enumerated().map { (x: Double($0 + 1), y: $1) }, colour: colour, isDashed: isDashed)
      }
      var curves = [
        series("training", result.curve(training), colour: index, isDashed: true),
        series("validation", result.curve(validation), colour: index, isDashed: false),
      ]
      if study.showsMeasuredWhileTraining {
        let whileTraining = ExperimentResult.mean(
          result.runs.map { $0.history.compactMap(measuredWhileTraining) })
        curves.append(
          series("measured while training", whileTraining, colour: index + results.count, isDashed: true))
      }
      return curves
    }
  }

  /// The loss at the end on each set of images.
  private func lossChart(_ results: [(ExperimentResult, Double)], _ title: String, by label: String) -> LineChart {
    let metrics: [Metric] = [.trainingLoss, .validationLoss, .testLoss]
    return LineChart(
      title: title, xLabel: label, yLabel: "mean squared error", hasLogarithmicY: true,
      series: metrics.enumerated().map { index, metric in
        LineChart.Series(
          name: metric.rawValue,
          points: results.compactMap { result, x in result.final(metric).map { (x: x, y: $0) } }, colour: index,
          isDashed: metric == .trainingLoss)
      })
  }

  private func draw(_ figure: some Figure, to stem: String) throws {
    let outcome = try figure.write(to: stem)
    paths.append(outcome.path)
    if case .csvOnly(_, let reason) = outcome, !hasNotedMissingFigures {
      note(reason)
      hasNotedMissingFigures = true
    }
  }
}

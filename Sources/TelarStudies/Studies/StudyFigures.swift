import TelarIO
import TelarTraining

/// Draws the figures of a study from the files in its folder.
///
/// A figure is drawn when one of its files is missing or older than its data, so figures of an interrupted start, or
/// from before gnuplot was installed, are completed.
package final class StudyFigures {
  private let study: Study
  private let gnuplot: GnuPlot?
  private let pause: () -> Bool
  private let note: (String) -> Void
  private var hasNotedMissingFigures = false
  /// The paths of pictures, or of CSV files where pictures could not be drawn.
  package private(set) var paths: [String] = []

  /// - Parameters:
  ///   - pause: called before each figure; if it returns true, ``TrainingPaused`` is thrown.
  ///   - note: called once when there are no pictures, with the reason, and for data that cannot be shown.
  package init(
    of study: Study, gnuplot: GnuPlot? = .installed, pause: @escaping () -> Bool = { false },
    note: @escaping (String) -> Void
  ) {
    self.study = study
    self.gnuplot = gnuplot
    self.pause = pause
    self.note = note
  }

  /// Draws the figures of each run and of the study.
  package func draw(_ results: [ExperimentResult], in folder: RunFolder) throws {
    for result in results {
      for run in result.runs { try draw(run, of: result.experiment) }
    }
    for chart in study.charts {
      let shown = chart.experiments.compactMap { name in results.first { $0.experiment.name == name } }
      // A chart of one experiment equals that experiment's own figure.
      guard shown.count > 1 else { continue }
      let title = "\(study.name), \(chart.title)"
      let runs = shown.flatMap(\.runs)
      switch chart.kind {
      case .curves: try drawCurves(of: shown, title, in: folder, suffix: "-\(chart.name)")
      case .lossBy(let label, let values):
        let numbers = Dictionary(zip(chart.experiments, values)) { first, _ in first }
        try draw("loss-\(chart.name)", in: folder, showing: curveData(of: runs), isOfSeveral: true) {
          lossChart(shown.map { ($0, numbers[$0.experiment.name] ?? 0) }, title, by: label)
        }
      case .reconstructions:
        let data = runs.map { $0.folder.file(RunFolder.samplesName) }
        try draw("reconstructions-\(chart.name)", in: folder, showing: data, isOfSeveral: true) {
          try reconstructions(of: shown, title)
        }
      }
    }
  }

  private func draw(_ run: RunResult, of experiment: Experiment) throws {
    let title = "\(study.name)/\(experiment.name)"
    let single = ExperimentResult(experiment: experiment, isRequested: true, runs: [run])
    if let counts = run.confusion, counts.count <= Self.mostClasses {
      try draw("confusion", in: run.folder, showing: [run.folder.file(RunFolder.resultName)]) {
        ConfusionChart(
          title:
            "\(title): \(grouped(counts.joined().reduce(0, +))) validation images after \(run.epoch) epochs",
          classNames: single.classNames(count: counts.count), counts: counts)
      }
    }
    try draw("reconstructions", in: run.folder, showing: [run.folder.file(RunFolder.samplesName)]) {
      try reconstructions(of: run, title)
    }
    try drawCurves(of: [single], title, in: run.folder, suffix: "")
  }

  /// The most classes of a confusion matrix that is drawn.
  private static let mostClasses = 100

  /// The sample images above their reconstructions through the epochs; `nil` for a classifier.
  private func reconstructions(of run: RunResult, _ title: String) throws -> ImageGrid? {
    guard let samples = try SampleFile(run.folder) else { return nil }
    let kept = samples.epochs
    let shown = kept.count > 6 ? kept.prefix(2) + kept.suffix(4) : kept[...]
    return ImageGrid(
      title: "\(title): validation images and their reconstructions", height: samples.height, width: samples.width,
      channels: samples.channels,
      columnNames: samples.columnNames(run.classNames),
      rows: [.init(name: "original", images: try samples.originals)]
        + (try shown.map { .init(name: $0 == 0 ? "untrained" : "epoch \($0)", images: try samples.images(epoch: $0)) }))
  }

  /// The sample images above their final reconstructions by each experiment's first seed.
  private func reconstructions(of results: [ExperimentResult], _ title: String) throws -> ImageGrid? {
    let files = try results.compactMap { result in
      try SampleFile(result.runs[0].folder).map { (name: result.experiment.name, run: result.runs[0], samples: $0) }
    }
    guard let rows = try SampleFile.sideBySide(files.map { ($0.name, $0.samples) }) else { return nil }
    let first = files[0].samples
    return ImageGrid(
      title: "\(title): validation images and their reconstructions", height: first.height, width: first.width,
      channels: first.channels,
      columnNames: first.columnNames(files[0].run.classNames),
      rows: rows.map { .init(name: $0, images: $1) })
  }

  /// Loss, and accuracy of classifiers: dashed for training images, solid for validation images.
  private func drawCurves(of results: [ExperimentResult], _ title: String, in folder: RunFolder, suffix: String) throws
  {
    let isClassification = results.allSatisfy(\.experiment.isClassifier)
    let data = curveData(of: results.flatMap(\.runs))
    try draw("loss" + suffix, in: folder, showing: data, isOfSeveral: results.count > 1) {
      LineChart(
        title: "\(title): loss", xLabel: "epoch",
        yLabel: isClassification ? "cross entropy" : "mean squared error",
        hasLogarithmicY: study.hasLogarithmicLoss && !isClassification,
        series: series(of: results, .trainingLoss, .validationLoss, { $0.trainingLoss }))
    }
    guard isClassification else { return }
    try draw("accuracy" + suffix, in: folder, showing: data, isOfSeveral: results.count > 1) {
      LineChart(
        title: "\(title): accuracy", xLabel: "epoch", yLabel: "share of images classified correctly",
        series: series(of: results, .trainingAccuracy, .validationAccuracy, { $0.trainingAccuracy }))
    }
  }

  /// The files that the curves of runs are drawn from.
  private func curveData(of runs: [RunResult]) -> [String] {
    runs.flatMap { [$0.folder.file(RunFolder.metricsName), $0.folder.file(RunFolder.resultName)] }
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

  /// The final loss on each set of images.
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

  /// Draws a figure unless its files are up to date.
  ///
  /// - Parameters:
  ///   - data: the files that it shows.
  ///   - isOfSeveral: whether it shows several experiments. As their list may have changed, its numbers are compared
  ///     too.
  private func draw(
    _ stem: String, in folder: RunFolder, showing data: [String], isOfSeveral: Bool = false,
    _ make: () throws -> (any Figure)?
  ) throws {
    if pause() { throw TrainingPaused() }
    let files = FigureFiles(folder.path + "/" + stem, hasPicture: gnuplot != nil)
    let isCurrent = files.areCurrent(with: data)
    if isCurrent, !isOfSeveral { return paths.append(files.path) }
    let figure: (any Figure)?
    do { figure = try make() } catch let error as SafetensorsError {
      return note("Not shown: \(error)")
    }
    guard let figure else { return }
    if isCurrent, files.hold(figure) { return paths.append(files.path) }
    let outcome = try figure.write(as: stem, in: folder.made(), gnuplot: gnuplot)
    paths.append(outcome.path)
    if case .csvOnly(_, let reason) = outcome, !hasNotedMissingFigures {
      note(reason)
      hasNotedMissingFigures = true
    }
  }
}

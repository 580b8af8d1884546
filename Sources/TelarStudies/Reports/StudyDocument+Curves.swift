import TelarTraining

extension StudyDocument {
  /// The curves that compare experiments.
  var curveSection: Document.Section? {
    guard isWholeStudy else { return nil }
    let charts = groups.flatMap { chart -> [Document.Chart] in
      let results = chart.experiments.compactMap { name in folder.experiments.first { $0.experiment.name == name } }
      switch chart.kind {
      case .curves:
        // A chart of one experiment equals that experiment's own chart.
        let kinds = [results.filter(\.experiment.isClassifier), results.filter { !$0.experiment.isClassifier }]
        return kinds.filter { $0.count > 1 }.flatMap { curves(of: $0, chart.title, stem: "-\(Text.slug(chart.name))") }
      case .lossBy(let label, let values):
        let numbers = Dictionary(zip(chart.experiments, values)) { first, _ in first }
        let placed = results.compactMap { result in numbers[result.experiment.name].map { (result, $0) } }
        return placed.count > 1
          ? [lossChart(placed, chart.title, by: label, stem: "loss-\(Text.slug(chart.name))")] : []
      case .reconstructions: return []
      }
    }
    guard !charts.isEmpty else { return nil }
    return Document.Section(
      id: "curves", title: "Curves", blocks: [.paragraph(howToReadCurves(isSingle: false)), .charts(charts)])
  }

  /// An explanation of lines and bands.
  func howToReadCurves(isSingle: Bool) -> String {
    var sentences = [
      "In the curves, solid lines are measured on validation images and dashed ones on training images, both in "
        + "evaluation mode after each epoch"
        + (study.showsMeasuredWhileTraining
          ? "; dotted ones are what was measured while training, with dropout and changing weights." : ".")
    ]
    if folder.experiments.contains(where: { $0.runs.count > 1 }) {
      sentences.append(
        "Where there are several seeds, lines are their means, over the epochs that all of them have, and bands reach "
          + "from the least to the largest" + (isSingle ? "; thin lines are single seeds on validation images." : "."))
    }
    if study.hasLogarithmicLoss, folder.experiments.contains(where: { !$0.experiment.isClassifier }) {
      sentences.append("Reconstruction losses have a logarithmic axis.")
    }
    return sentences.joined(separator: " ")
  }

  /// The study's own groups; for an unknown study, all experiments, a few at a time.
  private var groups: [Study.Chart] {
    if folder.isKnown { return study.charts }
    let limit = 6
    let kinds = [
      folder.experiments.filter { !$0.experiment.isClassifier }, folder.experiments.filter(\.experiment.isClassifier),
    ]
    return kinds.enumerated().flatMap { index, results in
      let names = results.map(\.experiment.name)
      let word = index == 0 ? "autoencoders" : "classifiers"
      return stride(from: 0, to: names.count, by: limit).map { start in
        let part = names.count > limit ? " \(start / limit + 1)" : ""
        return Study.Chart(
          "\(word)\(part.isEmpty ? "" : "-\(start / limit + 1)")", word + part,
          Array(names[start..<min(names.count, start + limit)]))
      }
    }
  }

  /// Loss, and accuracy of classifiers, by epoch.
  func curves(of results: [ExperimentResult], _ title: String, stem: String) -> [Document.Chart] {
    let isClassification = results.allSatisfy(\.experiment.isClassifier)
    let loss = chart(
      of: results, "\(title): loss", .trainingLoss, .validationLoss, { $0.trainingLoss },
      yLabel: isClassification ? "cross entropy" : "mean squared error", stem: "loss" + stem)
    guard isClassification else { return [loss] }
    return [
      loss,
      chart(
        of: results, "\(title): accuracy", .trainingAccuracy, .validationAccuracy, { $0.trainingAccuracy },
        yLabel: "share classified correctly", stem: "accuracy" + stem),
    ]
  }

  private func chart(
    of results: [ExperimentResult], _ title: String, _ training: Metric, _ validation: Metric,
    _ whileTraining: (EpochMetrics) -> Double?, yLabel: String, stem: String
  ) -> Document.Chart {
    let isSingle = results.count == 1
    let series = results.enumerated().flatMap { index, result -> [LineChart.Series] in
      func series(
        _ name: String, _ curves: [[Double]], colour: Int, _ stroke: LineChart.Stroke, hasBand: Bool
      ) -> LineChart.Series {
        LineChart.Series(
          name: isSingle ? name : "\(result.experiment.name), \(name)",
          points: ExperimentResult.mean(curves).enumerated().map { (Double($0 + 1), $1) }, colour: colour,
          stroke: stroke, band: hasBand && curves.count > 1 ? Self.band(curves) : [])
      }
      var all: [LineChart.Series] = []
      let curves = result.curves(validation)
      if isSingle, curves.count > 1 {
        all += zip(result.runs, curves).map { run, curve in
          LineChart.Series(
            name: "validation, seed \(run.seed)", points: curve.enumerated().map { (Double($0 + 1), $1) }, colour: 0,
            stroke: .thin)
        }
      }
      all.append(
        series("training", result.curves(training), colour: isSingle ? 1 : index, .dashed, hasBand: isSingle))
      if study.showsMeasuredWhileTraining {
        all.append(
          series(
            "measured while training", result.runs.map { $0.history.compactMap(whileTraining) },
            colour: isSingle ? 2 : index, .dotted, hasBand: false))
      }
      all.append(series("validation", curves, colour: isSingle ? 0 : index, .solid, hasBand: true))
      return all
    }
    let values = results.compactMap { result in
      Spread(result.values(validation)).map { "\(isSingle ? "" : result.experiment.name + " ")\($0.text(validation))" }
    }
    let trained =
      isSingle ? Spread(results[0].values(training)).map { ", on training images \($0.text(training))" } : nil
    var chart = LineChart(
      title: "\(study.name), \(title)", xLabel: "epoch", yLabel: yLabel,
      hasLogarithmicY: study.hasLogarithmicLoss && training == .trainingLoss
        && results.allSatisfy { !$0.experiment.isClassifier }, series: series)
    let landmarks = isSingle ? CurveLandmarks(results[0], validation) : nil
    chart.marks = landmarks?.marks ?? []
    return Document.Chart(
      chart: chart, title: title,
      caption: "\(training.isAccuracy ? "Accuracy" : "Loss") by epoch. In the end, on validation images: "
        + "\(values.joined(separator: ", "))\(trained ?? "").\(landmarks?.sentence ?? "")",
      key: isSingle ? Self.key(series) : key(results), stem: stem)
  }

  /// A legend with one entry per line.
  private static func key(_ series: [LineChart.Series]) -> [(style: String, name: String)] {
    series.filter { $0.stroke != .thin }.map { (SVGChart.style($0.stroke, $0.colour), $0.name) }
  }

  /// A legend of colours, then of strokes.
  private func key(_ results: [ExperimentResult]) -> [(style: String, name: String)] {
    results.enumerated().map { (SVGChart.style(.solid, $0), $1.experiment.name) }
      + [(SVGChart.style(.solid, nil), "validation"), (SVGChart.style(.dashed, nil), "training")]
      + (study.showsMeasuredWhileTraining ? [(SVGChart.style(.dotted, nil), "measured while training")] : [])
  }

  /// The least and the largest value of each epoch that all curves have.
  private static func band(_ curves: [[Double]]) -> [(x: Double, low: Double, high: Double)] {
    (0..<(curves.map(\.count).min() ?? 0)).map { epoch in
      let values = curves.map { $0[epoch] }
      return (Double(epoch + 1), values.min()!, values.max()!)
    }
  }

  /// The final loss on each set of images, over a number per experiment.
  private func lossChart(
    _ results: [(result: ExperimentResult, x: Double)], _ title: String, by label: String, stem: String
  ) -> Document.Chart {
    let metrics: [(Metric, LineChart.Stroke)] = [
      (.trainingLoss, .dashed), (.validationLoss, .solid), (.testLoss, .dotted),
    ]
    let series = metrics.enumerated().compactMap { index, metric -> LineChart.Series? in
      let points = results.compactMap { result, x in Spread(result.values(metric.0)).map { (x, $0.mean) } }
      let band = results.compactMap { result, x -> (x: Double, low: Double, high: Double)? in
        let values = result.values(metric.0)
        return values.count > 1 ? (x, values.min()!, values.max()!) : nil
      }
      return points.isEmpty
        ? nil : LineChart.Series(name: metric.0.title, points: points, colour: index, stroke: metric.1, band: band)
    }
    return Document.Chart(
      chart: LineChart(
        title: "\(study.name), \(title)", xLabel: label, yLabel: "mean squared error", hasLogarithmicY: true,
        series: series),
      title: title,
      caption: "Loss of the networks that the runs ended with, by \(label), \(seedPhrase(results.map(\.result))).",
      key: Self.key(series), stem: stem)
  }

  /// The curve of an unfinished run.
  func curve(of run: StudyFolder.IncompleteRun) -> Document.Chart? {
    guard !run.history.isEmpty else { return nil }
    func series(_ name: String, colour: Int, _ stroke: LineChart.Stroke, _ value: (EpochMetrics) -> Double)
      -> LineChart.Series
    {
      LineChart.Series(
        name: name, points: run.history.map { (Double($0.epoch), value($0)) }, colour: colour, stroke: stroke)
    }
    let series = [
      series("training", colour: 1, .dashed, \.curveLoss), series("validation", colour: 0, .solid, \.validationLoss),
    ]
    return Document.Chart(
      chart: LineChart(
        title: "\(study.name), \(run.name): loss so far", xLabel: "epoch", yLabel: "loss", series: series),
      title: "\(run.name): loss so far", caption: "Loss by epoch of a run that came to no result.",
      key: Self.key(series),
      stem: "unfinished-\(slug(run.experiment))-seed-\(run.seed)", isInMarkdown: false)
  }
}

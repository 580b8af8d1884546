/// Where an experiment's validation curve is best, flat, and begins to overfit, the median over the seeds.
struct CurveLandmarks {
  let marks: [LineChart.Mark]
  /// The same in words with the gap to training, to be appended to a caption; empty for curves without a shape.
  let sentence: String

  init(_ result: ExperimentResult, _ metric: Metric) {
    func median(_ kind: Measure.Kind) -> Double? {
      let values = result.runs.compactMap(Measure(metric, kind).value)
      return values.isEmpty || values.count < result.runs.count ? nil : Sample(values).median
    }
    var marks: [LineChart.Mark] = []
    var parts: [String] = []
    let epochs = Double(result.runs.map(\.history.count).min() ?? 0)
    if let rise = median(.riseAboveLeast), let start = median(.overfittingStart), rise > Curve.overfittingShare,
      start < epochs
    {
      marks.append(.init(x: start, label: "overfits"))
      parts.append(
        "It is best in about epoch \(Text.short(start.rounded())) and then gets worse, by \(Text.decimal(rise * 100, 0)) % "
          + "in the end")
    } else if let plateau = median(.plateauStart), plateau < epochs {
      marks.append(.init(x: plateau, label: "plateau"))
      parts.append("From about epoch \(Text.short(plateau.rounded())) it hardly improves")
    }
    if let gap = median(.gapToTraining) {
      let text = Measure(metric, .gapToTraining).text(gap).replacing("-", with: "−")
      parts.append("validation less training: \(text)")
    }
    if result.runs.contains(where: { $0.epoch != $0.history.count }) {
      marks.append(.init(x: Sample(result.runs.map { Double($0.epoch) }).median, label: "kept"))
    }
    self.marks = marks
    sentence = parts.isEmpty ? "" : " " + parts.joined(separator: "; ") + "."
  }
}

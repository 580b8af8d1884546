extension Judgement {
  /// The verdict with its reason.
  var verdictText: String { reason.isEmpty ? verdict.rawValue : "\(verdict.rawValue): \(reason)" }

  /// `2 of 3`
  var seedText: String {
    guard let met = seedsThatMeetIt, let row = rows.first else { return "" }
    return "\(met) of \(row.sample.count)"
  }

  /// The result less the claimed number.
  var claimDifference: String {
    guard let claimed, let row = rows.first else { return "" }
    return metric.difference(row.sample.mean, from: claimed)
  }

  /// The metric, and which number of it.
  var metricText: String {
    let qualifier = rows.first?.measure.qualifier ?? ""
    return qualifier.isEmpty ? metric.title : "\(metric.title) (\(qualifier))"
  }

  /// `+0.24 points, case-1 less case-3`
  var differenceText: String {
    guard let difference, let measure = rows.first?.measure else { return "" }
    return "\(signed(difference.sample.mean, measure)), \(difference.larger) less \(difference.less)"
  }

  var differenceInterval: String {
    guard let difference, let measure = rows.first?.measure else { return "" }
    return "\(signed(difference.interval.low, measure)) to \(signed(difference.interval.high, measure))"
  }

  private func signed(_ value: Double, _ measure: Measure) -> String {
    measure.differenceText(value).replacing("-", with: "−")
  }
}

extension Judgement.Row {
  /// The standard deviation over the seeds; `nil` with one.
  var deviation: Double? { sample.count > 1 ? sample.deviation : nil }

  /// The mean and the deviation, with what number it is.
  var described: String {
    let text = text.replacing("-", with: "−")
    return measure.qualifier.isEmpty ? text : "\(text) \(measure.qualifier)"
  }

  var intervalText: String {
    interval.map { "\(measure.text($0.low)) to \(measure.text($0.high))".replacing("-", with: "−") } ?? ""
  }
}

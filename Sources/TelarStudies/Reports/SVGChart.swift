import Foundation

/// A line chart as inline SVG. The page's style sheet sets colours and fonts, light and dark.
package struct SVGChart {
  let chart: LineChart

  /// The number of colours in the style sheet.
  static let colours = 8
  /// The most points of a curve.
  private static let pointLimit = 400
  /// The most points of a curve that say their value under the pointer.
  private static let hitLimit = 25

  // The size in SVG units; the width is that of a column of the page.
  private let width = 480.0
  private let height = 290.0
  private let top = 28.0
  private let right = 14.0
  private let bottom = 40.0

  package init(_ chart: LineChart) { self.chart = chart }

  /// The SVG element, with `description` as its alternative text.
  package func markup(description: String) -> String {
    let curves = chart.series.map { series in Self.thinned(series.points.filter { isDrawable($0.x, [$0.y]) }) }
    let bands = chart.series.map { series in
      Self.thinned(series.band.filter { isDrawable($0.x, [$0.low, $0.high]) })
    }
    let xs = curves.joined().map(\.x) + bands.joined().map(\.x)
    let all = curves.joined().map(\.y) + bands.joined().flatMap { [$0.low, $0.high] }
    let limit = chart.hasLogarithmicY ? Double.infinity : RobustLimit.of(curves.map { $0.map(\.y) })
    let ys = all.filter { $0 <= limit }
    let xAxis = Axis(xs, isWhole: true, ticksAtValues: true)
    let yAxis = chart.hasLogarithmicY ? Axis(logarithmic: ys) : Axis(ys, isWhole: false, ticksAtValues: false)
    let left = 14 + 7.2 * Double(yAxis.ticks.map(\.label.count).max() ?? 1)
    func x(_ value: Double) -> Double { left + 6 + xAxis.place(value) * (width - left - 6 - right) }
    func y(_ value: Double) -> Double {
      // What lies above the axis runs along its top.
      height - bottom - yAxis.place(min(value, limit)) * (height - top - bottom)
    }

    var lines = ["<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\">"]
    lines.append("<title>\(Text.escaped(chart.title))</title><desc>\(Text.escaped(description))</desc>")
    for tick in yAxis.ticks {
      let place = number(y(tick.value))
      lines.append(
        "<path class=\"grid\" d=\"M\(number(left)) \(place)H\(number(width - right))\"/>"
          + "<text class=\"end\" x=\"\(number(left - 6))\" y=\"\(number(y(tick.value) + 4))\">\(tick.label)</text>")
    }
    lines.append(
      "<path class=\"axis\" d=\"M\(number(left)) \(number(top))V\(number(height - bottom))H\(number(width - right))\"/>"
    )
    for tick in xAxis.ticks {
      lines.append(
        "<path class=\"axis\" d=\"M\(number(x(tick.value))) \(number(height - bottom))v4\"/><text class=\"middle\" "
          + "x=\"\(number(x(tick.value)))\" y=\"\(number(height - bottom + 17))\">\(tick.label)</text>")
    }
    lines.append("<text x=\"2\" y=\"14\">\(Text.escaped(chart.yLabel))</text>")
    if let most = all.max(), most > limit {
      lines.append(
        "<text class=\"end\" x=\"\(number(width - right))\" y=\"14\">↑ values up to \(Text.brief(most))</text>")
    }
    for (index, mark) in chart.marks.enumerated() where mark.x >= xs.min() ?? 0 && mark.x <= xs.max() ?? 0 {
      let place = x(mark.x)
      // A label near the right edge stands before its line.
      let isLate = place > width * 0.7
      lines.append(
        "<path class=\"mark\" d=\"M\(number(place)) \(number(top))V\(number(height - bottom))\"/>"
          + "<text class=\"mark-label\(isLate ? " end" : "")\" x=\"\(number(place + (isLate ? -4 : 4)))\" "
          + "y=\"\(number(top + 11 + 13 * Double(index)))\">\(Text.escaped(mark.label))</text>")
    }
    lines.append(
      "<text class=\"end\" x=\"\(number(width - right))\" y=\"\(number(height - 5))\">\(Text.escaped(chart.xLabel))</text>"
    )

    for (series, band) in zip(chart.series, bands) where band.count > 1 {
      let edge =
        band.map { "\(number(x($0.x))) \(number(y($0.high)))" }
        + band.reversed().map { "\(number(x($0.x))) \(number(y($0.low)))" }
      lines.append("<path class=\"band \(Self.style(series.colour))\" d=\"M\(edge.joined(separator: "L"))Z\"/>")
    }
    let hasDots = (curves.map(\.count).max() ?? 0) <= 20
    for (series, points) in zip(chart.series, curves) where !points.isEmpty {
      let style = Self.style(series.stroke, series.colour)
      let path = points.map { "\(number(x($0.x))) \(number(y($0.y)))" }.joined(separator: "L")
      lines.append("<path class=\"line \(style)\" d=\"M\(path)\"/>")
      guard series.stroke != .thin else { continue }
      let isMarked = hasDots || points.count == 1
      for point in isMarked ? points : Self.thinned(points, to: Self.hitLimit) {
        let value = "\(series.name), \(Text.short(point.x)): \(Text.brief(point.y))"
        lines.append(
          ChartSymbol.markup(
            isMarked || chart.series.count > 4 && series.stroke == .solid ? series.colour : nil,
            style: Self.style(series.colour), x: x(point.x), y: y(point.y), title: value))
      }
    }
    if xs.isEmpty { lines.append("<text class=\"middle\" x=\"240\" y=\"150\">no numbers that can be drawn</text>") }
    return lines.joined(separator: "\n") + "\n</svg>"
  }

  /// The CSS class of a line in a legend; without a colour, in the colour of the text.
  static func style(_ stroke: LineChart.Stroke, _ colour: Int?) -> String {
    stroke.rawValue + " " + (colour.map(style) ?? "plain")
  }

  private static func style(_ colour: Int) -> String { "c\(abs(colour) % colours)" }

  /// Whether a point can be drawn: larger numbers would overflow.
  private func isDrawable(_ x: Double, _ ys: [Double]) -> Bool {
    abs(x) < 1e12 && ys.allSatisfy { abs($0) < 1e30 && (!chart.hasLogarithmicY || $0 > 1e-30) }
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// Evenly chosen points up to the limit, including the last.
  private static func thinned<Point>(_ points: [Point], to limit: Int = pointLimit) -> [Point] {
    guard points.count > limit else { return points }
    return (0..<limit).map { points[$0 * (points.count - 1) / (limit - 1)] }
  }
}

/// An axis with its range and ticks.
private struct Axis {
  let ticks: [(value: Double, label: String)]
  private let low: Double
  private let high: Double
  private let isLogarithmic: Bool

  /// The position of a value, from 0 at the low end to 1 at the high end.
  func place(_ value: Double) -> Double {
    let (a, b, v) = isLogarithmic ? (log10(low), log10(high), log10(value)) : (low, high, value)
    return b > a ? (v - a) / (b - a) : 0.5
  }

  /// - Parameters:
  ///   - isWhole: whether ticks are at integers only.
  ///   - ticksAtValues: whether ticks are at the values while they are few.
  init(_ values: [Double], isWhole: Bool, ticksAtValues: Bool) {
    isLogarithmic = false
    let different = Set(values).sorted()
    guard let least = different.first, let most = different.last else {
      (low, high, ticks) = (0, 1, [])
      return
    }
    if ticksAtValues, different.count <= 8, different.allSatisfy({ $0 == $0.rounded() }) {
      let margin = least == most ? 1.0 : 0
      (low, high) = (least - margin, most + margin)
      ticks = different.map { ($0, Text.short($0)) }
      return
    }
    // Values that are too close for ticks between them count as equal.
    let isRange = most - least > max(1e-300, abs(most) * 1e-12)
    let span = isRange ? most - least : max(abs(most) * 0.1, 1e-9)
    let margin = !isRange ? span : ticksAtValues ? 0 : span * 0.05
    (low, high) = (least - margin, most + margin)
    var step = Self.step(span / (isWhole ? 7 : 5))
    if isWhole { step = max(1, step.rounded()) }
    let decimals = max(0, Int((-log10(step)).rounded(.up)))
    let first = Int((low / step).rounded(.up)), last = Int((high / step).rounded(.down))
    ticks =
      first > last || last - first > 20
      ? []
      : (first...last).map { tick in
        let value = Double(tick) * step
        return (value, decimals > 6 ? String(format: "%.4g", value) : Text.decimal(value, decimals))
      }
  }

  /// A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, or only at powers where there are many.
  init(logarithmic values: [Double]) {
    isLogarithmic = true
    guard let least = values.min(), let most = values.max() else {
      (low, high, ticks) = (0.1, 1, [])
      return
    }
    let margin = pow(10, max(0.01, 0.05 * log10(most / least)))
    let (low, high) = (least / margin, most * margin)
    let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let factors: [Double] = exponents.count > 4 ? [1] : [1, 2, 5]
    let skipped = max(1, exponents.count / 6)
    let marks = exponents.filter { exponents.count <= 6 || $0 % skipped == 0 }.flatMap { exponent in
      factors.map { $0 * pow(10, Double(exponent)) }
    }.filter { $0 >= low && $0 <= high }.map { ($0, String(format: "%.6g", $0)) }
    // A range of less than a decade may have too few such ticks.
    let even = Axis([low, high], isWhole: false, ticksAtValues: false).ticks.filter { low...high ~= $0.value }
    ticks = marks.count < 3 && even.count > marks.count ? even : marks
    (self.low, self.high) = (low, high)
  }

  /// The least of 1, 2 and 5 times a power of ten that is at least the number.
  private static func step(_ number: Double) -> Double {
    let power = pow(10, log10(number).rounded(.down))
    return ([1, 2, 5].first { $0 * power >= number * 0.999 } ?? 10) * power
  }
}

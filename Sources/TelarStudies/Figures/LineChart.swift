import Foundation

/// Curves over epochs or another number.
public struct LineChart: Figure {
  /// The line style of a curve.
  public enum Stroke: String, Sendable {
    case solid
    /// For the training curve of a pair.
    case dashed
    case dotted
    /// For one of several curves behind their mean; the legend omits it.
    case thin
  }

  /// One curve.
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    /// The index of the colour in the palette; related curves share one.
    public var colour: Int
    public var stroke: Stroke
    /// A band around the curve, such as the least and the largest of several; empty for none.
    public var band: [(x: Double, low: Double, high: Double)]

    public init(name: String, points: [(x: Double, y: Double)], colour: Int, isDashed: Bool = false) {
      self.init(name: name, points: points, colour: colour, stroke: isDashed ? .dashed : .solid)
    }

    public init(
      name: String, points: [(x: Double, y: Double)], colour: Int, stroke: Stroke,
      band: [(x: Double, low: Double, high: Double)] = []
    ) {
      self.name = name
      self.points = points
      self.colour = colour
      self.stroke = stroke
      self.band = band
    }
  }

  /// A vertical line with a label, such as where overfitting starts.
  public struct Mark: Sendable {
    public var x: Double
    public var label: String

    public init(x: Double, label: String) {
      self.x = x
      self.label = label
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var hasLogarithmicY: Bool
  public var hasLogarithmicX = false
  public var series: [Series]
  public var marks: [Mark] = []

  public init(title: String, xLabel: String, yLabel: String, hasLogarithmicY: Bool = false, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.hasLogarithmicY = hasLogarithmicY
    self.series = series
  }

  public var size = (width: 1100, height: 660)

  /// One row per point: series, x, y, and the limits of bands.
  public var csv: String {
    let hasBands = series.contains { !$0.band.isEmpty }
    return CSV.line(["series", xLabel, yLabel] + (hasBands ? ["least", "largest"] : []))
      + series.flatMap { series in
        let ends = Dictionary(series.band.map { ($0.x, ["\($0.low)", "\($0.high)"]) }) { first, _ in first }
        return series.points.map { point in
          CSV.line(
            [series.name, "\(shortest(point.x))", "\(point.y)"] + (hasBands ? ends[point.x] ?? ["", ""] : []))
        }
      }.joined()
  }

  public var script: String {
    // Larger numbers would overflow in the axes' computation.
    func isDrawable(_ y: Double) -> Bool { abs(y) < 1e300 && (!hasLogarithmicY || y > 1e-300) }
    // gnuplot does not tell the smallest numbers from zero.
    func place(_ y: Double) -> Double { abs(y) < 1e-300 ? 0 : y }
    let drawable = series.map { series in
      series.points.filter { abs($0.x) < 1e15 && isDrawable($0.y) && (!hasLogarithmicX || $0.x > 0) }.map {
        (x: $0.x, y: place($0.y))
      }
    }
    let bands = series.map { series in
      series.band.filter { abs($0.x) < 1e15 && isDrawable($0.low) && isDrawable($0.high) }
        .map { (x: $0.x, low: place($0.low), high: place($0.high)) }
    }
    let ys = drawable.joined().map(\.y) + bands.joined().flatMap { [$0.low, $0.high] }
    var text = ""
    for (index, points) in drawable.enumerated() where !points.isEmpty {
      let lines = points.map { "\($0.x) \($0.y)" }.joined(separator: "\n")
      text += "$series\(index) << EOD\n\(lines)\nEOD\n"
    }
    for (index, points) in bands.enumerated() where !points.isEmpty {
      let lines = points.map { "\($0.x) \($0.low) \($0.high)" }.joined(separator: "\n")
      text += "$band\(index) << EOD\n\(lines)\nEOD\n"
    }
    let xs = drawable.joined().map(\.x)
    let (first, last) = (xs.min() ?? 0, xs.max() ?? 1)
    text += """
      set title \(GnuPlot.quoted(title)) font ',16' textcolor rgb ink offset 0,0.3
      set xlabel \(GnuPlot.quoted(xLabel)) textcolor rgb ink
      set ylabel \(GnuPlot.quoted(yLabel)) textcolor rgb ink
      set border 3 linewidth 1 linecolor rgb '#888888'
      set tics nomirror out scale 0.6 textcolor rgb ink
      set grid linewidth 1 linetype 1 linecolor rgb faint
      set key outside right center vertical Left reverse samplen 3 spacing 1.4 textcolor rgb ink
      set offsets graph 0, graph 0, graph 0.04, graph 0.04
      \(hasLogarithmicX ? logarithmicX(first, last) : linearX(first, last))
      \(hasLogarithmicY ? logarithmicScale(ys) : "set format y '%.4g'")

      """
    if xs.isEmpty { text += "set yrange [0.1:1]\n" }
    // Markers help for few points, and clutter a chart of many.
    let hasMarks = xs.count <= 40 * max(1, series.count)
    for (index, mark) in marks.enumerated() where abs(mark.x) < 1e15 {
      text +=
        "set arrow \(index + 1) from \(mark.x), graph 0 to \(mark.x), graph 1 nohead dashtype '.' linecolor rgb '#888888'\n"
        + "set label \(index + 1) \(GnuPlot.quoted(mark.label)) at \(mark.x), graph \(0.97 - 0.05 * Double(index)) "
        + "offset 0.5,0 textcolor rgb ink\n"
    }
    let fills = series.indices.filter { !bands[$0].isEmpty }.map(bandPlot)
    let curves = series.indices.map { curvePlot($0, hasPoints: !drawable[$0].isEmpty, hasMarks: hasMarks) }
    if !curves.isEmpty { text += "plot " + (fills + curves).joined(separator: ", \\\n  ") + "\n" }
    return text
  }

  /// The plot of a band, from gnuplot's data block of its index.
  private func bandPlot(_ index: Int) -> String {
    "$band\(index) using 1:2:3 with filledcurves fillstyle transparent solid 0.16 noborder"
      + " linecolor rgb '\(Palette.lines[series[index].colour % Palette.lines.count])' notitle"
  }

  /// The plot of a curve, from gnuplot's data block of its index. Without points it keeps its entry in the legend.
  private func curvePlot(_ index: Int, hasPoints: Bool, hasMarks: Bool) -> String {
    let series = series[index]
    let colour = Palette.lines[series.colour % Palette.lines.count]
    let isThin = series.stroke == .thin
    let style =
      hasMarks && !isThin ? "linespoints pointtype \(series.stroke == .solid ? 7 : 6) pointsize 0.9" : "lines"
    let data = hasPoints ? "$series\(index) using 1:2" : "NaN"
    return "\(data) with \(style) linewidth \(isThin ? "1" : "2.5") dashtype \(series.stroke.dashes)"
      + " linecolor rgb '\(isThin ? "#80" + colour.dropFirst() : colour)' "
      + (isThin ? "notitle" : "title \(GnuPlot.quoted(series.name))")
  }

  /// A logarithmic axis that spans the values, with ticks at 1, 2 and 5; gnuplot's default marks only powers of ten.
  private func logarithmicScale(_ ys: [Double]) -> String {
    guard let least = ys.min(), let most = ys.max() else { return "set logscale y" }
    let (low, high) = (least / 1.15, most * 1.15)
    let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let ticks = exponents.flatMap { exponent in [1.0, 2, 5].map { $0 * pow(10, Double(exponent)) } }
    let marks = (exponents.count > 6 ? ticks.enumerated().filter { $0.offset % 3 == 0 }.map(\.element) : ticks)
      .filter { $0 >= low && $0 <= high }.map { String(format: "%.3g", $0) }
    return
      "set logscale y\nset yrange [\(low):\(high)]\nset format y '%g'\nset ytics (\(marks.joined(separator: ", ")))"
  }

  private func logarithmicX(_ first: Double, _ last: Double) -> String {
    // Without points there is no first one above zero.
    let (low, high) = first > 0 ? (first / 1.2, last * 1.2) : (0.1, 1)
    return "set logscale x\nset xrange [\(low):\(high)]\nset format x '%.0e'"
  }

  private func linearX(_ first: Double, _ last: Double) -> String {
    let margin = max((last - first) * 0.02, first == last ? 0.5 : 0)
    return "set xrange [\(first - margin):\(last + margin)]\n" + tics(first, last)
  }

  /// Ticks at integers for a short range, such as of epochs.
  private func tics(_ first: Double, _ last: Double) -> String {
    guard first.rounded() == first, last.rounded() == last, last - first <= 20 else { return "set xtics auto" }
    return "set xtics \(Int(first)),\(last - first <= 10 ? 1 : 2),\(Int(last))"
  }
}

extension LineChart.Stroke {
  /// gnuplot's dash type.
  fileprivate var dashes: String {
    switch self {
    case .solid, .thin: "1"
    case .dashed: "(9,5)"
    case .dotted: "(2,4)"
    }
  }
}

import Foundation

/// Curves over epochs, or over anything that is counted.
public struct LineChart: Figure {
  /// One curve.
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    /// Which colour of the palette; curves that belong together share one.
    public var colour: Int
    /// Whether the line is broken, as for the training half of a pair.
    public var isDashed: Bool

    public init(name: String, points: [(x: Double, y: Double)], colour: Int, isDashed: Bool = false) {
      self.name = name
      self.points = points
      self.colour = colour
      self.isDashed = isDashed
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var hasLogarithmicY: Bool
  public var series: [Series]

  public init(title: String, xLabel: String, yLabel: String, hasLogarithmicY: Bool = false, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.hasLogarithmicY = hasLogarithmicY
    self.series = series
  }

  public var size: (width: Int, height: Int) { (1100, 660) }

  /// One row a point: series, x, y.
  public var csv: String {
    CSV.line(["series", xLabel, yLabel])
      + series.flatMap { series in series.points.map { CSV.line([series.name, "\($0.x.short)", "\($0.y)"]) } }.joined()
  }

  public var script: String {
    let drawable = series.map { series in
      series.points.filter { $0.x.isFinite && $0.y.isFinite && (!hasLogarithmicY || $0.y > 0) }
    }
    var text = ""
    for (index, points) in drawable.enumerated() where !points.isEmpty {
      let lines = points.map { "\($0.x) \($0.y)" }.joined(separator: "\n")
      text += "$series\(index) << EOD\n\(lines)\nEOD\n"
    }
    let xs = drawable.joined().map(\.x)
    let (first, last) = (xs.min() ?? 0, xs.max() ?? 1)
    let margin = max((last - first) * 0.02, first == last ? 0.5 : 0)
    text += """
      set title \(GnuPlot.quoted(title)) font ',16' textcolor rgb ink offset 0,0.3
      set xlabel \(GnuPlot.quoted(xLabel)) textcolor rgb ink
      set ylabel \(GnuPlot.quoted(yLabel)) textcolor rgb ink
      set border 3 linewidth 1 linecolor rgb '#888888'
      set tics nomirror out scale 0.6 textcolor rgb ink
      set grid linewidth 1 linetype 1 linecolor rgb faint
      set key outside right center vertical Left reverse samplen 3 spacing 1.4 textcolor rgb ink
      set xrange [\(first - margin):\(last + margin)]
      set offsets graph 0, graph 0, graph 0.04, graph 0.04
      \(tics(first, last))
      \(hasLogarithmicY ? logarithmicScale(drawable.joined().map(\.y)) : "set format y '%.4g'")

      """
    if xs.isEmpty { text += "set yrange [0.1:1]\n" }
    // Marks help while points are few, and clutter when they are many.
    let hasMarks = xs.count <= 40 * max(1, series.count)
    let curves = series.enumerated().map { index, series in
      let colour = Palette.lines[series.colour % Palette.lines.count]
      let style = hasMarks ? "linespoints pointtype \(series.isDashed ? 6 : 7) pointsize 0.9" : "lines"
      // A curve without points keeps its place in the key.
      let data = drawable[index].isEmpty ? "NaN" : "$series\(index) using 1:2"
      return "\(data) with \(style) linewidth 2.5 dashtype \(series.isDashed ? "(9,5)" : "1")"
        + " linecolor rgb '\(colour)' title \(GnuPlot.quoted(series.name))"
    }
    if !curves.isEmpty { text += "plot " + curves.joined(separator: ", \\\n  ") + "\n" }
    return text
  }

  /// A logarithmic axis as tight as the values, with ticks at 1, 2 and 5: gnuplot's own would mark only the powers of ten.
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

  /// Ticks on whole numbers while the range is short, as epochs are.
  private func tics(_ first: Double, _ last: Double) -> String {
    guard first.rounded() == first, last.rounded() == last, last - first <= 20 else { return "set xtics auto" }
    return "set xtics \(Int(first)),\(last - first <= 10 ? 1 : 2),\(Int(last))"
  }
}

extension Double {
  /// Without a fraction where there is none.
  fileprivate var short: String { self == rounded() && abs(self) < 1e15 ? String(Int(self)) : "\(self)" }
}

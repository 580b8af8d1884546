import Foundation

/// Draws means with 95 % intervals as inline SVG: a row an experiment, a whisker for the interval, a point a seed.
struct IntervalDrawing {
  let chart: Document.IntervalChart

  private let width = 480.0
  private let rowHeight = 20.0

  /// The SVG element, with the caption as its alternative text; rows that cannot be drawn keep their names.
  var markup: String {
    let rows = chart.rows
    let left = 12 + 6.6 * Double(min(26, rows.map(\.name.count).max() ?? 0))
    let height = 34 + rowHeight * Double(rows.count)
    // Seeds decide the range; an interval of two seeds may be many times as wide and is cut.
    let seeds = rows.flatMap(\.sample.values).filter { $0.isFinite && abs($0) < 1e30 }.sorted()
    let least = seeds.first ?? 0
    let most = min(seeds.last ?? 1, RobustLimit.of(rows.map { $0.sample.values.filter(\.isFinite) }))
    let margin = most > least ? (most - least) * 0.12 : max(abs(most) * 0.05, 1e-9)
    let (low, high) = (least - margin, most + margin)
    func x(_ value: Double) -> Double {
      left + (min(high, max(low, value)) - low) / (high - low) * (width - left - 12)
    }
    func number(_ value: Double) -> String { String(format: "%.1f", value) }

    var lines = ["<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\">"]
    lines.append("<title>\(Text.escaped(chart.title))</title><desc>\(Text.escaped(chart.caption))</desc>")
    for (share, anchor) in [(0.0, ""), (0.5, " class=\"middle\""), (1.0, " class=\"end\"")] {
      let value = least + (most - least) * share
      lines.append(
        "<path class=\"grid\" d=\"M\(number(x(value))) 4V\(number(height - 26))\"/><text\(anchor) "
          + "x=\"\(number(x(value)))\" y=\"\(number(height - 10))\">\(Text.escaped(chart.text(value)))</text>")
    }
    for (index, row) in rows.enumerated() {
      let y = 14 + rowHeight * Double(index)
      let name = row.name.count > 26 ? row.name.prefix(25) + "…" : row.name[...]
      lines.append("<text x=\"2\" y=\"\(number(y + 4))\">\(Text.escaped(String(name)))</text>")
      guard row.sample.values.allSatisfy(\.isFinite), !row.sample.values.isEmpty else { continue }
      if let interval = row.interval {
        let (a, b) = (x(interval.low), x(interval.high))
        lines.append(
          "<path class=\"whisker c0\" d=\"M\(number(a)) \(number(y))H\(number(b))"
            + "M\(number(a)) \(number(y - 4))v8M\(number(b)) \(number(y - 4))v8\"/>")
      }
      for value in row.sample.values {
        lines.append("<circle class=\"seed c1\" cx=\"\(number(x(value)))\" cy=\"\(number(y))\" r=\"2.4\"/>")
      }
      let mean = row.sample.mean
      let interval = row.interval.map { ", \(chart.text($0.low)) to \(chart.text($0.high))" } ?? ""
      lines.append(
        ChartSymbol.markup(
          3, style: "c0", x: x(mean), y: y, title: "\(row.name): \(chart.text(mean))\(interval)"))
    }
    return lines.joined(separator: "\n") + "\n</svg>"
  }
}

import Foundation

/// The symbols of points, which tell curves apart where colours do not suffice. Each says its value under the pointer.
package enum ChartSymbol {
  /// - Parameters:
  ///   - index: which symbol; `nil` for one that is only felt by the pointer.
  ///   - style: the style of the colour.
  package static func markup(_ index: Int?, style: String, x: Double, y: Double, title: String) -> String {
    func number(_ value: Double) -> String { String(format: "%.1f", value) }
    let title = "<title>\(Text.escaped(title))</title>"
    guard let index else {
      return "<circle class=\"hit\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"6\">\(title)</circle>"
    }
    let shape = Self.shapes[index % Self.shapes.count]
    guard !shape.isEmpty else {
      return "<circle class=\"dot \(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"2.6\">\(title)</circle>"
    }
    let path = shape.map { "\(number(x + $0.0)) \(number(y + $0.1))" }.joined(separator: "L")
    return "<path class=\"dot \(style)\" d=\"M\(path)Z\">\(title)</path>"
  }

  /// A circle, then polygons around the point.
  private static let shapes: [[(Double, Double)]] = [
    [], [(-2.6, -2.6), (2.6, -2.6), (2.6, 2.6), (-2.6, 2.6)], [(0, -3.6), (3.3, 2.4), (-3.3, 2.4)],
    [(0, -3.8), (3.8, 0), (0, 3.8), (-3.8, 0)], [(0, 3.6), (3.3, -2.4), (-3.3, -2.4)],
    [(-3.6, -1), (3.6, -1), (3.6, 1), (-3.6, 1)], [(-1, -3.6), (1, -3.6), (1, 3.6), (-1, 3.6)],
    [(-3, -3), (0, -1), (3, -3), (1, 0), (3, 3), (0, 1), (-3, 3), (-1, 0)],
  ]
}

/// The end of an axis that a diverged curve does not flatten.
package enum RobustLimit {
  /// Several times what most curves reach.
  private static let factor = 4.0

  /// The value up to which an axis reaches; infinity where no curve stands out.
  ///
  /// A curve that goes beyond four times the typical largest value is cut there, and so is a spike of a single curve.
  package static func of(_ curves: [[Double]]) -> Double {
    let curves = curves.filter { !$0.isEmpty }
    guard !curves.isEmpty else { return .infinity }
    // A curve's typical height without spikes: all but its largest tenth.
    let heights = curves.map { curve in curve.sorted()[(curve.count - 1) * 9 / 10] }.sorted()
    let typical = heights[(heights.count - 1) / 2]
    let most = curves.joined().max()!
    guard typical > 0, most > factor * typical else { return .infinity }
    // Everything below the limit stays as it is.
    return curves.joined().filter { $0 <= factor * typical }.max()! * 1.05
  }
}

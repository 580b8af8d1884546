import Foundation
import Telar
import TelarStudies

/// Formats text in columns.
enum Column {
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  static func right(_ value: Double, _ width: Int, decimals: Int) -> String {
    let text = number(value, decimals: decimals)
    return String(repeating: " ", count: max(1, width - text.count)) + text
  }

  static func number(_ value: Double, decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  /// A loss with a fixed number of decimals, or with an exponent where that would show too few digits.
  static func loss(_ value: Double, decimals: Int) -> String {
    lossDecimals(value) == nil ? lossText(value) : number(value, decimals: decimals)
  }
}

extension JSON {
  /// A number with at most `decimals` decimals; `null` when it is not finite.
  static func rounded(_ value: Double, _ decimals: Int) -> JSON {
    guard value.isFinite else { return .null }
    let scale = pow(10, Double(decimals))
    return .number((value * scale).rounded() / scale)
  }
}

/// The time of each kernel, the longest first.
struct ProfileReport {
  private let entries: [Profiler.Entry]
  private let total: Double

  init(_ entries: [Profiler.Entry]) {
    self.entries = entries
    total = entries.reduce(0) { $0 + $1.seconds }
  }

  func show(asJSON isJSON: Bool) {
    if !isJSON {
      Console.result("")
      Console.result(Column.left("kernel", 40) + "  launches    seconds    share   GFLOP/s      GB/s")
    }
    for entry in entries {
      let share = total > 0 ? entry.seconds / total : 0
      func rate(_ work: Double) -> Double? { work > 0 && entry.seconds > 0 ? work / entry.seconds / 1e9 : nil }
      func cell(_ rate: Double?) -> String { rate.map { Column.right($0, 10, decimals: 1) } ?? "         -" }
      let line: JSON = .object([
        "kernel": .string(entry.kernel), "launches": .integer(entry.launches), "seconds": .number(entry.seconds),
        "share": .rounded(share, 4), "gflops": rate(entry.flops).map { .rounded($0, 2) } ?? .null,
        "gb_per_s": rate(entry.bytes).map { .rounded($0, 2) } ?? .null,
      ])
      Console.result(
        isJSON
          ? line.text
          : Column.left(entry.kernel, 40) + Column.right(Double(entry.launches), 10, decimals: 0)
            + Column.right(entry.seconds, 11, decimals: 3) + Column.right(share * 100, 7, decimals: 1) + " %"
            + cell(rate(entry.flops)) + cell(rate(entry.bytes)))
    }
  }
}

import Foundation

/// A number with a fixed number of decimals.
func decimal(_ value: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", value)
}

/// The shortest text that reads back as the same number: `100`, `0.001`.
package func shortest(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
}

/// The number of decimals that shows at least three digits of a loss; `nil` where a loss is so small or so large that
/// it is shown with an exponent.
package func lossDecimals(_ value: Double) -> Int? {
  switch abs(value) {
  case 0, 0.1..<1e6: 4
  case 0.001..<0.1: 5
  default: nil
  }
}

/// A loss as text for tables: `0.3384`, `0.00521`, `1.150e-7`.
package func lossText(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  if let decimals = lossDecimals(value) { return decimal(value, decimals) }
  let parts = String(format: "%.3e", value).split(separator: "e")
  return "\(parts[0])e\(Int(parts[1]) ?? 0)"
}

/// An integer with commas between thousands.
package func grouped(_ value: Int) -> String {
  var digits = Array(String(value.magnitude))
  for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
  return (value < 0 ? "-" : "") + String(digits)
}

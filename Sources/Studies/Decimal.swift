import Foundation

/// A number with so many decimals.
func decimal(_ value: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", value)
}

/// A whole number with commas between thousands.
package func grouped(_ value: Int) -> String {
  var digits = Array(String(abs(value)))
  for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
  return (value < 0 ? "-" : "") + String(digits)
}

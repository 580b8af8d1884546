import Foundation

/// The colours of matrix cells, in steps, as CSS rules for light and dark pages.
///
/// The text of each step is black or white, whichever contrasts more: at least 4.5 : 1, as WCAG 2.2 requires.
package enum HeatScale {
  package typealias Colour = (red: Double, green: Double, blue: Double)

  /// The number of steps from 0 to 1.
  package static let steps = 20

  /// The difference of shares with the strongest colour.
  static let largestDifference = 0.25

  /// The CSS class of a share from 0 to 1.
  package static func style(share: Double) -> String {
    guard share.isFinite else { return "h0" }
    return "h\(Int((max(0, min(1, share)) * Double(steps)).rounded(.up)))"
  }

  /// The CSS class of a difference from -1 to 1.
  package static func style(difference: Double) -> String {
    guard difference.isFinite else { return "h0" }
    let step = Int((min(1, abs(difference) / largestDifference) * Double(steps)).rounded(.up))
    return step == 0 || abs(difference) < 0.005 ? "h0" : (difference > 0 ? "h\(step)" : "n\(step)")
  }

  /// A direction of the scale, by its strongest colour.
  package enum End: String, CaseIterable {
    /// Positive: blue.
    case more = "h"
    /// Negative: orange.
    case less = "n"
  }

  /// The colour of a cell.
  package static func colour(_ end: End, step: Int, isDark: Bool) -> Colour {
    let page: Colour = isDark ? (23, 26, 31) : (255, 255, 255)
    let full: Colour =
      switch (end, isDark) {
      case (.more, false): (8, 64, 129)
      case (.more, true): (142, 202, 255)
      case (.less, false): (153, 52, 4)
      case (.less, true): (255, 176, 112)
      }
    let share = Double(step) / Double(steps)
    func mixed(_ a: Double, _ b: Double) -> Double { (a + (b - a) * share).rounded() }
    return (mixed(page.red, full.red), mixed(page.green, full.green), mixed(page.blue, full.blue))
  }

  /// Whether the text on a colour is white.
  package static func hasWhiteText(_ colour: Colour) -> Bool {
    contrast((255, 255, 255), colour) > contrast((0, 0, 0), colour)
  }

  /// The contrast ratio of two colours, 1 to 21, by WCAG 2.2.
  package static func contrast(_ a: Colour, _ b: Colour) -> Double {
    func luminance(_ colour: Colour) -> Double {
      func linear(_ value: Double) -> Double {
        let share = value / 255
        return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
    }
    let (x, y) = (luminance(a), luminance(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }

  /// The CSS rules for all steps.
  static func rules(isDark: Bool) -> String {
    End.allCases.flatMap { end in
      (end == .more ? 0...steps : 1...steps).map { step in
        let colour = colour(end, step: step, isDark: isDark)
        func hex(_ value: Double) -> String { String(format: "%02x", Int(value)) }
        return ".\(end.rawValue)\(step){background:#\(hex(colour.red))\(hex(colour.green))\(hex(colour.blue));"
          + "color:#\(hasWhiteText(colour) ? "fff" : "000")}"
      }
    }.joined(separator: "\n")
  }
}

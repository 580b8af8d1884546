import Foundation

/// The format of names, numbers and times in reports.
package enum Text {
  /// Untrusted text for display: one line of limited length, without control characters and those that change the
  /// writing direction.
  package static func shown(_ text: String, limit: Int = 600) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else { return result + "…" }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.unicodeScalars.append(" ")
      case .format, .surrogate, .privateUse, .unassigned: result.unicodeScalars.append("\u{fffd}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Text escaped for HTML content and attributes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in shown(text) {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  /// A name of lower-case letters, digits, points and dashes, for anchors and files.
  static func slug(_ text: String) -> String {
    let kept = text.lowercased().unicodeScalars.prefix(80).map { scalar -> Character in
      switch scalar {
      case "a"..."z", "0"..."9", ".", "-": Character(scalar)
      default: "-"
      }
    }
    let slug = String(kept)
    return slug.allSatisfy({ $0 == "." || $0 == "-" }) ? "x" + slug.replacingOccurrences(of: ".", with: "-") : slug
  }

  /// Distinct slugs of names, also for names that differ only in characters which slugs omit.
  package static func slugs(of names: [String]) -> [String: String] {
    var taken: Set<String> = []
    return names.reduce(into: [:]) { slugs, name in
      guard slugs[name] == nil else { return }
      let slug = slug(name)
      let free = taken.contains(slug) ? (2...).lazy.map { "\(slug)-\($0)" }.first { !taken.contains($0) }! : slug
      taken.insert(free)
      slugs[name] = free
    }
  }

  /// `1 run`, `2 runs`
  static func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? one : many ?? one + "s")"
  }

  /// `a, b and c`
  static func list(_ parts: [String]) -> String {
    parts.count < 2 ? parts.joined() : parts.dropLast().joined(separator: ", ") + " and " + parts.last!
  }

  static func decimal(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "not finite" }
    guard abs(value) < 1e12 else { return String(format: "%.3e", value) }
    return String(format: "%.\(decimals)f", value).replacingOccurrences(of: "-", with: "−")
  }

  /// A loss with at least some significant digits.
  static func loss(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    let text = lossText(value)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  /// A number with its sign, also for zero and above.
  static func signed(_ value: Double, _ decimals: Int) -> String {
    let text = decimal(value, decimals)
    return text.hasPrefix("−") || !value.isFinite ? text : "+" + text
  }

  /// A number with four digits.
  static func brief(_ value: Double) -> String {
    value.isFinite ? String(format: "%.4g", value).replacingOccurrences(of: "-", with: "−") : "not finite"
  }

  /// A p-value: `0.031`, `< 0.001`
  static func probability(_ value: Double) -> String { value < 0.001 ? "< 0.001" : decimal(value, 3) }

  /// The shortest text with the same value: `0.001`, `100`.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    if value == value.rounded(), abs(value) < 1e15 { return grouped(Int(value)) }
    return String(format: "%.6g", value)
  }

  /// A number rounded to an integer, with commas.
  static func whole(_ value: Double) -> String {
    value.isFinite && abs(value) < 1e15 ? grouped(Int(value.rounded())) : decimal(value, 0)
  }

  /// `2026-11-21 09:15 UTC` for `2026-11-21T09:15:47Z`; other text is unchanged.
  static func time(_ text: String) -> String {
    guard text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil else { return text }
    return "\(text.prefix(10))\u{a0}\(text.dropFirst(11).prefix(5))\u{a0}UTC"
  }

  /// `8.1 s`, `2 min 40 s`, `1 h 02 min`
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "unknown" }
    if seconds < 60 { return decimal(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h " + String(format: "%02d min", whole / 60 % 60)
  }
}

import Foundation

/// How the report writes names, numbers and times.
package enum Text {
  /// Text that comes from a file or a folder's name, made fit to be shown: one line, without control characters and
  /// those that turn the direction of writing, and not longer than a line or two.
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

  /// Text for between tags or in an attribute.
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

  /// Lower-case letters, digits, points and dashes: for anchors and files.
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

  /// Slugs of names, each its own also where names differ only in what a slug leaves out.
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

  /// A loss, with digits of it however small it is.
  static func loss(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    let text = lossText(value)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  /// With its sign, also for what is not below zero.
  static func signed(_ value: Double, _ decimals: Int) -> String {
    let text = decimal(value, decimals)
    return text.hasPrefix("−") || !value.isFinite ? text : "+" + text
  }

  /// As short as it can be without another value: `0.001`, `100`.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    if value == value.rounded(), abs(value) < 1e15 { return grouped(Int(value)) }
    return String(format: "%.6g", value)
  }

  /// A whole number of what may be anything, with commas.
  static func whole(_ value: Double) -> String {
    value.isFinite && abs(value) < 1e15 ? grouped(Int(value.rounded())) : decimal(value, 0)
  }

  /// `2026-11-21 09:15 UTC` of `2026-11-21T09:15:47Z`; what has another form stays as it is.
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

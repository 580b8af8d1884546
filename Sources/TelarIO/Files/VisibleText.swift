extension Unicode.Scalar {
  /// Whether a terminal interprets the character instead of showing it, or it changes the display order of its
  /// neighbours.
  package var isControl: Bool {
    if value < 0x7f { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    default: return properties.isBidiControl
    }
  }
}

extension StringProtocol {
  /// The text on one line, with control characters escaped: `\n`, `\u{1b}`.
  ///
  /// Used for names from files and drivers, which may hold any character.
  package var visible: String {
    guard unicodeScalars.contains(where: \.isControl) else { return String(self) }
    return unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isControl: text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal acts on it instead of showing it, or it changes the order in which its neighbours are shown.
  package var isControl: Bool {
    if value < 0x7f { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    default: return properties.isBidiControl
    }
  }
}

extension StringProtocol {
  /// The text in one line, with its control characters as escapes: `\n`, `\u{1b}`.
  ///
  /// Names in files and of drivers may hold any character; this is how they are shown.
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

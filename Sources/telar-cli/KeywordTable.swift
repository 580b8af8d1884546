import Telar

/// Registered names, one per line, with their keywords; optional ones are in brackets.
struct KeywordTable: CustomStringConvertible {
  private static let lineLength = 80
  let description: String

  init(_ names: [String], _ keywords: (String) -> Keywords?) {
    let width = (names.map(\.count).max() ?? 0) + 4
    description = names.map { name in
      let keywords = keywords(name) ?? Keywords { _ in }
      let words =
        keywords.required
        + keywords.optional.enumerated().map { index, word in
          (index == 0 ? "[" : "") + word + (index == keywords.optional.count - 1 ? "]" : "")
        }
      var lines = ["  " + name]
      for word in words {
        let line = lines[lines.count - 1]
        let padding = String(repeating: " ", count: max(1, width - line.count))
        if line.count + max(1, padding.count) + word.count <= Self.lineLength {
          lines[lines.count - 1] += padding + word
        } else {
          lines.append(String(repeating: " ", count: width) + word)
        }
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

import TelarIO

/// The structure of a TOML document: the line of each value and their order.
///
/// The parser that reads the values provides neither, and aborts on some malformed documents. This scanner is strict
/// about everything except the contents of strings and the range of numbers, so that the parser reads or refuses
/// whatever it accepts. Dates and times, which recipes do not use, are refused.
///
/// - Source: toml.io/en/v1.0.0.
struct TOMLOutline {
  struct Mark {
    /// The line, from 1.
    var line: Int
    /// The number of values before this one.
    var order: Int
  }

  /// The start of each value and table, by path: `experiments[0].optimizer.name`.
  private(set) var marks: [String: Mark] = [:]

  /// The most levels of nested tables and arrays.
  static let maximumDepth = 24

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// The number of tables of each array of tables so far, by path.
  private var tableCounts: [String: Int] = [:]

  /// - Throws: ``RecipeError`` with the line.
  init(_ text: String) throws(RecipeError) {
    bytes = Array(text.utf8)
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    var table = ""
    while true {
      try skipBlank()
      guard let byte = peek else { return }
      if byte == UInt8(ascii: "[") { table = try header() } else { try pair(in: table, depth: 0) }
      skipSpace()
      try skipComment()
      guard peek == nil || isAtNewline else { throw unexpected("the line should end here") }
    }
  }

  /// The path of a member of a table.
  static func join(_ path: String, _ key: String) -> String {
    let isBare = !key.isEmpty && key.utf8.allSatisfy(isBareKeyByte)
    return (path.isEmpty ? "" : path + ".") + (isBare ? key : JSON.quoted(key))
  }

  // MARK: Tables

  /// Reads `[a.b]` or `[[a.b]]` and returns the path of the table.
  private mutating func header() throws(RecipeError) -> String {
    advance()
    let isArray = peek == UInt8(ascii: "[")
    if isArray { advance() }
    skipSpace()
    let keys = try dottedKey()
    var path = ""
    for (index, key) in keys.enumerated() {
      path = Self.join(path, key)
      mark(path)
      if isArray, index == keys.count - 1 {
        let count = tableCounts[path, default: 0]
        tableCounts[path] = count + 1
        path += "[\(count)]"
        mark(path)
      } else if let count = tableCounts[path] {
        path += "[\(count - 1)]"
      }
    }
    for _ in 0..<(isArray ? 2 : 1) { try take("]") }
    return path
  }

  /// Reads `a.b = value`.
  private mutating func pair(in table: String, depth: Int) throws(RecipeError) {
    var path = table
    let keys = try dottedKey()
    for key in keys {
      path = Self.join(path, key)
      mark(path)
    }
    try take("=")
    skipSpace()
    try value(path, depth: depth + keys.count)
  }

  private mutating func dottedKey() throws(RecipeError) -> [String] {
    var keys = [try key()]
    while true {
      skipSpace()
      guard peek == UInt8(ascii: ".") else { return keys }
      advance()
      skipSpace()
      keys.append(try key())
      guard keys.count <= Self.maximumDepth else { throw tooDeep }
    }
  }

  private mutating func key() throws(RecipeError) -> String {
    let start = position
    switch peek {
    case let byte? where Self.isBareKeyByte(byte):
      while let byte = peek, Self.isBareKeyByte(byte) { advance() }
      return text(from: start)
    case UInt8(ascii: "'"):
      try literalString(isKey: true)
      return String(text(from: start).dropFirst().dropLast())
    case UInt8(ascii: "\""):
      try basicString(isKey: true)
      // A key with escapes that JSON lacks is kept as written, and errors do not state its line.
      let quoted = text(from: start)
      if case .string(let key)? = try? JSON(parsing: quoted) { return key }
      return quoted
    default: throw unexpected("a setting's name is expected")
    }
  }

  // MARK: Values

  private mutating func value(_ path: String, depth: Int) throws(RecipeError) {
    guard depth <= Self.maximumDepth else { throw tooDeep }
    switch peek {
    case UInt8(ascii: "\""): try basicString()
    case UInt8(ascii: "'"): try literalString()
    case UInt8(ascii: "["): try array(path, depth: depth)
    case UInt8(ascii: "{"): try inlineTable(path, depth: depth)
    default: try scalar()
    }
  }

  private mutating func array(_ path: String, depth: Int) throws(RecipeError) {
    advance()
    var count = 0
    while true {
      try skipBlank()
      if peek == UInt8(ascii: "]") { break }
      let element = "\(path)[\(count)]"
      mark(element)
      try value(element, depth: depth + 1)
      count += 1
      try skipBlank()
      guard peek == UInt8(ascii: ",") else { break }
      advance()
    }
    guard peek == UInt8(ascii: "]") else { throw unexpected("a comma or ] is expected after an element of a list") }
    advance()
  }

  private mutating func inlineTable(_ path: String, depth: Int) throws(RecipeError) {
    advance()
    skipSpace()
    if peek != UInt8(ascii: "}") {
      while true {
        if isAtNewline || peek == UInt8(ascii: "#") { throw error("what stands in { } must stay on one line") }
        try pair(in: path, depth: depth + 1)
        skipSpace()
        guard peek == UInt8(ascii: ",") else { break }
        advance()
        skipSpace()
      }
    }
    if isAtNewline || peek == UInt8(ascii: "#") { throw error("what stands in { } must stay on one line") }
    guard peek == UInt8(ascii: "}") else { throw unexpected("a comma or } is expected after a setting in { }") }
    advance()
  }

  /// Reads a number, `true` or `false`.
  private mutating func scalar() throws(RecipeError) {
    let start = position
    while let byte = peek,
      Self.isBareKeyByte(byte) || [UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: ":")].contains(byte)
    { advance() }
    let word = text(from: start)
    if word.isEmpty { throw unexpected("a value is expected") }
    if word == "true" || word == "false" || Self.isNumber(word) { return }
    if ["true", "false"].contains(word.lowercased()) { throw error("\(word) is written \(word.lowercased())") }
    throw error(
      "\(JSON.quoted(word, limit: 40)) is no number, true or false; text stands in quotes: \"\(word.prefix(40))\"")
  }

  /// Whether a word is a number: `15`, `-1e-3`, `0.5`, `0xff`.
  private static func isNumber(_ word: String) -> Bool {
    var rest = Substring(word)
    func digits(_ isDigit: (Character) -> Bool = { "0"..."9" ~= $0 }) -> Bool {
      let run = rest.prefix { isDigit($0) || $0 == "_" }
      rest = rest.dropFirst(run.count)
      return run.first.map { $0 != "_" } ?? false
    }
    for (prefix, range) in [("0x", "0123456789abcdefABCDEF"), ("0o", "01234567"), ("0b", "01")]
    where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(2)
      return digits(range.contains) && rest.isEmpty
    }
    if let first = rest.first, "+-".contains(first) { rest = rest.dropFirst() }
    guard digits() else { return false }
    if rest.first == "." {
      rest = rest.dropFirst()
      guard digits() else { return false }
    }
    if let first = rest.first, "eE".contains(first) {
      rest = rest.dropFirst()
      if let sign = rest.first, "+-".contains(sign) { rest = rest.dropFirst() }
      guard digits() else { return false }
    }
    return rest.isEmpty
  }

  // MARK: Strings

  private mutating func basicString(isKey: Bool = false) throws(RecipeError) {
    let isLong = starts(with: "\"\"\"") && !isKey
    let start = line
    for _ in 0..<(isLong ? 3 : 1) { advance() }
    while let byte = peek {
      if byte == UInt8(ascii: "\\") {
        if starts(with: "\\u0000") || starts(with: "\\U00000000") { throw error("text must hold no zero character") }
        advance()
        if peek != nil { advance() }
      } else if byte == UInt8(ascii: "\n"), !isLong {
        break
      } else if byte != UInt8(ascii: "\"") {
        advance()
      } else if try endString("\"", isLong: isLong) {
        return
      }
    }
    throw unended(from: start)
  }

  private mutating func literalString(isKey: Bool = false) throws(RecipeError) {
    let isLong = starts(with: "'''") && !isKey
    let start = line
    for _ in 0..<(isLong ? 3 : 1) { advance() }
    while let byte = peek {
      if byte == UInt8(ascii: "\n"), !isLong { break }
      if byte != UInt8(ascii: "'") {
        advance()
      } else if try endString("'", isLong: isLong) {
        return
      }
    }
    throw unended(from: start)
  }

  /// Reads quotes within a string or at its end.
  ///
  /// - Returns: whether the string ended. A multi-line string ends with three quotes, which may follow up to two quotes
  ///   of its text.
  private mutating func endString(_ quote: Unicode.Scalar, isLong: Bool) throws(RecipeError) -> Bool {
    guard isLong else {
      advance()
      return true
    }
    var count = 0
    while peek == UInt8(ascii: quote), count < 5 {
      advance()
      count += 1
    }
    return count >= 3
  }

  private func unended(from start: Int) -> RecipeError {
    RecipeError(line: start, "text that begins in this line has no closing quote")
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func advance() {
    if bytes[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

  private func text(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

  private var isAtNewline: Bool { peek == UInt8(ascii: "\n") || starts(with: "\r\n") }

  private static func isBareKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private mutating func skipSpace() {
    while peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") { advance() }
  }

  private mutating func skipComment() throws(RecipeError) {
    guard peek == UInt8(ascii: "#") else { return }
    while let byte = peek, byte != UInt8(ascii: "\n") {
      guard byte >= 0x20 && byte != 0x7f || byte == UInt8(ascii: "\t") || isAtNewline else {
        throw error("a control character stands in a comment")
      }
      advance()
    }
  }

  /// Skips spaces, comments and line ends.
  private mutating func skipBlank() throws(RecipeError) {
    while true {
      skipSpace()
      try skipComment()
      guard isAtNewline else { return }
      if peek == UInt8(ascii: "\r") { advance() }
      advance()
    }
  }

  private mutating func take(_ scalar: Unicode.Scalar) throws(RecipeError) {
    guard peek == UInt8(ascii: scalar) else { throw unexpected("\(scalar) is expected") }
    advance()
  }

  private mutating func mark(_ path: String) {
    if marks[path] == nil { marks[path] = Mark(line: line, order: marks.count) }
  }

  private func error(_ problem: String) -> RecipeError { RecipeError(line: line, problem) }

  private var tooDeep: RecipeError { error("tables and lists nest deeper than \(Self.maximumDepth)") }

  /// An error that shows the unexpected text.
  private func unexpected(_ problem: String) -> RecipeError {
    guard let byte = peek else { return error("\(problem), but the recipe ends") }
    if isAtNewline { return error("\(problem), but the line ends") }
    // A multi-byte character cut off at the limit is shown as unknown.
    let next = String(decoding: bytes[position...].prefix(4), as: UTF8.self).first.map(String.init)
    return error("\(problem), not \(JSON.quoted(next ?? String(byte)))")
  }
}

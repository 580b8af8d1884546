/// A pull parser for JSON text (RFC 8259).
///
/// The caller says what it expects next, so nothing is allocated for text that it does not want: a hostile header takes
/// no more memory than its own length. Strict: UTF-8 only, no text after the value. Duplicate keys are the caller's to
/// check.
package struct JSONReader {
  private let bytes: [UInt8]
  private var position = 0
  /// The most levels of nested arrays and objects.
  private let maximumDepth: Int
  private var depth = 0

  package init(_ bytes: [UInt8], maximumDepth: Int = 64) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// The type of a value, as its first byte tells it.
  package enum Kind {
    case object, array, string, number, boolean, null
  }

  /// The type of the next value, without consuming it.
  package mutating func next() throws(JSONError) -> Kind {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case let byte? where byte == UInt8(ascii: "-") || 0x30...0x39 ~= byte: return .number
    case nil: throw error("the text ends where a value is expected")
    default: throw error("a value is expected")
    }
  }

  /// Reads an object; calls `member` with each key, which must read the key's value.
  package mutating func object(_ member: (inout JSONReader, String) throws(JSONError) -> Void) throws(JSONError) {
    try elements(from: "{", to: "}") { reader throws(JSONError) in
      let key = try reader.string()
      try reader.take(":")
      try member(&reader, key)
    }
  }

  /// Reads an array; calls `element` for each element, which must read one value.
  package mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try elements(from: "[", to: "]", element)
  }

  private mutating func elements(
    from open: Unicode.Scalar, to close: Unicode.Scalar, _ element: (inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) {
    try take(open)
    depth += 1
    guard depth <= maximumDepth else { throw error("values nest deeper than \(maximumDepth)") }
    skipSpace()
    if peek == UInt8(ascii: close) {
      position += 1
    } else {
      while true {
        try element(&self)
        skipSpace()
        if peek == UInt8(ascii: ",") {
          position += 1
        } else {
          try take(close)
          break
        }
      }
    }
    depth -= 1
  }

  /// Reads a string and resolves its escapes.
  package mutating func string() throws(JSONError) -> String {
    try take("\"")
    var text: [UInt8] = []
    while true {
      let start = position
      position = endOfPlainText()
      guard let byte = peek else { throw error("the text ends within a string") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        // Fast path: most strings have no escapes.
        let end = position - 1
        let string =
          text.isEmpty
          ? String(validating: bytes[start..<end], as: UTF8.self)
          : String(validating: text + bytes[start..<end], as: UTF8.self)
        guard let string else { throw error("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"):
        text += bytes[start..<(position - 1)]
        text += try escape()
      default: throw error("a control character stands in a string")
      }
    }
  }

  /// The position of the first byte of a string that is an escape, a quote or not allowed.
  private func endOfPlainText() -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var end = position
      while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
        end += 1
      }
      return end
    }
  }

  /// The UTF-8 bytes of the escape behind a backslash.
  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = peek else { throw error("the text ends within a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if 0xd800..<0xdc00 ~= code, peek == UInt8(ascii: "\\") {
        position += 1
        try take("u")
        let low = try hexadecimal()
        guard 0xdc00..<0xe000 ~= low else { throw error("half of a surrogate pair stands alone") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair stands alone") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("an unknown escape stands in a string")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("the text ends within a string") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw error("\\u must be followed by four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  /// Reads a number and returns its text.
  package mutating func number() throws(JSONError) -> String {
    skipSpace()
    let start = position
    if peek == UInt8(ascii: "-") { position += 1 }
    let leading = peek
    guard digits() else { throw error("a number is expected") }
    if leading == UInt8(ascii: "0"), bytes[position - 1] != UInt8(ascii: "0") || position - start > 2 {
      throw error("a number starts with a zero")
    }
    if peek == UInt8(ascii: ".") {
      position += 1
      guard digits() else { throw error("digits must follow a decimal point") }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      position += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      guard digits() else { throw error("digits must follow an exponent") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = peek, 0x30...0x39 ~= byte { position += 1 }
    return position > start
  }

  /// Reads a number that must be an integer from 0 to `Int.max`.
  package mutating func natural() throws(JSONError) -> Int {
    let text = try number()
    guard text.utf8.first != UInt8(ascii: "-"), let value = Int(text) else {
      throw error("\(text.prefix(40)) is not an integer from 0 to \(Int.max)")
    }
    return value
  }

  /// Reads `true`, `false` or `null`.
  package mutating func word() throws(JSONError) -> Bool? {
    skipSpace()
    for (word, value) in [("true", true), ("false", false), ("null", nil)] as [(String, Bool?)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw error("a value is expected")
  }

  /// Checks that only white space is left.
  package mutating func end() throws(JSONError) {
    skipSpace()
    guard position == bytes.count else { throw error("something follows the value") }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ scalar: Unicode.Scalar) throws(JSONError) {
    skipSpace()
    guard peek == UInt8(ascii: scalar) else { throw error("'\(scalar)' is expected") }
    position += 1
  }

  package func error(_ problem: String) -> JSONError { JSONError(offset: position, problem: problem) }
}

/// Text that is not the expected JSON.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// The byte offset of the problem in the text.
  public var offset: Int
  public var problem: String

  public init(offset: Int, problem: String) {
    self.offset = offset
    self.problem = problem
  }

  public var description: String { "\(problem) (at byte \(offset))" }
}

/// A JSON value whose objects keep the order of their members.
public enum JSON: Hashable, Sendable {
  case object(Members)
  case array([JSON])
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case null

  /// An object's members in order.
  public typealias Members = OrderedMembers<JSON>

  /// The longest text that ``init(parsing:)`` accepts, in bytes; a value takes several times its text's memory.
  public static let maximumLength = 4 << 20

  /// - Throws: ``JSONError`` for text that is not JSON, repeats a key, or is too long or too deeply nested.
  public init(parsing text: String) throws(JSONError) {
    guard text.utf8.count <= Self.maximumLength else {
      throw JSONError(offset: 0, problem: "JSON of more than \(Self.maximumLength) bytes")
    }
    var reader = JSONReader(Array(text.utf8))
    self = try Self.value(&reader)
    try reader.end()
  }

  private static func value(_ reader: inout JSONReader) throws(JSONError) -> JSON {
    switch try reader.next() {
    case .object:
      var members = Members()
      try reader.object { reader, key throws(JSONError) in
        guard members[key] == nil else {
          throw reader.error("the key \(JSON.quoted(key, limit: 60)) stands there twice")
        }
        members[key] = try value(&reader)
      }
      return .object(members)
    case .array:
      var elements: [JSON] = []
      try reader.array { reader throws(JSONError) in elements.append(try value(&reader)) }
      return .array(elements)
    case .string: return .string(try reader.string())
    case .number:
      let text = try reader.number()
      if let integer = Int(text) { return .integer(integer) }
      guard let number = Double(text), number.isFinite else { throw reader.error("a number is too large") }
      return .number(number)
    case .boolean: return .boolean(try reader.word() ?? false)
    case .null:
      _ = try reader.word()
      return .null
    }
  }

  /// Compact text; equal values give equal text.
  public var text: String {
    switch self {
    case .object(let members):
      "{" + members.map { JSON.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .string(let string): JSON.quoted(string)
    case .integer(let integer): String(integer)
    case .number(let number): number.isFinite ? String(number) : "null"
    case .boolean(let boolean): String(boolean)
    case .null: "null"
    }
  }

  /// A quoted string with the escapes that JSON requires, and further control characters escaped.
  public static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // JSON requires this below U+0020 only; terminals interpret other characters too.
      case _ where scalar.isControl:
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  /// At most the first `limit` characters of a string, quoted: for messages about untrusted text.
  package static func quoted(_ string: String, limit: Int) -> String { quoted(String(string.prefix(limit))) }

  /// The value of a number or an integer; `nil` for other values.
  public var double: Double? {
    switch self {
    case .number(let number): number
    case .integer(let integer): Double(integer)
    default: nil
    }
  }
}

/// A dictionary that keeps the insertion order of its keys.
public struct OrderedMembers<Value: Sendable>: Sendable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
  private var entries: [(key: String, value: Value)] = []
  private var places: [String: Int] = [:]

  public init() {}

  /// - Precondition: the keys differ.
  public init(dictionaryLiteral elements: (String, Value)...) {
    for (key, value) in elements {
      precondition(self[key] == nil, "the key \(key) stands there twice")
      self[key] = value
    }
  }

  public var startIndex: Int { entries.startIndex }
  public var endIndex: Int { entries.endIndex }
  public subscript(position: Int) -> (key: String, value: Value) { entries[position] }

  /// The value of a key. A new key is appended; setting `nil` removes a key.
  public subscript(key: String) -> Value? {
    get { places[key].map { entries[$0].value } }
    set {
      switch (places[key], newValue) {
      case (let place?, let value?): entries[place].value = value
      case (let place?, nil):
        entries.remove(at: place)
        places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.key, $0) })
      case (nil, let value?):
        places[key] = entries.count
        entries.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// Appends a new key. Returns false and changes nothing when the key exists.
  mutating func append(_ key: String, _ value: Value) -> Bool {
    if let place = places.updateValue(entries.count, forKey: key) {
      places[key] = place
      return false
    }
    entries.append((key, value))
    return true
  }

  public var keys: [String] { entries.map(\.key) }
}

extension OrderedMembers: Equatable where Value: Equatable {
  public static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.value == $1.value }
  }
}

extension OrderedMembers: Hashable where Value: Hashable {
  public func hash(into hasher: inout Hasher) {
    for entry in entries {
      hasher.combine(entry.key)
      hasher.combine(entry.value)
    }
  }
}

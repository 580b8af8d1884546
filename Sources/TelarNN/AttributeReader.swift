@_exported import TelarIO

/// An invalid set of keywords for a layer, optimizer or schedule.
public struct AttributeError: Error, Equatable, CustomStringConvertible {
  /// Where: `encoder.0 (Conv2d)`.
  public var place: String
  /// The keyword with the invalid value; `nil` where no single keyword is at fault.
  public var keyword: String?
  /// The problem, after the keyword if there is one: `must be …`.
  public var detail: String

  public init(_ place: String, keyword: String? = nil, _ detail: String) {
    self.place = place
    self.keyword = keyword
    self.detail = detail
  }

  /// The problem, with the keyword: `kernel_size must be …`.
  public var problem: String { (keyword.map { $0 + " " } ?? "") + detail }

  public var description: String { "\(place): \(problem)" }
}

/// A condition on the value of a keyword, with its wording in errors.
public struct NumberRule: Sendable {
  /// `a number above 0`
  let text: String
  let accepts: @Sendable (Double) -> Bool

  /// - Parameters:
  ///   - text: the condition in words: `a number above 0`.
  ///   - accepts: whether a finite number fulfils it.
  public init(_ text: String, _ accepts: @escaping @Sendable (Double) -> Bool) {
    self.text = text
    self.accepts = accepts
  }

  /// The upper limit of ``positive`` and ``nonNegative``, which is finite in single precision.
  private static let largest = 1e30

  public static let positive = NumberRule("a number above 0") { 0 < $0 && $0 <= largest }
  public static let nonNegative = NumberRule("a number from 0") { 0 <= $0 && $0 <= largest }
  /// The decay factor of a running mean.
  public static let share = NumberRule("a number from 0 to below 1") { 0 <= $0 && $0 < 1 }
  public static let zeroToOne = NumberRule("a number from 0 to 1") { 0 <= $0 && $0 <= 1 }
}

/// The keywords of a module's constructor, taken one by one; what is left over in the end is an error.
///
/// Numbers are bounded so that no arithmetic with them can overflow, however hostile the text is.
public struct AttributeReader {
  /// Largest size, stride or padding that is taken.
  public static let largestInteger = Pair.largest

  public private(set) var place: String
  private var members: JSON.Members
  /// The keywords that were asked for.
  package private(set) var known: [String] = []
  /// The keywords without those for which only one value is supported.
  private(set) var keywords = Keywords()
  /// Whether a missing required keyword gets an example value, so that an initializer asks for all of its keywords.
  private let describes: Bool

  public init(_ members: JSON.Members, place: String) {
    self.members = members
    self.place = place
    describes = false
  }

  /// A reader that records which keywords an initializer asks for.
  init(describing: Void) {
    members = [:]
    place = ""
    describes = true
  }

  /// The same keywords with another place in messages.
  func at(_ place: String) -> AttributeReader { AttributeReader(members, place: place) }

  private mutating func take(_ name: String) -> JSON? {
    known.append(name)
    defer { members[name] = nil }
    return members[name]
  }

  /// The value of a keyword, converted from JSON by `read`, or its default.
  ///
  /// - Parameter example: a valid value, for a reader that only records keywords.
  /// - Throws: ``AttributeError`` for a missing required keyword; errors of `read`.
  mutating func take<Value>(
    _ name: String, default fallback: Value?, example: Value, _ read: (JSON) throws -> Value
  ) throws -> Value {
    if fallback == nil { keywords.required.append(name) } else { keywords.optional.append(name) }
    if let value = take(name) { return try read(value) }
    guard let value = fallback ?? (describes ? example : nil) else { throw missing(name) }
    return value
  }

  /// What a required keyword that is not there may have been written as.
  private func missing(_ name: String) -> AttributeError {
    AttributeError(
      place, "\(name) is missing" + (members.isEmpty ? "" : "; there are \(members.keys.joined(separator: ", "))"))
  }

  /// An error for the value of a keyword that is none of a few.
  public func error(_ keyword: String, _ value: String, noneOf choices: [String]) -> AttributeError {
    let listed = choices.map { JSON.quoted($0) }.joined(separator: " or ")
    let remark = Spelling.remark(value, among: choices) { JSON.quoted($0) }
    return error(keyword, "must be \(listed), not \(JSON.quoted(value, limit: 40))\(remark)")
  }

  /// An error for the value of a keyword.
  ///
  /// - Parameter detail: the text after the keyword: `must be even`.
  public func error(_ keyword: String, _ detail: String) -> AttributeError {
    AttributeError(place, keyword: keyword, detail)
  }

  /// A whole number, at least `minimum`. Without a default it must be there.
  public mutating func integer(_ name: String, default fallback: Int? = nil, atLeast minimum: Int = 1) throws -> Int {
    try take(name, default: fallback, example: max(4, minimum)) { [self] in try integer($0, name, minimum) }
  }

  private func integer(_ value: JSON, _ name: String, _ minimum: Int) throws -> Int {
    guard case .integer(let number) = value, minimum...Self.largestInteger ~= number else {
      throw error(name, "must be an integer from \(minimum) to \(Self.largestInteger), not \(shown(value))")
    }
    return number
  }

  /// A number or a list of height and width; null is the default.
  public mutating func pair(_ name: String, default fallback: Pair? = nil, atLeast minimum: Int = 1) throws -> Pair {
    if fallback != nil, members[name] == .null { members[name] = nil }
    return try take(name, default: fallback, example: Pair(both: minimum)) { [self] value in
      guard case .array(let sizes) = value else { return Pair(both: try integer(value, name, minimum)) }
      guard sizes.count == 2 else { throw error(name, "must be a number or a pair, not \(shown(value))") }
      return Pair(try integer(sizes[0], name, minimum), try integer(sizes[1], name, minimum))
    }
  }

  /// A list of exactly `count` whole numbers.
  public mutating func integers(_ name: String, count: Int) throws -> [Int] {
    try take(name, default: nil, example: [Int](repeating: 1, count: count)) { [self] value in
      guard case .array(let list) = value, list.count == count else {
        throw error(name, "must be a list of \(count) numbers, not \(shown(value))")
      }
      return try list.map { try integer($0, name, 1) }
    }
  }

  /// A finite number within a range, in single precision.
  public mutating func number(_ name: String, default fallback: Double? = nil, in range: ClosedRange<Double>) throws
    -> Float
  {
    Float(try double(name, default: fallback, in: range))
  }

  /// A finite number within a range.
  public mutating func double(_ name: String, default fallback: Double? = nil, in range: ClosedRange<Double>) throws
    -> Double
  {
    let rule = NumberRule("a number from \(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
    return try double(name, default: fallback, rule)
  }

  /// A finite number within a range, or a list of up to four.
  public mutating func doubles(_ name: String, default fallback: [Double]? = nil, in range: ClosedRange<Double>) throws
    -> [Double]
  {
    try take(name, default: fallback, example: [0]) { [self] value in
      let elements = if case .array(let elements) = value { elements } else { [value] }
      let numbers = elements.compactMap(\.double).filter { $0.isFinite && range.contains($0) }
      guard numbers.count == elements.count, 1...4 ~= numbers.count else {
        throw error(
          name,
          "must be a number from \(range.lowerBound) to \(range.upperBound), or a list of one a channel, not "
            + shown(value))
      }
      return numbers
    }
  }

  /// A finite number that fulfils a rule.
  public mutating func double(_ name: String, default fallback: Double? = nil, _ rule: NumberRule) throws -> Double {
    try take(name, default: fallback, example: [0.5, 1, 0].first(where: rule.accepts) ?? 0) { [self] value in
      guard let number = value.double, number.isFinite, rule.accepts(number) else {
        throw error(name, "must be \(rule.text), not \(shown(value))")
      }
      return number
    }
  }

  public mutating func flag(_ name: String, default fallback: Bool? = nil) throws -> Bool {
    try take(name, default: fallback, example: false) { [self] value in
      guard case .boolean(let flag) = value else { throw error(name, "must be true or false, not \(shown(value))") }
      return flag
    }
  }

  public mutating func string(_ name: String, default fallback: String? = nil) throws -> String {
    try take(name, default: fallback, example: "") { [self] value in
      guard case .string(let text) = value else { throw error(name, "must be a string, not \(shown(value))") }
      return text
    }
  }

  /// The value of a keyword that `read` makes of JSON, or its default.
  ///
  /// - Throws: errors of `read`; those of a reader of its own are about the keyword within this one.
  public mutating func take<Value>(
    _ name: String, default fallback: Value, _ read: (JSON, AttributeReader) throws -> Value
  ) throws -> Value {
    try take(name, default: fallback, example: fallback) { [self] value in
      do {
        return try read(value, self)
      } catch let error as AttributeError where error.place == name {
        throw AttributeError(
          place, keyword: error.keyword.map { "\(name).\($0)" } ?? name, error.detail)
      }
    }
  }

  /// The keywords of a table, `false` for none.
  public mutating func table<Value>(
    _ name: String, _ read: (inout AttributeReader) throws -> Value?
  ) throws -> Value? {
    try take(name, default: nil) { value, reader in
      if value == .boolean(false) || value == .null { return nil }
      guard case .object(let members) = value else {
        throw reader.error(name, "must be a table or false, not \(reader.shown(value))")
      }
      var inner = AttributeReader(members, place: name)
      let result = try read(&inner)
      try inner.end()
      return result
    }
  }

  /// A keyword for which only one value, its default, is taken.
  public mutating func only(_ name: String, _ value: JSON) throws {
    guard let given = take(name), given != value else { return }
    throw error(name, "\(shown(given)) is not supported; only \(value.text) is")
  }

  /// Checks that every keyword was taken.
  public func end() throws {
    guard let name = members.keys.first else { return }
    let advice = known.isEmpty ? " There are none." : Spelling.advice(name, among: known)
    throw AttributeError(place, "no keyword is named \(JSON.quoted(name, limit: 40)).\(advice)")
  }

  private func shown(_ value: JSON) -> String {
    // JSON cannot express infinities and NaN, but TOML can.
    if case .number(let number) = value, !number.isFinite { return "\(number)" }
    let text = value.text
    return text.count <= 60 ? text : text.prefix(60) + "…"
  }
}

extension Pair {
  /// As PyTorch's keywords have it: a number where both are alike.
  public var json: JSON { height == width ? .integer(height) : .array([.integer(height), .integer(width)]) }
}

extension OrderedMembers {
  /// These members and then others.
  package func adding(_ others: Self) -> Self {
    var all = self
    for (key, value) in others { all[key] = value }
    return all
  }
}

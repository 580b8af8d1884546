import TOMLKit
import TelarIO

/// A value of a recipe, with its place.
package struct TOMLNode: Sendable {
  package enum Value: Sendable {
    case table(OrderedMembers<TOMLNode>)
    case array([TOMLNode])
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
  }

  package var value: Value
  /// `experiments[0].optimizer`; empty for the whole document.
  package var path: String
  /// The line, from 1; `nil` where it is unknown.
  package var line: Int?

  init(_ value: Value, path: String = "", line: Int? = nil) {
    self.value = value
    self.path = path
    self.line = line
  }

  /// Parses a document. Tables keep the order of their members.
  ///
  /// - Throws: ``RecipeError`` with the line.
  package init(parsing text: String) throws(RecipeError) {
    // The parser would end the document there.
    guard !text.utf8.contains(0) else { throw RecipeError("it holds zero bytes, so it is no text") }
    let outline = try TOMLOutline(text)
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let hint =
        error.description.contains("as array-of-tables") ? "; each of several stands under double brackets: [[…]]" : ""
      throw RecipeError(line: error.source.begin.line, error.description + hint)
    } catch {
      throw RecipeError("\(error)")
    }
    try self.init(table, "", outline)
  }

  private init(_ value: any TOMLValueConvertible, _ path: String, _ outline: TOMLOutline) throws(RecipeError) {
    self.path = path
    line = outline.marks[path]?.line
    switch value.type {
    case .table:
      let table = value.table!
      let entries = table.keys.map { key in (key, path: TOMLOutline.join(path, key)) }
        .sorted { (outline.marks[$0.path]?.order ?? .max) < (outline.marks[$1.path]?.order ?? .max) }
      var members = OrderedMembers<TOMLNode>()
      for (key, path) in entries {
        guard let member = table[key] else { continue }
        members[key] = try TOMLNode(member, path, outline)
      }
      self.value = .table(members)
    case .array:
      var elements: [TOMLNode] = []
      for (index, element) in value.array!.enumerated() {
        elements.append(try TOMLNode(element, "\(path)[\(index)]", outline))
      }
      self.value = .array(elements)
    case .string: self.value = .string(value.string!)
    case .int: self.value = .integer(value.int!)
    case .double: self.value = .number(value.double!)
    case .bool: self.value = .boolean(value.bool!)
    case .date, .time, .dateTime: throw RecipeError(line: line, place: path, "dates and times have no use in a recipe")
    }
  }

  func error(_ problem: String) -> RecipeError { RecipeError(line: line, place: path, problem) }

  /// An error for a value that names nothing known.
  ///
  /// - Parameter what: the word for what it should name: `experiment`.
  func unknown(_ what: String, _ name: String, among known: [String]) -> RecipeError {
    error("no \(what) is named \(JSON.quoted(name, limit: 120)).\(Spelling.advice(name, among: known))")
  }

  /// An error for a value that is none of a few.
  func error(noneOf choices: [String]) -> RecipeError {
    var remark = ""
    if case .string(let text) = value { remark = Spelling.remark(text, among: choices) { JSON.quoted($0) } }
    return error("must be \(choices.map { JSON.quoted($0) }.joined(separator: " or ")), not \(shown)\(remark)")
  }

  /// The value as error messages show it.
  var shown: String {
    switch value {
    case .table: "a table"
    case .array: "a list"
    case .string(let text): JSON.quoted(text, limit: 40)
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    }
  }

  /// The value as JSON.
  package var json: JSON {
    switch value {
    case .table(let members): .object(members.reduce(into: JSON.Members()) { $0[$1.key] = $1.value.json })
    case .array(let elements): .array(elements.map(\.json))
    case .string(let text): .string(text)
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .boolean(let flag): .boolean(flag)
    }
  }
}

// MARK: - Values of the type that a setting has

extension TOMLNode {
  func string() throws(RecipeError) -> String {
    guard case .string(let text) = value else { throw error("must be text in quotes, not \(shown)") }
    return text
  }

  /// Text that is shown on one line of a terminal or a table.
  func line(limit: Int = 500) throws(RecipeError) -> String {
    let text = try string()
    guard text.count <= limit else { throw error("must be text of at most \(limit) characters, not \(text.count)") }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw error("must be text of one line")
    }
    return text
  }

  func boolean() throws(RecipeError) -> Bool {
    guard case .boolean(let flag) = value else { throw error("must be true or false, not \(shown)") }
    return flag
  }

  func integer(_ range: ClosedRange<Int>) throws(RecipeError) -> Int {
    guard case .integer(let number) = value, range.contains(number) else {
      throw error("must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(shown)")
    }
    return number
  }

  /// - Parameter rule: the permitted numbers, in words: `a number above 0`.
  func number(_ rule: String, _ isFine: (Double) -> Bool) throws(RecipeError) -> Double {
    let number: Double
    switch value {
    case .integer(let integer): number = Double(integer)
    case .number(let double): number = double
    default: throw error("must be \(rule), not \(shown)")
    }
    guard number.isFinite, isFine(number) else { throw error("must be \(rule), not \(shown)") }
    return number
  }

  func array() throws(RecipeError) -> [TOMLNode] {
    guard case .array(let elements) = value else { throw error("must be a list in [ ], not \(shown)") }
    return elements
  }

  /// Whether the value is `false`, which switches a setting off.
  var isFalse: Bool {
    if case .boolean(false) = value { true } else { false }
  }
}

import TelarData
import TelarIO

/// The variables of an experiment, substituted for `$name` or `${name}` in its settings and networks.
///
/// Text that is a single reference becomes the variable's value, such as a number; within other text the value's
/// characters are inserted. `$$` stands for a dollar sign.
struct Variables {
  private let values: OrderedMembers<TOMLNode>
  /// What the data says: `height`, `width`, `channels` and `classes`, where no variable has the name.
  private let builtIn: [String: TOMLNode]
  /// The variables that were referred to.
  private(set) var used: Set<String> = []

  /// - Parameters:
  ///   - node: the table of variables; `nil` for none.
  ///   - shape: the data's.
  init(_ node: TOMLNode?, of shape: DataShape) throws(RecipeError) {
    let known = [
      "height": shape.size.height, "width": shape.size.width, "channels": shape.size.channels,
      "classes": shape.classCount,
    ]
    builtIn = known.mapValues { TOMLNode(.integer($0)) }
    guard let node else {
      values = [:]
      return
    }
    guard case .table(let members) = node.value else {
      throw node.error("must be a table of variables, not \(node.shown)")
    }
    for (name, value) in members {
      guard Self.isName(name) else {
        throw value.error("a variable's name is made of letters, digits and _, and begins with no digit")
      }
      if case .table = value.value { throw value.error("must be a number, text, true or false, or a list of such") }
    }
    values = members
  }

  /// The node with all references substituted, at any depth.
  mutating func substitute(in node: TOMLNode) throws(RecipeError) -> TOMLNode {
    var node = node
    switch node.value {
    case .table(var members):
      for (name, member) in members { members[name] = try substitute(in: member) }
      node.value = .table(members)
    case .array(var elements):
      for index in elements.indices { elements[index] = try substitute(in: elements[index]) }
      node.value = .array(elements)
    case .string(let text): node.value = try substitute(in: text, of: node)
    case .integer, .number, .boolean: break
    }
    return node
  }

  private mutating func substitute(in text: String, of node: TOMLNode) throws(RecipeError) -> TOMLNode.Value {
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...].dropFirst()
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      let isBraced = rest.first == "{"
      if isBraced { rest = rest.dropFirst() }
      let name = String(rest.prefix { Self.isNameCharacter($0) })
      rest = rest.dropFirst(name.count)
      if isBraced, rest.first != "}" { throw node.error("${ has no }") }
      if isBraced { rest = rest.dropFirst() }
      guard let value = values[name] ?? builtIn[name] else { throw unknown(name, in: node) }
      used.insert(name)
      if result.isEmpty, rest.isEmpty, text == "$\(name)" || text == "${\(name)}" { return value.value }
      guard let label = value.label else {
        throw node.error("the variable \(name) is \(value.shown), which cannot stand within text")
      }
      result += label
    }
    return .string(result + rest)
  }

  private func unknown(_ name: String, in node: TOMLNode) -> RecipeError {
    guard Self.isName(name) else {
      return node.error("$ stands before a variable's name; for the sign itself write $$")
    }
    if values.isEmpty {
      return node.error("there is no variable \(JSON.quoted(name, limit: 40)); give it a value under variables")
    }
    let guess = Spelling.nearest(to: name, among: values.keys).map { "$\($0)" }
    return node.error(
      "there is no variable \(JSON.quoted(name, limit: 40)).\(Spelling.advice(name, among: values.keys, guess: guess))")
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character == "_" || character.isASCII && (character.isLetter || character.isNumber)
  }

  private static func isName(_ name: String) -> Bool {
    name.first.map { !$0.isNumber } == true && name.allSatisfy(isNameCharacter)
  }
}

extension TOMLNode {
  /// Whether its text refers to a variable.
  var hasReferences: Bool {
    switch value {
    case .table(let members): members.contains { $0.value.hasReferences }
    case .array(let elements): elements.contains(where: \.hasReferences)
    case .string(let text): text.contains("$")
    case .integer, .number, .boolean: false
    }
  }

  /// A number, text or Boolean within a name; `nil` for other values.
  ///
  /// A fraction has the shorter of its two forms: 0.2, 1e-3.
  var label: String? {
    switch value {
    case .integer(let number): return String(number)
    case .boolean(let flag): return String(flag)
    case .string(let text): return text
    case .number(let number):
      let decimal = number.description.hasSuffix(".0") ? String(number.description.dropLast(2)) : number.description
      guard let scientific = Self.scientific(number), scientific.count < decimal.count else { return decimal }
      return scientific
    case .table, .array: return nil
    }
  }

  /// `1e-3`, `2.5e-4`; `nil` for a number of one or more.
  private static func scientific(_ number: Double) -> String? {
    guard number.isFinite, number != 0, abs(number) < 1 else { return nil }
    // The shortest decimal that reads back as the same number, split into digits and exponent.
    let text = abs(number).description
    let parts = text.split(separator: "e")
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = mantissa.joined()
    exponent += mantissa[0].count - 1
    while digits.hasPrefix("0"), digits.count > 1 {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
    let fraction = digits.dropFirst()
    return (number < 0 ? "-" : "") + "\(digits.prefix(1))\(fraction.isEmpty ? "" : "." + fraction)e\(exponent)"
  }
}

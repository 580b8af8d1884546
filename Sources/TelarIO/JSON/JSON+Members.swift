/// Access to members of untrusted JSON: `nil` for a value of another type.
extension JSON {
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
    return value
  }

  /// The value of a string.
  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var integer: Int? {
    if case .integer(let number) = self { number } else { nil }
  }

  package var boolean: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }

  package var elements: [JSON] {
    if case .array(let elements) = self { elements } else { [] }
  }
}

extension JSON.Members {
  /// A nested member: `record.at("settings", "optimizer", "name")`.
  package func at(_ keys: String...) -> JSON? {
    keys.reduce(JSON?.some(.object(self))) { $0?[$1] }
  }
}

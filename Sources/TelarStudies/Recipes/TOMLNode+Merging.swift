import TelarIO

extension TOMLNode {
  /// Merges this table into another, whose settings take precedence.
  ///
  /// Nested tables are merged too, so that `optimizer.learning_rate = 0.01` changes a single setting, unless the other
  /// one names its kind: `optimizer = { name = "SGD" }` inherits nothing.
  func merged(with other: TOMLNode) -> TOMLNode { merged(with: other, as: "") }

  private func merged(with other: TOMLNode, as name: String) -> TOMLNode {
    guard case .table(var members) = value, case .table(let others) = other.value,
      !(Self.kinds[name, default: []].contains { others[$0] != nil })
    else { return other }
    for (key, value) in others { members[key] = members[key].map { $0.merged(with: value, as: key) } ?? value }
    return TOMLNode(.table(members), path: other.path, line: other.line)
  }

  /// The members that name the kind of a table.
  private static let kinds = [
    "optimizer": ["name"], "schedule": ["kind"], "pretraining": ["experiment", "checkpoint"],
  ]

  /// The table with short forms expanded: `optimizer = "Adam"` becomes `optimizer = { name = "Adam" }`.
  var withoutShortForms: TOMLNode {
    guard case .table(var members) = value else { return self }
    for (name, setting) in members {
      let member: String
      switch (name, setting.value) {
      case ("optimizer", .string): member = "name"
      case ("schedule", .string): member = "kind"
      case ("pretraining", .string): member = "experiment"
      case ("early_stopping", .integer): member = "patience"
      default: continue
      }
      members[name] = TOMLNode(.table([member: setting]), path: setting.path, line: setting.line)
    }
    return TOMLNode(.table(members), path: path, line: line)
  }
}

import TelarIO
import TelarNN

/// Reads the settings of a table; settings that are left over are errors.
struct TableReader {
  let node: TOMLNode
  private var members: OrderedMembers<TOMLNode>
  /// The names of settings that were asked for, which are those that the table may have.
  private var known: [String] = []

  /// Other programs' names of settings.
  private static let synonyms = [
    "lr": "learning_rate", "eps": "epsilon", "betas": "beta1", "std": "deviation", "batch": "batch_size",
    "bs": "batch_size", "min_delta": "minimum_improvement", "eta_min": "minimum", "min_lr": "minimum", "type": "kind",
    "scheduler": "schedule",
    "lr_scheduler": "schedule", "warmup": "warm_up_epochs", "warmup_epochs": "warm_up_epochs", "freeze": "frozen",
    "freeze_until": "thaw", "unfreeze": "thaw",
    "metric": "metrics",
    "experiment": "experiments", "network": "networks", "default": "defaults",
  ]

  /// Settings of the whole recipe. Behind a table's header, TOML assigns them to the table.
  private static let ofRecipe = ["title", "source", "notes", "seeds", "curve_images"]

  /// - Throws: ``RecipeError`` for any value but a table.
  init(_ node: TOMLNode) throws(RecipeError) {
    guard case .table(let members) = node.value else {
      throw node.error("must be a table of settings, not \(node.shown)")
    }
    self.node = node
    self.members = members
  }

  /// The value of a setting; `nil` where it is missing.
  mutating func take(_ name: String) -> TOMLNode? {
    known.append(name)
    defer { members[name] = nil }
    return members[name]
  }

  /// The value of a required setting.
  mutating func require(_ name: String) throws(RecipeError) -> TOMLNode {
    if let value = take(name) { return value }
    let similar = members.keys.first { Self.synonyms[$0] == name } ?? Spelling.nearest(to: name, among: members.keys)
    throw node.error("\(name) is missing" + (similar.map { "; is \(quoted($0)) meant to be it?" } ?? ""))
  }

  /// Creates a value from the remaining settings by its keywords.
  ///
  /// - Parameter make: reads the settings that it knows.
  mutating func construct<Value>(_ make: (inout AttributeReader) throws -> Value) throws(RecipeError) -> Value {
    var attributes = AttributeReader(members.reduce(into: [:]) { $0[$1.key] = $1.value.json }, place: "")
    do {
      let value = try make(&attributes)
      for name in attributes.known { _ = take(name) }
      return value
    } catch let error as AttributeError {
      // A keyword within a table is `table.keyword`.
      let path = (error.keyword ?? "").split(separator: ".").map(String.init)
      guard let name = path.first, var setting = members[name] else { throw node.error(error.problem) }
      for name in path.dropFirst() {
        guard case .table(let inner) = setting.value, let next = inner[name] else { break }
        setting = next
      }
      throw setting.error(error.detail)
    } catch {
      throw node.error("\(error)")
    }
  }

  /// Checks that no setting is left over.
  ///
  /// - Parameter others: permitted settings that were read before.
  func end(besides others: [String] = []) throws(RecipeError) {
    guard let (name, value) = members.first.map({ ($0.key, $0.value) }) else { return }
    let known = known + others
    if Self.ofRecipe.contains(name), !node.path.isEmpty {
      throw RecipeError(
        line: value.line, place: node.path, "\(name) is a setting of the whole recipe: put it above the first [table]")
    }
    let synonym = Self.synonyms[name].flatMap { known.contains($0) ? $0 : nil }
    throw RecipeError(
      line: value.line, place: node.path,
      "no setting is named \(quoted(name)).\(Spelling.advice(name, among: known, guess: synonym))")
  }

  private func quoted(_ name: String) -> String { JSON.quoted(name, limit: 40) }
}

import TelarData
import TelarIO

/// The part of a run's record that determines its results, except the seed.
///
/// Runs of the same identity may be averaged. If a run starts with another's weights, its identity includes the
/// other's, and so those of all runs before.
struct RunIdentity: Equatable {
  private let members: JSON

  /// - Parameter record: the contents of `run.json`, of this or an earlier version of the program.
  init(_ record: JSON.Members) {
    var members = Self.deciding(record).mapValues(Self.withoutSeed)
    members["device"] = .object([
      "identifier": record.value("device", "identifier"), "name": record.value("device", "name"),
    ])
    for key in ["version", "build"] { members[key] = record[key] }
    self.members = JSON.object(members).canonical
  }

  /// The SHA-256 of the identity, in hexadecimal.
  var digest: String { sha256(Array(members.text.utf8)) }

  /// The first difference of another run, in words; `nil` for the same identity.
  func difference(of other: RunIdentity) -> String? {
    other.members.difference(from: members).map { $0.text(theirs: "that of the others") }
  }

  /// The members of a record that determine a run's results; where its files are does not.
  static func deciding(_ record: JSON.Members) -> JSON.Members {
    var deciding: JSON.Members = [:]
    for key in ["settings", "pretraining", "frozen", "network", "data"] { deciding[key] = record[key] }
    if case .object(var data)? = deciding["data"] {
      data["folder"] = nil
      deciding["data"] = .object(data)
    }
    if case .object(var pretraining)? = deciding["pretraining"], pretraining["sha256"] != nil {
      pretraining["checkpoint"] = nil
      deciding["pretraining"] = .object(pretraining)
    }
    return deciding
  }

  private static func withoutSeed(_ json: JSON) -> JSON {
    guard case .object(var members) = json else { return json }
    members["seed"] = nil
    if let settings = members["settings"] { members["settings"] = withoutSeed(settings) }
    return .object(members)
  }
}

extension RunResult {
  /// The SHA-256 of the run's identity, which includes the runs that its weights come from.
  package var identity: String { RunIdentity(record).digest }
}

extension JSON {
  /// A difference between two values.
  struct Difference {
    /// The path of keys, with points between them: `settings.optimizer.learning_rate`.
    var place: String
    var mine: JSON
    var theirs: JSON

    /// A description: `settings.epochs is 1, that of the others 2`.
    func text(theirs name: String) -> String {
      isLong ? "its \(place) is another" : "its \(place) is \(mine.text), \(name) \(theirs.text)"
    }

    /// Whether the values are too long to be shown.
    var isLong: Bool { mine.text.count + theirs.text.count > 120 }
  }

  /// The first difference of two values.
  ///
  /// - Parameter inShared: whether to compare only keys that both have; otherwise a missing key is null.
  func difference(from other: JSON, inShared: Bool = false, at place: String = "") -> Difference? {
    guard self != other else { return nil }
    guard case .object(let mine) = self, case .object(let theirs) = other else {
      return Difference(place: place, mine: self, theirs: other)
    }
    let keys = inShared ? mine.keys.filter { theirs[$0] != nil } : mine.keys + theirs.keys.filter { mine[$0] == nil }
    for key in keys {
      let (a, b) = (mine[key] ?? .null, theirs[key] ?? .null)
      let inner = place.isEmpty ? key : "\(place).\(key)"
      if let found = a.difference(from: b, inShared: inShared, at: inner) { return found }
    }
    return nil
  }

  /// The value with sorted keys and without null members, so that equivalent records are equal.
  var canonical: JSON {
    switch self {
    case .object(let members):
      .object(
        members.sorted { $0.key < $1.key }.reduce(into: [:]) { result, member in
          if member.value != .null { result[member.key] = member.value.canonical }
        })
    case .array(let elements): .array(elements.map(\.canonical))
    case .string, .integer, .number, .boolean, .null: self
    }
  }
}

extension JSON.Members {
  /// A member of a nested object; null where it is missing.
  func value(_ group: String, _ key: String) -> JSON {
    guard case .object(let members)? = self[group] else { return .null }
    return members[key] ?? .null
  }

  fileprivate func mapValues(_ transform: (JSON) -> JSON) -> JSON.Members {
    reduce(into: [:]) { $0[$1.key] = transform($1.value) }
  }
}

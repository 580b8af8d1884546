import Synchronization

/// A name that is already registered for another type.
///
/// This is an error and not a precondition because two correct packages can use the same name; the program that uses both
/// decides what to do.
public struct RegistrationError: Error, Equatable, CustomStringConvertible {
  /// The kind of type: `layer`, `optimizer`, `schedule`.
  public let kind: String
  public let name: String
  /// The registered name, which may differ in case.
  public let existing: String

  public var description: String {
    "the \(kind) \(name) is not registered, because another type has the name \(existing)"
  }
}

/// Types by their names in files. Thread-safe.
package final class Registry<Entry: Sendable>: Sendable {
  /// The word for an entry in errors.
  private let kind: String
  private let nameOf: @Sendable (Entry) -> String
  private let entries: Mutex<[String: (type: ObjectIdentifier, entry: Entry)]>

  /// - Precondition: no two of the entries have the same name.
  package init(_ kind: String, _ entries: [Entry], name: @escaping @Sendable (Entry) -> String) {
    self.kind = kind
    nameOf = name
    self.entries = Mutex(
      Dictionary(uniqueKeysWithValues: entries.map { (name($0), (Self.identity($0), $0)) }))
  }

  private static func identity(_ entry: Entry) -> ObjectIdentifier {
    guard let type = entry as? Any.Type else { preconditionFailure("\(entry) is not a type") }
    return ObjectIdentifier(type)
  }

  /// Adds a type. Registering it again changes nothing.
  ///
  /// - Throws: ``RegistrationError`` where another type has the name, ignoring case.
  package func register(_ entry: Entry) throws(RegistrationError) {
    let (name, type) = (nameOf(entry), Self.identity(entry))
    let existing = entries.withLock { entries -> String? in
      if let other = entries.first(where: { $0.key.lowercased() == name.lowercased() }) {
        return other.value.type == type ? nil : other.key
      }
      entries[name] = (type, entry)
      return nil
    }
    if let existing { throw RegistrationError(kind: kind, name: name, existing: existing) }
  }

  /// All names in alphabetical order.
  package var names: [String] { entries.withLock { $0.keys.sorted() } }

  package subscript(name: String) -> Entry? { entries.withLock { $0[name]?.entry } }

  /// The entry with a name, ignoring case.
  package func entry(ignoringCaseOf name: String) -> Entry? {
    entries.withLock { entries in
      entries.first { $0.key.lowercased() == name.lowercased() }?.value.entry
    }
  }
}

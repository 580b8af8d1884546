import TelarIO

/// A request that does not make sense: a name that is not there, a number out of range.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  /// A name that is not known: says which are, and the nearest.
  package static func unknown(_ what: String, _ name: String, known: [String]) -> UsageError {
    let guess = Spelling.nearest(to: name, among: known).map { " Did you mean \($0)?" } ?? ""
    return UsageError("no \(what) is named '\(name)'.\(guess) There are: \(known.joined(separator: ", ")).")
  }
}

import TelarIO

/// An invalid request, such as an unknown name or a number out of range.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  /// An error for an unknown name, with the known ones and the nearest of them.
  package static func unknown(_ what: String, _ name: String, known: [String]) -> UsageError {
    UsageError("no \(what) is named '\(name)'.\(Spelling.advice(name, among: known))")
  }
}

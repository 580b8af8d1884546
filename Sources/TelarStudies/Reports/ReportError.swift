/// A folder without anything to report.
public struct ReportError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The folder does not exist.
    case missing
    /// It is not a folder, or holds no run of telar.
    case noRuns
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}

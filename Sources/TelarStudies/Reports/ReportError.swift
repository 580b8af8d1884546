/// A folder of which there is nothing to report.
public struct ReportError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// There is no such folder.
    case missing
    /// It is no folder, or no run of telar is in it.
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

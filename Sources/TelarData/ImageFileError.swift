/// A file that does not hold the requested images.
public struct ImageFileError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The file does not exist or cannot be read.
    case unreadable
    /// The file is of an unsupported format or damaged.
    case malformed
    /// The images have another size, or another number, than requested.
    case mismatch
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path) \(problem)." }
}

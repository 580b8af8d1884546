/// A file that does not give the images that are asked of it.
public struct ImageFileError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// There is no such file, or the system does not let it be read.
    case unreadable
    /// The file is no image of a sort that is read here, or a broken one.
    case malformed
    /// The images are of another size, or other in number, than they should be.
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

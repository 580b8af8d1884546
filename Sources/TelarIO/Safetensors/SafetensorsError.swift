/// A safetensors file that cannot be read, or that is not what it should be.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// What sort of problem it is, for a caller that treats a missing file otherwise than a broken one.
  public enum Kind: Sendable, Equatable {
    /// There is no such file.
    case missing
    /// The system does not let the file be read.
    case unreadable
    /// The file breaks the rules of the format.
    case malformed
    /// The file is well formed, but a tensor is missing, or has another type or shape than it should.
    case mismatch
  }

  public var kind: Kind
  public var path: String
  /// What is wrong, with the tensor's name where it is one tensor's.
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}

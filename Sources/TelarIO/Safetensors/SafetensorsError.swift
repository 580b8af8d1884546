/// A safetensors file that cannot be read, or does not hold what is expected.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// The kind of problem, for callers that treat a missing file differently from a broken one.
  public enum Kind: Sendable, Equatable {
    /// The file does not exist.
    case missing
    /// The file exists and cannot be read.
    case unreadable
    /// The file violates the format.
    case malformed
    /// The file is valid, but a tensor is missing or has another type or shape than expected.
    case mismatch
  }

  public var kind: Kind
  public var path: String
  /// The problem, with the tensor's name if it concerns one.
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}

/// A file that is not a valid event file.
public struct EventFileError: Error, Equatable, CustomStringConvertible {
  public var path: String
  public var problem: String

  public init(path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path) \(problem). Move it away to start a new one." }
}

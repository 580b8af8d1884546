/// A recipe that is not there, or that cannot be run as it stands.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The recipe, or a checkpoint that it names, is not there or cannot be read.
    case missing
    /// It is no TOML, or says something that makes no sense.
    case malformed
  }

  public var kind: Kind
  /// The recipe's file.
  public var path: String
  /// Where in the file, from 1; `nil` where it is no single line's fault.
  public var line: Int?
  /// Which setting, by the tables and arrays that it stands in: `experiments[0].optimizer`; empty for the whole recipe.
  public var place: String
  /// What is wrong, and what would be right.
  public var problem: String

  public init(kind: Kind = .malformed, path: String = "", line: Int? = nil, place: String = "", _ problem: String) {
    self.kind = kind
    self.path = path
    self.line = line
    self.place = place
    self.problem = problem
  }

  /// As compilers have it: `bottleneck.toml:14: experiments[0].epochs: must be …`.
  public var description: String {
    path + (line.map { ":\($0)" } ?? "") + ": " + (place.isEmpty ? "" : place + ": ") + problem
  }
}

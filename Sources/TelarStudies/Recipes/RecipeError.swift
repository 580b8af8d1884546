/// A recipe that is missing or invalid.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The recipe, or a checkpoint that it names, does not exist or cannot be read.
    case missing
    /// The text is not TOML, or a setting is invalid.
    case malformed
  }

  public var kind: Kind
  /// The recipe's file.
  public var path: String
  /// The line, from 1; `nil` for a problem that is not in a single line.
  public var line: Int?
  /// The path of the setting: `experiments[0].optimizer`; empty for the whole recipe.
  public var place: String
  /// The problem, and what is allowed.
  public var problem: String

  public init(kind: Kind = .malformed, path: String = "", line: Int? = nil, place: String = "", _ problem: String) {
    self.kind = kind
    self.path = path
    self.line = line
    self.place = place
    self.problem = problem
  }

  /// In the form of compilers: `bottleneck.toml:14: experiments[0].epochs: must be …`.
  public var description: String {
    path + (line.map { ":\($0)" } ?? "") + ": " + (place.isEmpty ? "" : place + ": ") + problem
  }
}

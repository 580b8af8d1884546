import Foundation
import TelarIO

/// Resolves the paths in a recipe.
///
/// Relative paths start from the recipe's folder, or from its `paths_from`, which a copy kept elsewhere has so that it
/// names the same files.
final class RecipePaths {
  static let key = "paths_from"

  private let base: URL
  private let isSaid: Bool
  /// Whether the recipe contains relative paths.
  private var hasRelative = false

  /// - Parameters:
  ///   - node: the value of ``key``, if any.
  ///   - path: the recipe's file.
  init(_ node: TOMLNode?, of path: String) throws(RecipeError) {
    isSaid = node != nil
    guard let node else {
      base = URL(fileURLWithPath: path).deletingLastPathComponent()
      return
    }
    let folder = try node.line(limit: 4000)
    guard folder.hasPrefix("/") else { throw node.error("must be an absolute path, which begins with /") }
    base = URL(fileURLWithPath: folder, isDirectory: true)
  }

  /// The absolute path of a file that the recipe names.
  func absolute(_ path: String) -> String {
    if !path.hasPrefix("/") { hasRelative = true }
    return URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path
  }

  /// The recipe's text for a copy elsewhere, with `paths_from` if it contains relative paths.
  func text(toKeep text: String) -> String {
    guard hasRelative, !isSaid else { return text }
    let body = text.hasPrefix("\u{feff}") ? String(text.unicodeScalars.dropFirst()) : text
    return "# Added where this recipe was kept: relative paths in it begin there.\n"
      + "\(Self.key) = \(JSON.quoted(base.standardizedFileURL.path))\n\n\(body)"
  }
}

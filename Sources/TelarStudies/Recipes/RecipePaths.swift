import Foundation
import TelarIO

/// The files that a recipe names, by paths that may be relative.
///
/// They begin in the recipe's folder, or where its `paths_from` says: a copy of a recipe that is kept elsewhere says so,
/// and means the same files.
final class RecipePaths {
  static let key = "paths_from"

  private let base: URL
  private let isSaid: Bool
  /// Whether the recipe has relative paths.
  private var hasRelative = false

  /// - Parameters:
  ///   - node: the value of ``key``, if there is one.
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

  /// The file that a path of the recipe means.
  func absolute(_ path: String) -> String {
    if !path.hasPrefix("/") { hasRelative = true }
    return URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path
  }

  /// The recipe's text so that it means the same files wherever it lies.
  func text(toKeep text: String) -> String {
    guard hasRelative, !isSaid else { return text }
    let body = text.hasPrefix("\u{feff}") ? String(text.unicodeScalars.dropFirst()) : text
    return "# Added where this recipe was kept: relative paths in it begin there.\n"
      + "\(Self.key) = \(JSON.quoted(base.standardizedFileURL.path))\n\n\(body)"
  }
}

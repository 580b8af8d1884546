import Foundation

/// The files that the tests are built from.
public enum Repository {
  public static let root = URL(fileURLWithPath: #filePath + "/../../..").standardized

  public static func text(of path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The paths of all Swift files under a folder.
  public static func swiftFiles(under folder: String) -> [String] {
    let path = root.appendingPathComponent(folder).resolvingSymlinksInPath().path
    let found = FileManager.default.enumerator(atPath: path)
    return (found?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
  }
}

import Foundation

/// Libraries in the role of drivers, built by the system's C compiler.
public enum SharedLibrary {
  public struct Failure: Error, CustomStringConvertible {
    public var description: String
  }

  /// Builds a library of a C file and returns its path.
  @discardableResult
  public static func build(_ source: String, named name: String, in folder: TemporaryFolder) throws -> String {
    let process = Process()
    let path = folder.path + "/" + name
    process.executableURL = try compiler()
    process.arguments = ["-O1", "-fPIC", "-shared", "-o", path, source, "-ldl"]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "cannot build \(source)") }
    return path
  }

  /// Builds a library of the text of a C file.
  @discardableResult
  public static func build(text: String, named name: String, in folder: TemporaryFolder) throws -> String {
    try build(folder.write(name + ".c", Array(text.utf8)), named: name, in: folder)
  }

  private static func compiler() throws -> URL {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    for name in ["cc", "clang", "gcc"] {
      for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
        return URL(fileURLWithPath: "\(folder)/\(name)")
      }
    }
    throw Failure(description: "no C compiler is on PATH: Debian has one in gcc")
  }
}

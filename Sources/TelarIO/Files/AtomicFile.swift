import Foundation
import Synchronization

/// Atomic file writes: to a temporary name, synced, then renamed.
///
/// A replaced file keeps its permissions. A symbolic link at the file's name is replaced, not followed.
public enum AtomicFile {
  /// Writes a file, replacing an existing one. Symbolic links in the path of its folder are followed.
  ///
  /// - Throws: ``OutputError``; an existing file is then unchanged.
  public static func write(_ bytes: [UInt8], to path: String) throws(OutputError) {
    let (folder, name) = parts(of: path)
    let opened: Folder
    do { opened = try Folder(folder) } catch {
      guard case .cannotCreate(_, let reason) = error else { throw error }
      throw .cannotCreate(path: path, reason: reason)
    }
    try opened.write(bytes, to: name)
  }

  /// Writes a text file, replacing an existing one.
  public static func write(_ text: String, to path: String) throws(OutputError) {
    try write(Array(text.utf8), to: path)
  }

  /// Writes several files, all of them or none: none is renamed before all are on the disk.
  ///
  /// - Throws: ``OutputError``.
  public static func write(_ files: [(folder: Folder, name: String, bytes: [UInt8])]) throws(OutputError) {
    var staged: [TemporaryFile] = []
    defer { staged.forEach { $0.discard() } }
    for (folder, name, bytes) in files { staged.append(try TemporaryFile(for: name, in: folder, holding: bytes)) }
    for file in staged { try file.takeName() }
  }

  /// Creates a folder and its missing parents.
  ///
  /// - Throws: ``OutputError``.
  public static func makeFolder(_ path: String) throws(OutputError) {
    if mkdir(path, 0o755) == 0 { return }
    let reason = systemError()
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { return }
      throw .cannotCreate(path: path, reason: "there is a file of that name")
    }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard parent != path, !FileManager.default.fileExists(atPath: parent) else {
      throw .cannotCreate(path: path, reason: reason)
    }
    try makeFolder(parent)
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .cannotCreate(path: path, reason: systemError()) }
  }

  /// Whether the path exists, also as a dangling symbolic link.
  public static func isTaken(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Removes temporary files that killed processes left in a folder.
  ///
  /// Files of processes that are invisible from here, such as those of another container or machine, count as left
  /// over: where such processes may use the folder, lock it first.
  public static func removeLeftovers(in folder: Folder) {
    for name in folder.names {
      guard let process = TemporaryFile.process(of: name), kill(process, 0) != 0, errno == ESRCH else { continue }
      folder.remove(name)
    }
  }

  /// Removes the temporary files of pending writes and blocks further writes. For a process that a signal is about to
  /// end.
  public static func removePending() { TemporaryFile.endAll() }

  /// Splits a path into folder and name.
  private static func parts(of path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.utf8.index(after: slash)...]))
  }
}

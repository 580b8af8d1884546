import Foundation
import Synchronization

/// Files that appear whole or not at all: written under a temporary name, synced, renamed.
public enum AtomicFile {
  /// Temporary files that exist now, so that a run which a signal ends can remove them.
  private static let pending = Mutex<Set<String>>([])
  private static let prefix = ".telar-"

  /// Writes a file, replacing one of that name.
  ///
  /// - Throws: ``OutputError``; the file that was there before, if any, is then untouched.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try produce(path) { temporary in try create(temporary, bytes, for: path) }
  }

  /// Writes several files, all of them or none: none takes its name before all are on the disk.
  ///
  /// - Throws: ``OutputError``.
  public static func write(_ files: [(path: String, bytes: [UInt8])]) throws {
    func stage(_ staged: [String]) throws {
      guard staged.count < files.count else {
        for (temporary, file) in zip(staged, files) {
          guard rename(temporary, file.path) == 0 else {
            throw OutputError.cannotCreate(path: file.path, reason: lastError())
          }
        }
        return
      }
      let file = files[staged.count]
      try withTemporary(beside: file.path) { temporary in
        try create(temporary, file.bytes, for: file.path)
        try stage(staged + [temporary])
      }
    }
    try stage([])
  }

  /// Writes a new file to the disk. `path` is what errors name.
  private static func create(_ temporary: String, _ bytes: [UInt8], for path: String) throws {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw OutputError.cannotCreate(path: path, reason: lastError()) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw OutputError.writeFailed(path: path, reason: lastError()) }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw OutputError.writeFailed(path: path, reason: lastError()) }
  }

  /// Writes a text file, replacing one of that name.
  public static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }

  /// Lets `body` make a file under a temporary name beside `path`, with the same extension, and renames it.
  public static func produce(_ path: String, _ body: (_ temporaryPath: String) throws -> Void) throws {
    try withTemporary(beside: path) { temporary in
      try body(temporary)
      guard rename(temporary, path) == 0 else { throw OutputError.cannotCreate(path: path, reason: lastError()) }
    }
  }

  /// Gives `body` a name of its own in the folder of `path`, with the same extension, and removes what is there after.
  public static func withTemporary<Result>(
    beside path: String, _ body: (_ temporaryPath: String) throws -> Result
  ) rethrows -> Result {
    let url = URL(fileURLWithPath: path)
    // Also in containers, where each process has the same number, no two have the same name.
    let token = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    let temporary = url.deletingLastPathComponent()
      .appendingPathComponent("\(prefix)\(getpid())-\(token)-\(url.lastPathComponent)").path
    pending.withLock { _ = $0.insert(temporary) }
    defer {
      unlink(temporary)
      pending.withLock { _ = $0.remove(temporary) }
    }
    return try body(temporary)
  }

  /// Makes a folder and those above it, where they are missing.
  public static func makeFolder(_ path: String) throws {
    if mkdir(path, 0o755) == 0 { return }
    let reason = lastError()
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { return }
      throw OutputError.cannotCreate(path: path, reason: "there is a file of that name")
    }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard parent != path, !FileManager.default.fileExists(atPath: parent) else {
      throw OutputError.cannotCreate(path: path, reason: reason)
    }
    try makeFolder(parent)
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw OutputError.cannotCreate(path: path, reason: lastError())
    }
  }

  /// Removes temporary files that processes left in a folder when they were killed.
  ///
  /// Those of processes that this one cannot see, of another container or machine, are taken for left: where such may
  /// work in the folder too, lock it first.
  public static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      let parts = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 2)
      guard parts.count == 3, let process = pid_t(parts[0]), process > 0, UInt32(parts[1], radix: 36) != nil,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink(folder + "/" + name)
    }
  }

  /// Removes the temporary files of writes under way. For a process that a signal is about to end.
  public static func removePending() {
    pending.withLock { paths in
      paths.forEach { unlink($0) }
      paths = []
    }
  }

  private static func lastError() -> String { String(cString: strerror(errno)) }
}

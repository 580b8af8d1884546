import Foundation
import Synchronization

/// A file that is written and synced under a temporary name, before it is renamed.
final class TemporaryFile: Sendable {
  private let folder: Folder
  /// The final name.
  private let name: String
  private let temporary: String

  private static let prefix = ".telar-"

  /// The temporary files that are removed when a signal ends the process.
  private struct Pending {
    var files: [ObjectIdentifier: TemporaryFile] = [:]
    var isEnding = false
  }

  private static let pending = Mutex(Pending())

  /// Writes the file. It takes the permissions of the file that it will replace.
  init(for name: String, in folder: Folder, holding bytes: [UInt8]) throws(OutputError) {
    try folder.check(name)
    self.folder = folder
    self.name = name
    // Random, because processes in different containers may have the same identifier.
    let token = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    // The final name is only for people; a long one is left out, so that the whole name stays within the limit.
    temporary = "\(Self.prefix)\(getpid())-\(token)-\(name.utf8.count > 200 ? "file" : name)"
    let replaced = folder.status(of: name).flatMap { $0.st_mode & S_IFMT == S_IFREG ? $0.st_mode & 0o777 : nil }
    let descriptor = try create(mode: replaced == nil ? 0o644 : 0o600)
    defer { close(descriptor) }
    do throws(OutputError) {
      try write(bytes, to: descriptor)
      if let replaced, fchmod(descriptor, replaced) != 0 { throw failure() }
      guard fsync(descriptor) == 0 else { throw failure() }
    } catch {
      discard()
      throw error
    }
  }

  private func create(mode: mode_t) throws(OutputError) -> Int32 {
    let (descriptor, reason) = Self.whileRunning { pending in
      let descriptor = openat(folder.descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
      if descriptor >= 0 { pending.files[ObjectIdentifier(self)] = self }
      return (descriptor, descriptor >= 0 ? "" : systemError())
    }
    guard descriptor >= 0 else { throw .cannotCreate(path: folder.file(name), reason: reason) }
    return descriptor
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(OutputError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure() }
      written += count
    }
  }

  private func failure() -> OutputError { .writeFailed(path: folder.file(name), reason: systemError()) }

  /// Renames the file to its final name, replacing an existing file.
  func takeName() throws(OutputError) {
    let reason: String? = Self.whileRunning { pending in
      guard renameat(folder.descriptor, temporary, folder.descriptor, name) == 0 else { return systemError() }
      pending.files[ObjectIdentifier(self)] = nil
      return nil
    }
    if let reason { throw .cannotCreate(path: folder.file(name), reason: reason) }
  }

  /// Removes the file unless it has been renamed.
  func discard() {
    Self.whileRunning { pending in
      if pending.files.removeValue(forKey: ObjectIdentifier(self)) != nil { folder.remove(temporary) }
    }
  }

  /// The identifier of the process that wrote a temporary file, from its name; `nil` for other names.
  static func process(of name: String) -> pid_t? {
    guard name.hasPrefix(prefix) else { return nil }
    let parts = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 2)
    guard parts.count == 3, let process = pid_t(parts[0]), process > 0, UInt32(parts[1], radix: 36) != nil else {
      return nil
    }
    return process
  }

  /// Removes all temporary files. Further calls that create or rename one block until the process ends.
  static func endAll() {
    pending.withLock { pending in
      pending.isEnding = true
      for file in pending.files.values { file.folder.remove(file.temporary) }
      pending.files = [:]
    }
  }

  private static func whileRunning<Result: Sendable>(_ body: (inout Pending) -> Result) -> Result {
    pending.withLock { pending in
      while pending.isEnding { sleep(1) }
      return body(&pending)
    }
  }
}

import Foundation
import TelarIO

/// A cache folder, used only while no other user can write to it, because programs in it are executed.
///
/// Nothing here throws: a cache that cannot be read or written costs time only. A folder that is not private is not
/// used, which ``CacheNotice`` reports.
package struct CacheDirectory: Sendable {
  /// The topmost folder of the cache, which may be a symbolic link.
  private let root: String
  /// The folders from there to this one.
  private let names: [String]

  package var path: String { ([root] + names).joined(separator: "/") }

  package init(_ path: String) { self.init(root: path, names: []) }

  private init(root: String, names: [String]) {
    self.root = root
    self.names = names
  }

  package func folder(_ name: String) -> CacheDirectory { CacheDirectory(root: root, names: names + [name]) }

  /// `$XDG_CACHE_HOME/telar`, by default `~/.cache/telar`; `nil` when there is no home directory or the environment
  /// variable `TELAR_NO_CACHE` is `1`.
  package static var standard: CacheDirectory? {
    let environment = ProcessInfo.processInfo.environment
    if environment["TELAR_NO_CACHE"] == "1" { return nil }
    // Relative paths are ignored, as the XDG base directory specification demands.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return CacheDirectory("\(path)/telar") }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return CacheDirectory("\(home)/.cache/telar")
  }

  /// The bytes of a file; `nil` if it is missing, longer than `limit`, or writable by another user.
  package func read(_ name: String, atMost limit: Int) -> [UInt8]? {
    guard let folder = open(), let status = folder.status(of: name), isOwn(status, S_IFREG, folder.file(name)) else {
      return nil
    }
    return try? InputFile.read(name, in: folder, atMost: limit)
  }

  /// Writes a file atomically.
  package func write(_ bytes: [UInt8], to name: String) {
    guard let folder = open(making: true) else { return }
    // A file that is replaced passes on its permissions.
    if let status = folder.status(of: name), !isOwn(status, S_IFREG, folder.file(name)) { folder.remove(name) }
    try? folder.write(bytes, to: name)
  }

  func remove(_ name: String) { open()?.remove(name) }

  /// The folder, held open; `nil` if it cannot be opened or is not private.
  private func open(making: Bool = false) -> Folder? {
    if making {
      try? AtomicFile.makeFolder(URL(fileURLWithPath: root).deletingLastPathComponent().path)
      mkdir(root, 0o700)
    }
    guard var folder = try? Folder(root), isOwn(folder.status, S_IFDIR, root) else { return nil }
    for name in names {
      if making, !folder.has(name) { _ = try? folder.folder(name, mode: 0o700) }
      guard let status = folder.status(of: name), isOwn(status, S_IFDIR, folder.file(name)),
        let next = try? folder.existingFolder(name), isOwn(next.status, S_IFDIR, next.path)
      else { return nil }
      folder = next
    }
    return folder
  }

  /// Whether a file is of a kind and only this user can write to it.
  private func isOwn(_ status: stat, _ kind: mode_t, _ path: String) -> Bool {
    let reason: String? =
      if status.st_mode & S_IFMT == S_IFLNK {
        "it is a symbolic link"
      } else if status.st_mode & S_IFMT != kind {
        "it is no \(kind == S_IFDIR ? "folder" : "regular file")"
      } else if status.st_uid != geteuid() {
        "it belongs to another user"
      } else if status.st_mode & (S_IWGRP | S_IWOTH) != 0 {
        "others can write to it"
      } else {
        nil
      }
    if let reason { CacheNotice.post(path, reason) }
    return reason == nil
  }
}

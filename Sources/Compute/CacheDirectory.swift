import Files
import Foundation

/// A folder of what Telar can make again. Programs in it are run, so it is used only while nobody but this user can
/// write to it.
///
/// Nothing here throws: a cache that cannot be read or written costs time only. One that is not private is left alone,
/// and ``CacheNotice`` says so.
package struct CacheDirectory: Sendable {
  /// The folder, behind those above it that are the cache's too. Only the first may be a link, as the user's own choice.
  private let chain: [String]

  package var path: String { chain[chain.count - 1] }

  package init(_ path: String) { chain = [path] }

  private init(chain: [String]) { self.chain = chain }

  package func folder(_ name: String) -> CacheDirectory { CacheDirectory(chain: chain + ["\(path)/\(name)"]) }

  /// `$XDG_CACHE_HOME/telar`, by default `~/.cache/telar`; `nil` when there is no home directory or the environment
  /// variable `TELAR_NO_CACHE` is `1`.
  package static var standard: CacheDirectory? {
    let environment = ProcessInfo.processInfo.environment
    if environment["TELAR_NO_CACHE"] == "1" { return nil }
    // The base directory specification has relative paths ignored.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return CacheDirectory("\(path)/telar") }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return CacheDirectory("\(home)/.cache/telar")
  }

  /// The bytes of a file; `nil` where it is missing, longer than `limit`, or may be another user's.
  func read(_ name: String, atMost limit: Int) -> [UInt8]? {
    let file = "\(path)/\(name)"
    guard isPrivate(), isOwn(file, S_IFREG, lstat) else { return nil }
    return try? InputFile.read(file, atMost: limit)
  }

  /// Puts a file in place as a whole or not at all.
  func write(_ bytes: [UInt8], to name: String) {
    try? AtomicFile.makeFolder(URL(fileURLWithPath: chain[0]).deletingLastPathComponent().path)
    for folder in chain { mkdir(folder, 0o700) }
    if isPrivate() { try? AtomicFile.write(bytes, to: "\(path)/\(name)") }
  }

  func remove(_ name: String) {
    if isPrivate() { unlink("\(path)/\(name)") }
  }

  private func isPrivate() -> Bool {
    isOwn(chain[0], S_IFDIR, stat) && chain.dropFirst().allSatisfy { isOwn($0, S_IFDIR, lstat) }
  }

  /// Whether there is a file of a kind that only this user can write to.
  private func isOwn(
    _ path: String, _ kind: mode_t, _ look: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32
  ) -> Bool {
    var status = stat()
    guard look(path, &status) == 0 else { return false }
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

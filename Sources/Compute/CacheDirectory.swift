import Foundation

/// Where Telar keeps what it can make again: `$XDG_CACHE_HOME/telar`, by default `~/.cache/telar`.
package enum CacheDirectory {
  /// `nil` when there is no home directory or the environment variable `TELAR_NO_CACHE` is `1`.
  package static var standard: URL? {
    let environment = ProcessInfo.processInfo.environment
    if environment["TELAR_NO_CACHE"] == "1" { return nil }
    // The base directory specification has relative paths ignored.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      return URL(fileURLWithPath: path).appendingPathComponent("telar")
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return URL(fileURLWithPath: home).appendingPathComponent(".cache/telar")
  }

  /// Puts a file in place as a whole or not at all: a temporary file beside it, synced, then renamed.
  ///
  /// - Returns: whether it is there; a cache that cannot be written is no reason to fail.
  package static func write(_ bytes: [UInt8], to file: URL) -> Bool {
    let directory = file.deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var template = Array((directory.path + "/.temporary-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { return false }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      written += count
    }
    let synced = written == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    if synced && rename(template, file.path) == 0 { return true }
    unlink(template)
    return false
  }
}

import Files
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

  /// Puts a file in place as a whole or not at all. A cache that cannot be written is no reason to fail.
  static func write(_ bytes: [UInt8], to file: URL) {
    try? AtomicFile.makeFolder(file.deletingLastPathComponent().path)
    try? AtomicFile.write(bytes, to: file.path)
  }
}

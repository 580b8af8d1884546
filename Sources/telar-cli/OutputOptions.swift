import ArgumentParser
import Foundation
import Telar

/// What happens to files that are where a command writes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace files that are there.")
  var overwrite = false

  /// - Throws: ``OutputError`` for the first of the files that is there and is not to be replaced.
  func check(_ paths: String...) throws {
    if overwrite { return }
    for path in paths {
      var isFolder: ObjCBool = false
      // A folder cannot be replaced; to write says so.
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
        throw OutputError.exists(path: path)
      }
    }
  }
}

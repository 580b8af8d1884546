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
      // A folder cannot be replaced; to write says so. A link that leads nowhere is there too.
      var isFolder: ObjCBool = false
      let leadsSomewhere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      if AtomicFile.isTaken(path), !(leadsSomewhere && isFolder.boolValue) { throw OutputError.exists(path: path) }
    }
  }
}

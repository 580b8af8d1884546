import ArgumentParser
import Foundation
import Telar

/// What to do about existing output files.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace files that are there.")
  var overwrite = false

  /// - Throws: ``OutputError`` for the first file that exists and may not be replaced.
  func check(_ paths: String...) throws {
    if overwrite { return }
    for path in paths {
      // A folder is refused when the file is written. A dangling symbolic link counts as existing.
      var isFolder: ObjCBool = false
      let leadsSomewhere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      if AtomicFile.isTaken(path), !(leadsSomewhere && isFolder.boolValue) { throw OutputError.exists(path: path) }
    }
  }
}

import ArgumentParser
import Foundation
import Telar

/// What happens to a file that is where a command writes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace the file where there is one.")
  var overwrite = false

  /// - Throws: ``OutputError`` for the first of the files that is there and is not to be replaced.
  func check(_ paths: String...) throws {
    if overwrite { return }
    if let path = paths.first(where: FileManager.default.fileExists) { throw OutputError.exists(path: path) }
  }
}

import Files
import Foundation
import Safetensors

/// The folder that a report is written to. It may hold other things, which stay as they are.
struct ReportFolder {
  struct File {
    /// `report.html`, `figures/loss.png`
    var name: String
    var bytes: [UInt8]
  }

  /// Lists the files that are the report's, so that the next report knows what it may replace.
  private static let listName = "report.json"

  let path: String

  init(_ path: String) { self.path = path }

  /// Writes the report, all of it or nothing, and removes what an earlier one left and this one has not.
  ///
  /// - Throws: `OutputError`, also when a file of that name is there that no report left.
  func write(_ files: [File], generator: String) throws {
    var seen: Set<String> = [Self.listName]
    precondition(files.allSatisfy { Self.isName($0.name) }, "a report's file has a name that leads elsewhere")
    let files = files.filter { seen.insert($0.name).inserted }
    try AtomicFile.makeFolder(path)
    let lock = try FolderLock(path)
    defer { withExtendedLifetime(lock) {} }
    for folder in [path, path + "/figures"] { AtomicFile.removeLeftovers(in: folder) }
    let earlier = earlierNames()
    for name in files.map(\.name) + [Self.listName] where !earlier.contains(name) && isTaken(name) {
      throw OutputError.cannotCreate(path: "\(path)/\(name)", reason: "there is one that is of no report of telar")
    }
    if files.contains(where: { $0.name.hasPrefix("figures/") }) { try AtomicFile.makeFolder(path + "/figures") }
    let list = JSON.object([
      "report": .string(generator), "files": .array(files.map(\.name).sorted().map(JSON.string)),
    ])
    try AtomicFile.write(
      (files + [File(name: Self.listName, bytes: Array((list.text + "\n").utf8))]).map {
        (path: "\(path)/\($0.name)", bytes: $0.bytes)
      })
    for name in earlier.subtracting(seen) { unlink("\(path)/\(name)") }
    // Goes when nothing is left in it.
    rmdir(path + "/figures")
  }

  /// The names of what the report that is there consists of; none where there is no report.
  private func earlierNames() -> Set<String> {
    guard let bytes = try? InputFile.read("\(path)/\(Self.listName)", atMost: JSON.maximumLength),
      let list = try? JSON(parsing: String(decoding: bytes, as: UTF8.self)), list["report"]?.string != nil
    else { return [] }
    return Set((list["files"]?.elements ?? []).compactMap(\.string).filter(Self.isName) + [Self.listName])
  }

  /// Whether a name is one that reports give: no list, however it came about, leads out of the folder.
  private static func isName(_ name: String) -> Bool {
    let file = name.hasPrefix("figures/") ? name.dropFirst("figures/".count) : name[...]
    let endings = name.hasPrefix("figures/") ? [".png", ".csv"] : [".html", ".md", ".csv"]
    return !file.hasPrefix(".") && endings.contains(where: file.hasSuffix)
      && file.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }

  private func isTaken(_ name: String) -> Bool {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0
  }
}

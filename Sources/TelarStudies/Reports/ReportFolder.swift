import Foundation
import TelarData
import TelarIO

/// The folder that a report is written to. It may hold other files, which stay unchanged.
///
/// A manifest lists the report's files with check sums, so that files the user has changed since are recognised.
struct ReportFolder {
  struct File {
    /// `report.html`, `figures/loss.png`
    var name: String
    var bytes: [UInt8]
  }

  /// An entry of the manifest.
  private struct Entry: Hashable {
    var name: String
    var sum: String
  }

  private static let listName = "report.json"
  private static let figuresName = "figures"
  /// The longest file of a report, in bytes.
  private static let longestFile = 1 << 30

  let folder: Folder

  /// Writes the whole report or nothing, and removes files of an earlier report that this one lacks.
  ///
  /// - Throws: `OutputError`, also when a file of the same name is not a report's, or has been changed since.
  func write(_ files: [File], generator: String) throws {
    var seen: Set<String> = [Self.listName]
    precondition(files.allSatisfy { Self.isName($0.name) }, "a report's file has a name that leads elsewhere")
    let files = files.filter { seen.insert($0.name).inserted }
    let lock = try FolderLock(folder)
    defer { withExtendedLifetime(lock) {} }
    let earlier = earlierEntries()
    // A symbolic link of that name is ignored here, and an error when a figure is written.
    var figures = try? folder.existingFolder(Self.figuresName)
    for folder in [folder, figures].compactMap(\.self) { AtomicFile.removeLeftovers(in: folder) }
    for name in files.map(\.name) { try check(name, earlier, figures) }
    if folder.has(Self.listName), earlier.isEmpty { throw notOurs(Self.listName) }

    if files.contains(where: { $0.name.hasPrefix(Self.figuresName + "/") }) {
      figures = try folder.folder(Self.figuresName)
    }
    let new = files.map { Entry(name: $0.name, sum: sha256($0.bytes)) }
    // If this is interrupted, each remaining file belongs to one report or the other.
    if !earlier.isEmpty { try write(list: earlier.union(new), generator) }
    try AtomicFile.write(
      files.map { file in
        let (place, name) = place(file.name, figures)
        return (folder: place, name: name, bytes: file.bytes)
      } + [(folder: folder, name: Self.listName, bytes: Self.text(of: new, generator))])
    for entry in earlier where !seen.contains(entry.name) && isUnchanged(entry.name, earlier, figures) {
      let (place, name) = place(entry.name, figures)
      place.remove(name)
    }
    // Succeeds only if the folder is empty.
    folder.removeFolder(Self.figuresName)
  }

  private func write(list entries: Set<Entry>, _ generator: String) throws {
    try folder.write(Self.text(of: Array(entries), generator), to: Self.listName)
  }

  private static func text(of entries: [Entry], _ generator: String) -> [UInt8] {
    let files = entries.sorted { ($0.name, $0.sum) < ($1.name, $1.sum) }.map { entry in
      JSON.object(["name": .string(entry.name), "sha256": .string(entry.sum)])
    }
    return Array((JSON.object(["report": .string(generator), "files": .array(files)]).text + "\n").utf8)
  }

  /// The entries of an earlier report's manifest; empty where there is none.
  private func earlierEntries() -> Set<Entry> {
    guard let bytes = try? InputFile.read(Self.listName, in: folder, atMost: JSON.maximumLength),
      let list = try? JSON(parsing: String(decoding: bytes, as: UTF8.self)), list["report"]?.string != nil
    else { return [] }
    return Set(
      (list["files"]?.elements ?? []).compactMap { entry in
        guard let name = entry["name"]?.string, Self.isName(name), let sum = entry["sha256"]?.string else { return nil }
        return Entry(name: name, sum: sum)
      })
  }

  /// - Throws: `OutputError` when the name exists and is not an earlier report's.
  private func check(_ name: String, _ earlier: Set<Entry>, _ figures: Folder?) throws {
    let isInFigures = name.hasPrefix(Self.figuresName + "/")
    if isInFigures, figures == nil { return }
    let (place, file) = place(name, figures)
    guard place.has(file), !isUnchanged(name, earlier, figures) else { return }
    if earlier.contains(where: { $0.name == name }) {
      throw OutputError.cannotCreate(
        path: place.file(file), reason: "it was changed after telar wrote it; move it away to have a new one")
    }
    throw notOurs(name)
  }

  private func notOurs(_ name: String) -> OutputError {
    .cannotCreate(path: "\(folder.path)/\(name)", reason: "there is one that is of no report of telar")
  }

  /// Whether a file is unchanged since a report wrote it.
  private func isUnchanged(_ name: String, _ earlier: Set<Entry>, _ figures: Folder?) -> Bool {
    if name.hasPrefix(Self.figuresName + "/"), figures == nil { return false }
    let sums = earlier.filter { $0.name == name }.map(\.sum)
    let (place, file) = place(name, figures)
    guard !sums.isEmpty, let bytes = try? InputFile.read(file, in: place, atMost: Self.longestFile) else {
      return false
    }
    return sums.contains(sha256(bytes))
  }

  /// The folder of a report's file, and its name there.
  private func place(_ name: String, _ figures: Folder?) -> (Folder, String) {
    guard name.hasPrefix(Self.figuresName + "/"), let figures else { return (folder, name) }
    return (figures, String(name.dropFirst(Self.figuresName.count + 1)))
  }

  /// Whether a report may use the name. It keeps manifests of any origin from naming files elsewhere.
  private static func isName(_ name: String) -> Bool {
    let isFigure = name.hasPrefix(figuresName + "/")
    let file = isFigure ? name.dropFirst(figuresName.count + 1) : name[...]
    let endings = isFigure ? [".png", ".csv"] : [".html", ".md", ".tex", ".csv"]
    return !file.hasPrefix(".") && endings.contains(where: file.hasSuffix)
      && file.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }
}

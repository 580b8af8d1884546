import Foundation
import TelarIO
import TestSupport
import Testing

@Suite("Files that appear whole")
struct AtomicFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func `a file is written and replaced`() throws {
    let path = folder.path + "/file"
    try AtomicFile.write("first, and longer", to: path)
    try AtomicFile.write("second", to: path)
    #expect(try folder.text("file") == "second")
    #expect(folder.contents() == ["file"])
  }

  @Test func `folders are made with those above them`() throws {
    let path = folder.path + "/a/b/c"
    try AtomicFile.makeFolder(path)
    try AtomicFile.makeFolder(path)
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue)
  }

  @Test func `what cannot be made is named with the reason`() throws {
    let file = folder.path + "/file"
    try AtomicFile.write("x", to: file)
    #expect(throws: OutputError.cannotCreate(path: file, reason: "there is a file of that name")) {
      try AtomicFile.makeFolder(file)
    }
    #expect(throws: OutputError.cannotCreate(path: file + "/a", reason: "Not a directory")) {
      try AtomicFile.makeFolder(file + "/a")
    }
    #expect(throws: OutputError.cannotCreate(path: "/nonexistent/file", reason: "No such file or directory")) {
      try AtomicFile.write("x", to: "/nonexistent/file")
    }
    // A folder stands where the file is to be.
    try AtomicFile.makeFolder(folder.path + "/folder")
    #expect(throws: OutputError.self) { try AtomicFile.write("x", to: folder.path + "/folder") }
    #expect(folder.contents() == ["file", "folder"])
  }

  @Test func `several files appear together or not at all`() throws {
    let paths = ["a", "b", "c"].map { "\(folder.path)/\($0)" }
    try AtomicFile.write("old", to: paths[0])
    let opened = try Folder(folder.path)
    try AtomicFile.write(["a", "b", "c"].map { (folder: opened, name: $0, bytes: Array("\(folder.path)/\($0)".utf8)) })
    for path in paths { #expect(try String(contentsOfFile: path, encoding: .utf8) == path) }
    // The last cannot be made, so the others stay as they are.
    #expect(throws: OutputError.cannotCreate(path: folder.path + "/..", reason: "that is no name of a file")) {
      try AtomicFile.write(["a", "b", "c", ".."].map { (folder: opened, name: $0, bytes: [1]) })
    }
    for path in paths { #expect(try String(contentsOfFile: path, encoding: .utf8) == path) }
    #expect(folder.contents() == ["a", "b", "c"])
  }

  @Test func `what killed processes left goes, and nothing else`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let ended = process.processIdentifier
    let kept = [
      ".telar-1-a-b.csv", ".telar", ".telar-x-1-b", ".2024-11-21.md", ".telarrc", "telar-\(ended)-a-b",
      ".telar-\(ended)", ".telar-\(ended)-notes", ".telar-\(ended)-my_own-notes", ".telar-\(getpid())-4fz-loss.csv",
    ]
    for name in kept + [".telar-\(ended)-4fz-loss.csv"] {
      try "x".write(toFile: "\(folder.path)/\(name)", atomically: false, encoding: .utf8)
    }
    AtomicFile.removeLeftovers(in: try Folder(folder.path))
    #expect(folder.contents() == kept.sorted())
  }
}

import Foundation
import TelarIO
import TestSupport
import Testing

/// What is done in a folder stays in it.
@Suite struct FolderTests {
  let folder: TemporaryFolder
  /// Another place, where nothing may change.
  let elsewhere: TemporaryFolder
  let opened: Folder

  init() throws {
    folder = try TemporaryFolder()
    elsewhere = try TemporaryFolder()
    try AtomicFile.write("precious", to: elsewhere.path + "/file")
    opened = try Folder(folder.path)
  }

  private func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private func permissions(_ name: String) throws -> mode_t { try #require(opened.status(of: name)).st_mode & 0o777 }

  @Test func `a link to a folder is not followed below one`() throws {
    symlink(elsewhere.path, folder.path + "/link")
    let refusal = OutputError.cannotCreate(
      path: folder.path + "/link", reason: "it is a symbolic link, and none is followed there")
    #expect(throws: refusal) { try opened.folder("link") }
    #expect(throws: refusal) { try opened.existingFolder("link") }
    // The user's own path may lead over links.
    try Folder(folder.path + "/link").write([1], to: "new")
    #expect(elsewhere.contents() == ["file", "new"])
  }

  @Test func `a link to a file is replaced or removed itself`() throws {
    for name in ["file", "nothing"] {
      symlink("\(elsewhere.path)/\(name)", folder.path + "/link")
      #expect(opened.has("link"))
      #expect(throws: InputError.self) { try InputFile.read("link", in: opened, atMost: 100) }
      #expect(opened.openToAppend("link") < 0)
      try opened.write([1, 2], to: "link")
      #expect(try InputFile.read("link", in: opened, atMost: 100) == [1, 2])
      #expect(!isLink(folder.path + "/link"))
      opened.remove("link")
      symlink("\(elsewhere.path)/\(name)", folder.path + "/link")
      opened.remove("link")
      #expect(!opened.has("link"))
    }
    #expect(elsewhere.contents() == ["file"])
    #expect(try elsewhere.text("file") == "precious")
  }

  @Test func `a folder that is held stays where it is, whatever takes its place`() throws {
    let held = try opened.folder("sub")
    rename(folder.path + "/sub", folder.path + "/moved")
    symlink(elsewhere.path, folder.path + "/sub")
    try held.write([1], to: "file")
    held.remove("file")
    try held.write([1], to: "other")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/moved") == ["other"])
    #expect(try elsewhere.text("file") == "precious")
  }

  @Test(arguments: ["", ".", "..", "a/b", "/", "../file", "a\u{0}b"])
  func `what is no name of a file is refused`(name: String) throws {
    #expect(throws: OutputError.self) { try opened.write([1], to: name) }
    #expect(throws: OutputError.self) { try opened.folder(name) }
    #expect(throws: OutputError.self) { try opened.existingFolder(name) }
    #expect(opened.names == [])
  }

  @Test func `folders are made where they are missing`() throws {
    #expect(try opened.existingFolder("a") === nil)
    let made = try opened.folder("a").folder("b", mode: 0o700)
    #expect(made.path == folder.path + "/a/b" && made.status.st_mode & 0o777 == 0o700)
    #expect(try opened.existingFolder("a")?.names == ["b"])
    try opened.write([1], to: "file")
    #expect(throws: OutputError.cannotCreate(path: folder.path + "/file", reason: "there is a file of that name")) {
      try opened.folder("file")
    }
    opened.removeFolder("a")
    #expect(opened.has("a"))
    #expect(throws: OutputError.self) { try Folder(folder.path + "/missing") }
  }

  @Test(arguments: [0o600, 0o640, 0o444, 0o755] as [mode_t])
  func `a file that replaces another keeps its permissions`(mode: mode_t) throws {
    try opened.write([1], to: "file")
    chmod(folder.path + "/file", mode)
    try opened.write([2, 3], to: "file")
    #expect(try permissions("file") == mode)
    #expect(try InputFile.read("file", in: opened, atMost: 9) == [2, 3])
    #expect(opened.names == ["file"])
  }

  @Test func `a path without folders is one of the working folder`() {
    #expect(throws: OutputError.cannotCreate(path: "..", reason: "that is no name of a file")) {
      try AtomicFile.write("x", to: "..")
    }
    #expect(throws: OutputError.cannotCreate(path: "/tmp/..", reason: "that is no name of a file")) {
      try AtomicFile.write("x", to: "/tmp/..")
    }
  }

  @Test func `long names have temporary ones that are not too long`() throws {
    let name = String(repeating: "é", count: 120)
    try opened.write([1], to: name)
    #expect(opened.names == [name])
  }

  @Test func `leftovers that are links go themselves`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let name = ".telar-\(process.processIdentifier)-4fz-loss.csv"
    symlink(elsewhere.path + "/file", "\(folder.path)/\(name)")
    AtomicFile.removeLeftovers(in: opened)
    #expect(opened.names == [])
    #expect(elsewhere.contents() == ["file"])
  }
}

import Foundation
import TelarIO
import TelarStudies
import TestSupport
import Testing

/// What a report may replace, and what it must leave.
@Suite struct ReportFolderTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
    for name in ["base", "adam"] {
      var run = RunFixture(name, losses: [2, 1], accuracies: [0.2, 0.3])
      run.confusion = [[1, 0], [0, 1]]
      try run.write(into: folder)
    }
  }

  private func report(_ formats: Set<Report.Format> = [.html, .markdown]) throws {
    _ = try Report(of: folder.path + "/molina", formats: formats, generator: "telar test", gnuplot: nil)
      .write(to: output.path)
  }

  @Test func `the same runs give the same report, in place of the one before`() throws {
    try report()
    let names = output.contents()
    #expect(
      names == [
        "claims.csv", "comparisons.csv", "figures", "figures/accuracy-base-adam.csv", "figures/confusion-adam.csv",
        "figures/confusion-base.csv", "figures/loss-base-adam.csv", "report.html", "report.json", "report.md",
        "runs.csv",
      ])
    let before = try names.filter { $0 != "figures" }.map(output.text)
    try report()
    #expect(output.contents() == names)
    #expect(try names.filter { $0 != "figures" }.map(output.text) == before)
  }

  @Test func `what an earlier report left goes when this one has not got it`() throws {
    try report()
    try output.write("figures/mine.png", [1])
    try report([.html])
    #expect(output.contents() == ["figures", "figures/mine.png", "report.html", "report.json"])
    unlink(output.path + "/figures/mine.png")
    try report([.html])
    #expect(output.contents() == ["report.html", "report.json"])
  }

  @Test(arguments: ["report.html", "report.md", "report.json", "claims.csv", "figures/loss-base-adam.csv", "figures"])
  func `a file that is of no report is not replaced, and nothing is written`(name: String) throws {
    if name.contains("/") { try AtomicFile.makeFolder(output.path + "/figures") }
    try output.write(name, Array("mine".utf8))
    let before = output.contents()
    #expect(throws: OutputError.self) { try report() }
    #expect(output.contents() == before)
    #expect(try output.text(name) == "mine")
  }

  @Test func `a list that leads elsewhere removes nothing`() throws {
    let other = try folder.write("precious.csv", [1])
    try AtomicFile.makeFolder(output.path + "/figures")
    try output.write("data.txt", [1])
    // The sum of a single byte 1, which all of them hold.
    let sum = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
    let names = [
      "../\((folder.path as NSString).lastPathComponent)/precious.csv", other, "figures/../data.txt", "data.txt",
      ".x.csv",
      "figures/../../x.png", "", "/", "figures/",
    ]
    let list =
      names.map { "{\"name\":\"\($0)\",\"sha256\":\"\(sum)\"}" } + ["{\"name\":\"old.csv\",\"sha256\":\"\(sum)\"}"]
    try output.write("old.csv", [1])
    try output.write("report.json", Array("{\"report\":\"telar\",\"files\":[\(list.joined(separator: ","))]}".utf8))
    try report()
    #expect(!output.contents().contains("old.csv"))
    #expect(FileManager.default.fileExists(atPath: other))
    #expect(FileManager.default.fileExists(atPath: output.path + "/data.txt"))
  }

  @Test func `a list names nothing that was changed since, or was never a report's`() throws {
    try AtomicFile.makeFolder(output.path + "/figures")
    for name in ["figures/mine.png", "mine.csv"] { try output.write(name, Array("mine".utf8)) }
    let sum = String(repeating: "0", count: 64)
    let entries = ["figures/mine.png", "mine.csv"].map { "{\"name\":\"\($0)\",\"sha256\":\"\(sum)\"},\"\($0)\"" }
    let list = entries.joined(separator: ",")
    try output.write("report.json", Array("{\"report\":\"telar\",\"files\":[\(list)]}".utf8))
    try report([.html])
    for name in ["figures/mine.png", "mine.csv"] { #expect(try output.text(name) == "mine") }
    // What was added to a page is not lost, and what is no longer a report's is left.
    try report()
    let page = try output.text("report.html")
    try output.write("report.html", Array((page + "my remark").utf8))
    let error = #expect(throws: OutputError.self) { try report() }
    #expect(error?.description.contains("report.html: it was changed after telar wrote it") == true)
    #expect(try output.text("report.html").hasSuffix("my remark"))
    unlink(output.path + "/report.html")
    try output.write("runs.csv", Array("mine".utf8))
    try report([.html])
    #expect(try output.text("report.html") == page && output.text("runs.csv") == "mine")
  }

  @Test func `figures that are a link are not followed`() throws {
    try report()
    let elsewhere = try TemporaryFolder()
    let figures = output.path + "/figures"
    for name in try FileManager.default.contentsOfDirectory(atPath: figures) {
      try FileManager.default.moveItem(atPath: "\(figures)/\(name)", toPath: "\(elsewhere.path)/\(name)")
    }
    rmdir(figures)
    symlink(elsewhere.path, figures)
    let (before, list) = (elsewhere.contents(), try output.text("report.json"))
    let error = #expect(throws: OutputError.self) { try report() }
    #expect(error?.description.contains("figures: it is a symbolic link, and none is followed there") == true)
    #expect(try output.text("report.json") == list)
    try report([.html])
    #expect(elsewhere.contents() == before && before.count == 4)
    #expect(output.contents().contains("figures"))
  }

  @Test func `a link is followed where the user names it, and not in a folder of runs`() throws {
    let elsewhere = try TemporaryFolder()
    symlink(elsewhere.path, folder.path + "/molina/report")
    #expect(throws: OutputError.self) { try Report(of: folder.path + "/molina", generator: "t").write() }
    #expect(elsewhere.contents() == [])
    let link = folder.path + "/link"
    symlink(elsewhere.path, link)
    let report = Report(of: folder.path + "/molina", formats: [.html], generator: "t", gnuplot: nil)
    #expect(try report.write(to: link) == [link + "/report.html"])
    #expect(elsewhere.contents() == ["report.html", "report.json"])
    // Nor below a folder that the user names: a study's report in that of several.
    symlink(elsewhere.path, output.path + "/molina")
    let all = Report(of: folder.path, formats: [.html], generator: "t", gnuplot: nil)
    #expect(throws: OutputError.self) { try all.write(to: output.path) }
    #expect(elsewhere.contents() == ["report.html", "report.json"])
  }

  @Test func `pages and lists that are links are not followed`() throws {
    let precious = try folder.write("precious", Array("mine".utf8))
    symlink(precious, output.path + "/report.html")
    #expect(throws: OutputError.self) { try report() }
    unlink(output.path + "/report.html")
    try report()
    unlink(output.path + "/report.html")
    symlink(precious, output.path + "/report.html")
    #expect(throws: OutputError.self) { try report() }
    unlink(output.path + "/report.html")
    // A list elsewhere says nothing of this folder.
    let list = try output.text("report.json")
    unlink(output.path + "/report.json")
    symlink(try folder.write("list", Array(list.utf8)), output.path + "/report.json")
    #expect(throws: OutputError.self) { try report() }
    #expect(try folder.text("precious") == "mine" && folder.text("list") == list)
  }

  @Test func `what a killed report left goes, and its pages are the next one's`() throws {
    try report()
    // As if it had been ended between two files: the list has the sums of both.
    var run = RunFixture("base", losses: [3, 2], accuracies: [0.1, 0.2])
    run.confusion = [[1, 1], [0, 1]]
    let (page, list) = (try output.text("report.html"), try output.text("report.json"))
    try run.write(into: folder)
    try report()
    let entry = try #require(list.firstMatch(of: /\{"name":"report.html"[^}]*\}/)).output
    let now = try output.text("report.json").replacingOccurrences(of: "\"files\":[", with: "\"files\":[\(entry),")
    try output.write("report.json", Array(now.utf8))
    try output.write("report.html", Array(page.utf8))
    try output.write("figures/.telar-2147483647-4fz-loss.png", [1])
    try report()
    #expect(try output.text("report.html") != page)
    #expect(!output.contents().contains { $0.contains(".telar-") })
  }

  @Test func `a folder that cannot be made is an error of output`() throws {
    let file = try folder.write("file", [1])
    #expect(throws: OutputError.self) {
      try Report(of: folder.path + "/molina", generator: "telar test").write(to: file + "/report")
    }
  }
}

import Files
import Foundation
import Reports
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
        "claims.csv", "figures", "figures/accuracy-base-adam.csv", "figures/confusion-adam.csv",
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
    let names = [
      "../\((folder.path as NSString).lastPathComponent)/precious.csv", other, "figures/../data.txt", "data.txt",
      ".x.csv",
      "figures/../../x.png", "", "/", "figures/",
    ]
    let list = names.map { "\"\($0)\"" }.joined(separator: ",")
    try output.write("report.json", Array("{\"report\":\"telar\",\"files\":[\(list)]}".utf8))
    try report()
    #expect(FileManager.default.fileExists(atPath: other))
    #expect(FileManager.default.fileExists(atPath: output.path + "/data.txt"))
  }

  @Test func `a folder that cannot be made is an error of output`() throws {
    let file = try folder.write("file", [1])
    #expect(throws: OutputError.self) {
      try Report(of: folder.path + "/molina", generator: "telar test").write(to: file + "/report")
    }
  }
}

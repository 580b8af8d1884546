import Foundation
import TelarStudies
import TestSupport
import Testing

/// Reports in Markdown, with figures and tables in files of their own.
@Suite struct MarkdownReportTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  @Test func `the summary has its figures and numbers beside it`() throws {
    try RunFixture.writeBase(seeds: 2, into: folder)
    var adam = RunFixture("adam", losses: curve(to: 0.3, from: 0.5), accuracies: curve(to: 0.89, from: 0.86))
    adam.confusion = (0..<10).map { row in (0..<10).map { $0 == row ? 900 : 10 } }
    try adam.write(into: folder)
    var notes: [String] = []
    let report = Report(of: folder.path + "/molina", formats: [.markdown], generator: "telar test")
    #expect(try report.write(to: output.path) { notes.append($0) } == [output.path + "/report.md"])
    let text = try output.text("report.md")
    #expect(text.hasPrefix("# molina: Multilayer perceptron, one change at a time\n\nMolina, F.: "))
    #expect(
      text.contains(
        "| base | validation accuracy about 80.00 % | ≈ cannot be told apart: about 1 more seed would tell | "
          + "73.50 ± 0.71 % | 67.15 % to 79.85 % | ± 0.86 points | −6.50 points | 0 of 2 |"))
    #expect(
      text.contains(
        "|---|---|---|---:|---:|---:|---:|---:|\n| base | validation accuracy \\> 70.00 % in epoch 5 |"))
    for name in ["claims.csv", "runs.csv", "figures/loss-base-adam.csv", "figures/confusion-adam.csv"] {
      #expect(text.contains("](\(name))"), "\(name)")
      #expect(FileManager.default.fileExists(atPath: "\(output.path)/\(name)"))
    }
    #expect(try output.text("runs.csv").contains("base,1,30,30,0.63,0.7,,0.75,0.74,7850.0,20.0,50000.0,12.5\n"))
    // Each table is a run of lines with as many cells.
    let tables = text.split(separator: "\n", omittingEmptySubsequences: false).split { !$0.hasPrefix("|") }
    #expect(tables.count >= 6)
    for table in tables { #expect(table.count >= 3 && Set(table.map { $0.count { $0 == "|" } }).count == 1) }
    let pictures = output.contents().filter { $0.hasSuffix(".png") }
    #expect(notes.isEmpty == (GnuPlot.installed != nil))
    #expect(GnuPlot.installed == nil || pictures.contains("figures/loss-base-adam.png"))
    for picture in pictures {
      #expect(text.contains("](\(picture))"), "\(picture)")
      let size = try #require(FileManager.default.attributesOfItem(atPath: "\(output.path)/\(picture)")[.size] as? Int)
      #expect(size < 100_000, "\(picture)")
    }
  }

  @Test func `without gnuplot the summary has numbers, and says why`() throws {
    try RunFixture.writeBase(into: folder)
    try RunFixture("adam", losses: curve(to: 0.3, from: 0.5), accuracies: curve(to: 0.89, from: 0.86)).write(
      into: folder)
    for gnuplot in [nil, GnuPlot(executable: "/bin/false")] {
      var notes: [String] = []
      let report = Report(of: folder.path + "/molina", formats: [.markdown], generator: "telar test", gnuplot: gnuplot)
      _ = try report.write(to: output.path) { notes.append($0) }
      #expect(notes.count == 1 && notes[0].contains("gnuplot"), "\(notes)")
      #expect(output.contents().contains("figures/loss-base-adam.csv"))
      #expect(!output.contents().contains { $0.hasSuffix(".png") })
      #expect(!(try output.text("report.md")).contains("!["))
    }
  }
}

import Foundation
import TelarIO
import TelarStudies
import TestSupport
import Testing

/// Where reports are written, and of which folders.
extension ReportTests {
  // MARK: What is reported

  @Test func `an experiment and a run have reports of their own`() throws {
    try writeBase(seeds: 2)
    #expect(try page("molina/base").text.hasPrefix("molina/base, 2 seeds"))
    let text = try page("molina/base/seed-1").text
    #expect(text.hasPrefix("molina/base, seed 1"))
    #expect(text.contains("Of 2 claims of the text about them") && !text.contains("Not run:"))
  }

  @Test func `a folder of studies has an index, and each study its report`() throws {
    try writeBase()
    var other = RunFixture("one", losses: [0.2, 0.1])
    other.study = "my-own"
    try other.write(into: folder)
    let page = try page("")
    #expect(page.text.contains("2 studies with 2 runs that ended."))
    let untouched = Study.molina.experiments.reduce(Study.molina.comparisons.count - 2) { $0 + $1.claims.count }
    #expect(
      page.text.contains(
        "molina Multilayer perceptron, one change at a time 1 of 8 1 0 0 0 0 2 \(untouched) cpu:avx2"))
    for study in ["molina", "my-own"] {
      #expect(page.elements.contains { $0.attributes["href"] == "\(study)/report.html" })
      #expect(Parsed(try output.text("\(study)/report.html")).problem == nil)
    }
  }

  @Test func `a study that is not known is what its folder holds`() throws {
    for name in ["b-2", "a-10", "a-9"] {
      var run = RunFixture(name, losses: [0.3, 0.2, 0.1])
      run.study = "my-own"
      try run.write(into: folder)
    }
    let page = try page("my-own")
    #expect(page.text.hasPrefix("my-own: A title"))
    #expect(page.text.contains("There is no text whose claims these runs could be held against."))
    #expect(page.text.contains("autoencoders: loss") && page.text.contains("The batch size is not stated; here 100."))
    let headings = page.elements.compactMap { $0.attributes["id"] }.filter { $0.hasPrefix("experiment-") }
    #expect(headings == ["experiment-a-9", "experiment-a-10", "experiment-b-2"])
  }

  @Test func `a recipe's study is not taken for the published one of its name`() throws {
    try writeBase()
    try folder.write("molina/study.json", Array(#"{"study":"molina","title":"Mine","recipe":"recipe.toml"}"#.utf8))
    #expect(try page().text.contains("There is no text whose claims"))
    #expect(try page("molina/base/seed-0").text.contains("There is no text whose claims"))
  }

  @Test func `an encoder that was trained for other epochs is an experiment of its own`() throws {
    var run = RunFixture("n64-p0.1", losses: [0.2, 0.1])
    run.study = "aldecoa"
    let path = try run.write(into: folder)
    let moved = (path as NSString).deletingLastPathComponent + "-2-epochs"
    try FileManager.default.moveItem(atPath: (path as NSString).deletingLastPathComponent, toPath: moved)
    #expect(try page("aldecoa").text.contains("n64-p0.1-2-epochs pre-training: as it was"))
  }

  @Test func `a folder without runs is refused with what is there`() throws {
    func problem(_ path: String) -> ReportError? {
      #expect(throws: ReportError.self) { try Report(of: path, generator: "").write(to: output.path + "/none") }
    }
    #expect(problem(folder.path + "/nothing")?.kind == .missing)
    #expect(problem(folder.path)?.kind == .noRuns)
    try folder.write("file", [1])
    #expect(problem(folder.path + "/file")?.problem.hasPrefix("is a file") == true)
    #expect(output.contents().isEmpty)
  }

  @Test func `both formats are written together by default, into the folder`() throws {
    try writeBase()
    let source = folder.path + "/molina"
    #expect(
      try Report(of: source + "/", generator: "telar test").write() == [
        source + "/report/report.html", source + "/report/report.md",
      ])
    // What is there now is no experiment.
    #expect(try Report(of: source, generator: "telar test").write().count == 2)
    #expect(try page().text.contains("1 run of 1 experiment ended"))
  }
}

import Foundation
import TestSupport
import Testing

@Suite("telar report")
struct ReportCommandTests {
  let data: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    data = try TemporaryFolder()
    output = try TemporaryFolder()
    try SmallDataSet.write(into: data)
  }

  private func study(_ arguments: String...) throws {
    let result = try Telar.run(
      ["study"] + arguments + ["--data", data.path, "--allow-other-data", "--epochs", "2", "--batch-size", "16"]
        + ["--device", "cpu", "--out", output.path + "/runs"])
    #expect(result.status == 0, "\(result.error)")
  }

  @Test func `what was run is reported, and printed where`() throws {
    try study("aldecoa", "n64-p0.1", "case-2", "case-4")
    try study("molina", "base", "--seeds", "2")
    let runs = output.path + "/runs"
    let result = try Telar.run("report", runs + "/aldecoa")
    #expect(result.status == 0, "\(result.error)")
    #expect(result.out == "Report: \(runs)/aldecoa/report/report.html\nReport: \(runs)/aldecoa/report/report.md\n")
    let page = try output.text("runs/aldecoa/report/report.html")
    for part in [
      "3 runs of 3 experiments ended", "not judged: other data than Fashion-MNIST", "Batches had 16 images",
      "untrained",
      "encoder.0 (Conv2d) of seed 0&#39;s network", "encoder of n64-p0.1, 2 epochs",
    ] { #expect(page.contains(part), "\(part)") }

    let all = try Telar.run("report", runs, "--out", output.path + "/Results", "--format", "markdown")
    #expect(all.out == "Report: \(output.path)/Results/report.md\n")
    #expect(try output.text("Results/report.md").contains("[aldecoa](aldecoa/report.md)"))
    #expect(output.contents().contains("Results/molina/report.md"))
    #expect(!output.contents().contains { $0.hasPrefix("Results") && $0.hasSuffix(".html") })

    for place in ["molina/base", "molina/base/seed-1"] {
      let one = try Telar.run("report", "\(runs)/\(place)", "--format", "HTML")
      #expect(one.out == "Report: \(runs)/\(place)/report/report.html\n", "\(one.error)")
    }
    // A report among the runs is none of them, and keeps nothing from being run or reported again.
    try study("molina", "base", "--seeds", "2")
    #expect(try Telar.run("report", runs + "/molina").status == 0)
    #expect(!output.contents().contains { $0.contains("/.") })
  }

  @Test func `an edited recipe does not claim what was run before, and another is refused`() throws {
    func write(_ file: String, _ experiments: [(name: String, rate: String)]) throws {
      let text = """
        name = "mine"
        [defaults]
        loss = "cross_entropy"
        epochs = 1
        [networks.net]
        layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]

        """
      let tables = experiments.map {
        "[[experiments]]\nname = \"\($0.name)\"\nparts = [\"net\"]\noptimizer.learning_rate = \($0.rate)\n"
      }
      try output.write(file, Array((text + tables.joined()).utf8))
    }
    func train(_ file: String, _ arguments: String...) throws -> Telar.Output {
      try Telar.run(
        ["train", "\(output.path)/\(file)"] + arguments
          + ["--data", data.path, "--allow-other-data", "--device", "cpu", "--out", output.path + "/runs"])
    }
    try write("a.toml", [("first", "0.001"), ("second", "0.001")])
    #expect(try train("a.toml").status == 0)
    try write("a.toml", [("first", "0.05"), ("third", "0.001")])
    #expect(try train("a.toml", "third").status == 0)
    #expect(try Telar.run("report", output.path + "/runs/mine", "--format", "html").status == 0)
    let page = try output.text("runs/mine/report/report.html")
    for part in [
      "first seed 0 is left out: its settings.optimizer.learning_rate is 0.001, that asked for now 0.05.",
      "second is no experiment of recipe.toml",
    ] { #expect(page.contains(part), "\(part)") }

    try write("b.toml", [("first", "0.001")])
    let kept = try output.text("runs/mine/recipe.toml")
    let refused = try train("b.toml")
    #expect(refused.status == 73 && refused.error.contains("another recipe of this name, \(output.path)/a.toml"))
    #expect(try output.text("runs/mine/recipe.toml") == kept)
  }

  @Test func `a recipe's runs are reported by the recipe`() throws {
    let recipe = URL(fileURLWithPath: #filePath + "/../../../Tools/recipes/bottleneck.toml").standardized.path
    let trained = try Telar.run(
      ["train", recipe, "ae-8", "ae-32", "--epochs", "1", "--batch-size", "16", "--data", data.path]
        + ["--allow-other-data", "--device", "cpu", "--out", output.path + "/runs"])
    #expect(trained.status == 0, "\(trained.error)")
    let runs = output.path + "/runs/bottleneck"
    #expect(try Telar.run("report", runs, "--format", "html").status == 0)
    let page = try output.text("runs/bottleneck/report/report.html")
    for part in [
      "2 runs of 2 experiments ended", "There is no text whose claims", "Not run: ", "The recipe has 5 epochs",
    ] { #expect(page.contains(part), "\(part)") }
    // Without it, the folder says what there is, and the report what is wrong.
    try output.write("runs/bottleneck/recipe.toml", Array("name =".utf8))
    for place in ["", "/ae-8", "/ae-8/seed-0"] {
      #expect(try Telar.run("report", runs + place, "--format", "html", "--out", output.path + "/out").status == 0)
      #expect(try output.text("out/report.html").contains("\(runs)/recipe.toml:1: "), "\(place)")
    }
  }

  @Test func `what cannot be reported is refused`() throws {
    func refusal(_ status: Int32, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws
      -> String
    {
      let result = try Telar.run(["report"] + arguments)
      #expect(result.status == status, "\(result.error)", sourceLocation: sourceLocation)
      #expect(result.out.isEmpty && result.errorLines.count == 1, sourceLocation: sourceLocation)
      return result.error
    }
    #expect(try refusal(66, output.path + "/nothing") == "telar: \(output.path)/nothing: there is no such folder\n")
    #expect(try refusal(65, data.path).contains("holds no runs of telar; name a study's folder"))
    #expect(
      try refusal(64, data.path, "--format", "pdf").contains(
        "no format is named 'pdf'. There are: html, markdown, latex."))
    #expect(try refusal(64, data.path, "--format", "").contains("no format is named ''."))
    try study("molina", "base")
    let runs = output.path + "/runs/molina"
    try output.write("report.md", Array("mine".utf8))
    #expect(
      try refusal(73, runs, "--out", output.path).contains("report.md: there is one that is of no report of telar"))
    #expect(try refusal(73, runs, "--out", "/proc/report").contains("cannot create /proc/report"))
    #expect(try output.text("report.md") == "mine")
  }
}

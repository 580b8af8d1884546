import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

@Suite("Parts of recipes that thaw")
struct RecipeThawTests {
  private func recipe(_ part: String, epochs: Int = 3) throws -> Recipe {
    try Recipe(
      text: """
        name = "thawing"
        [[experiments]]
        name = "a"
        loss = "cross_entropy"
        epochs = \(epochs)
        batch_size = 10
        parts = [
          { name = "body", layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 8 }]\(part) },
          { name = "head", layers = [{ layer = "Linear", in_features = 8, out_features = 10 }] },
        ]
        """)
  }

  @Test func `a part's thaw is read and written`() throws {
    let read = try recipe(", thaw = 2")
    let experiment = read.study.experiments[0]
    #expect(experiment.thaw == ["body": 2] && experiment.architecture.parts.map(\.isFrozen) == [true, false])
    #expect(experiment.summary == "body (frozen for 2 epochs), head")
    let written = RecipeWriter(read.study, [experiment]).text
    #expect(written.contains("thaw = 2") && !written.contains("frozen = true"))
    #expect(try Recipe(text: written).study.experiments[0].thaw == ["body": 2])
  }

  @Test(arguments: [
    (", thaw = 0", "experiments[0].parts[0].thaw"), (", thaw = \"late\"", "experiments[0].parts[0].thaw"),
    (", thaw = 2, frozen = true", "thaw: is for a part that is trained later"),
    (", thaw = 3", "the part body would thaw after 3 epochs, and there are 3"),
    (", freeze_until = 2", "Did you mean thaw?"),
  ]) func `what cannot thaw is refused`(part: String, message: String) {
    let error = #expect(throws: RecipeError.self) { try recipe(part) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `a run with a part that thaws is recorded and told from others`() throws {
    let folder = try TemporaryFolder()
    var options = StudyOptions()
    options.outputFolder = folder.path
    let thawing = try recipe(", thaw = 1")
    let runner = StudyRunner(
      thawing.study, options, data: try ImageDataset.small(), device: try CPUDevice(threads: 2), version: "test")
    let result = try runner.run(thawing.usualExperiments) { $0.epochs }
    #expect(result.failures.isEmpty && result.experiments[0].runs[0].history.count == 3)
    let record = try folder.text("thawing/a/seed-0/run.json")
    #expect(record.contains(#""thaw":[{"part":"body","epochs":1}]"#) && record.contains(#""frozen": ["body"]"#))
    // The body has the weights of its start in the frozen run only.
    func others(_ part: String) throws -> [String] {
      StudyResult(reading: result.folder, of: try recipe(part).study).others.map(\.difference)
    }
    #expect(try others(", thaw = 1").isEmpty)
    #expect(try others(", thaw = 2").first?.hasPrefix("its settings.thaw is [{") == true)
    #expect(try others(", frozen = true").first?.hasPrefix("its settings.thaw is [{") == true)
    var report = Report(of: folder.path + "/thawing", generator: "telar test", gnuplot: nil)
    report.findStudy = { try Study(in: $0) }
    _ = try report.write()
    #expect(try folder.text("thawing/report/report.md").contains("thawed: body after 1 epochs"))
  }
}

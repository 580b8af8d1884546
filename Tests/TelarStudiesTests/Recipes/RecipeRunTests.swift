import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Recipes run by the engine that runs the published studies.
@Suite("Recipes in training")
struct RecipeRunTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small()
  }

  private func run(_ study: Study, _ experiments: [Experiment], _ options: StudyOptions) throws -> StudyResult {
    var options = options
    options.outputFolder = folder.path
    let runner = StudyRunner(study, options, data: data, device: try CPUDevice(threads: 2), version: "test")
    return try runner.run(experiments) { $0.epochs }
  }

  /// The tensors of a network that a run ended with, to the last bit.
  private func weights(_ path: String) throws -> [String: [UInt32]] {
    let file = try SafetensorsFile(path)
    return try file.tensors.reduce(into: [:]) { weights, tensor in
      weights[tensor.key] = tensor.value.type == .float32 ? try file.floats(tensor.key).map(\.bitPattern) : []
    }
  }

  /// With early stopping, dropout, frozen parts, a validation set of its own, and every kind of pre-training's length.
  @Test(arguments: [
    ("aldecoa", ["n32-p0.2", "case-1", "case-2", "case-3", "sgd"]), ("borgnino", ["h64-sgd-lr-0.1"]),
    ("brunello", ["dropout-0.4"]), ("manolucos", ["classifier-fc-sgd"]), ("molina", ["final-sgd-lr-0.1"]),
  ])
  func `a study's recipe trains the same networks`(name: String, experiments: [String]) throws {
    let study = try Study.named(name)
    var options = StudyOptions()
    options.batchSize = 16
    options.curveImageCount = 30
    var short = study
    for index in short.experiments.indices {
      short.experiments[index].epochs = study.experiments[index].epochs / 15
      short.experiments[index].data.validationCount = study.experiments[index].data.validationCount.map { $0 / 1_000 }
    }
    let chosen = try short.experiments(named: experiments)
    let recipe = try Recipe(text: RecipeWriter(short, chosen, options).text)
    var recipeOptions = StudyOptions()
    recipeOptions.curveImageCount = recipe.curveImageCount
    #expect(recipe.curveImageCount == 30)

    let first = try run(short, chosen, options)
    let second = try run(recipe.study, recipe.usualExperiments, recipeOptions)
    #expect(first.failures.isEmpty && second.failures.isEmpty)
    #expect(first.experiments.map(\.experiment.name) == second.experiments.map(\.experiment.name))
    for (a, b) in zip(first.experiments, second.experiments) {
      for (mine, theirs) in zip(a.runs, b.runs) {
        for key in ["settings", "network", "frozen", "data", "pretraining", "summary"] {
          #expect(mine.record[key] == theirs.record[key], "\(a.experiment.name), \(key)")
        }
        #expect(mine.folder.path != theirs.folder.path)
        #expect(try weights(mine.checkpoint) == weights(theirs.checkpoint), "\(a.experiment.name)")
        #expect(mine.history.map(\.validationLoss) == theirs.history.map(\.validationLoss))
      }
    }
  }

  @Test func `the folder of the results knows its recipe`() throws {
    let text = """
      name = "kept"
      [defaults]
      loss = "cross_entropy"
      epochs = 1
      [networks.net]
      layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
      [[experiments]]
      name = "a"
      parts = ["net"]
      grid.optimizer.name = ["SGD", "Adam"]

      """
    let recipe = try Recipe(text: text)
    let result = try run(recipe.study, recipe.study.experiments, StudyOptions())
    #expect(try folder.text("kept/recipe.toml") == text)
    #expect(
      result.folder.members(of: "study.json").map(JSON.object)?.text
        == ##"{"study":"kept","title":"2 experiments","recipe":"recipe.toml"}"##)
    let read = try Study(in: result.folder)
    #expect(read.experiments.map(\.name) == ["a-name-sgd", "a-name-adam"])
    #expect(StudyResult(reading: result.folder, of: read).experiments.count == 2)
    // The table has no claims, which this recipe has none of.
    #expect(!result.table.contains("Claims of") && !result.table.contains("Assumptions where"))

    let published = try run(.molina, Study.molina.experiments(named: ["base"]).map(shortened), StudyOptions())
    #expect(try Study(in: published.folder).name == "molina")
    #expect(published.folder.members(of: "study.json")?["recipe"] == nil)
    #expect(published.table.contains("Claims of the text") && published.table.contains("Assumptions where"))

    let error = #expect(throws: RecipeError.self) { try Study(in: RunFolder(folder.path)) }
    #expect(error?.kind == .missing)
    try AtomicFile.write(#"{"study": "x", "recipe": "../x"}"#, to: folder.path + "/study.json")
    #expect(throws: RecipeError.self) { try Study(in: RunFolder(folder.path)) }
  }

  @Test func `a kept recipe means the same files wherever it lies`() throws {
    let text = """
      # Mine
      name = "moved"
      data = { folder = "images", allow_other_data = true }
      [[experiments]]
      name = "a"
      loss = "cross_entropy"
      epochs = 1
      parts = [{ name = "net", layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }] }]
      """
    try folder.write("mine.toml", Array(("\u{feff}" + text).utf8))
    let recipe = try Recipe(path: folder.path + "/mine.toml")
    #expect(recipe.data.path == folder.path + "/images")
    let result = try run(recipe.study, recipe.study.experiments, StudyOptions())
    let kept = try Recipe(path: result.folder.file("recipe.toml"))
    #expect(kept.data.path == recipe.data.path && kept.text.hasSuffix(text))
    #expect(kept.study.experiments.map(\.name) == ["a"])
    // Running the copy is running the recipe.
    #expect(try run(kept.study, kept.study.experiments, StudyOptions()).failures.isEmpty)
    #expect(try folder.text("moved/study.json").contains("\(folder.path)/mine.toml\""))
    #expect(try Recipe(path: result.folder.file("recipe.toml")).text == kept.text)
    let error = #expect(throws: RecipeError.self) { try Recipe(text: "paths_from = \"here\"\n" + text) }
    #expect(error?.problem.contains("must be an absolute path") == true)
  }

  private func shortened(_ experiment: Experiment) -> Experiment {
    var experiment = experiment
    experiment.epochs = 1
    return experiment
  }

  @Test func `training begins with the values of a checkpoint`() throws {
    func recipe(_ name: String, _ setting: String) throws -> Recipe {
      try Recipe(
        text: """
          name = "\(name)"
          [[experiments]]
          name = "a"
          loss = "cross_entropy"
          epochs = 1
          parts = [
            { name = "body", layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 8 }]\(setting) },
            { name = "head", layers = [{ layer = "Linear", in_features = 8, out_features = 10 }] },
          ]
          """
            + (setting.isEmpty
              ? "" : "\npretraining = { checkpoint = \"first/a/seed-0/last.safetensors\", parts = [\"body\"] }"),
        path: folder.path + "/recipe.toml")
    }
    let first = try recipe("first", "")
    _ = try run(first.study, first.study.experiments, StudyOptions())
    let second = try recipe("second", ", frozen = true")
    try second.checkCheckpoints(of: second.study.experiments)
    let result = try run(second.study, second.study.experiments, StudyOptions())
    let (mine, theirs) = (
      try weights(folder.path + "/first/a/seed-0/last.safetensors"),
      try weights(result.experiments[0].runs[0].checkpoint)
    )
    #expect(mine["body.1.weight"] == theirs["body.1.weight"])
    #expect(mine["head.0.weight"] != theirs["head.0.weight"])
    // The record has the file's sum, so that another file of that name is another run.
    let pretraining = try #require(result.experiments[0].runs[0].record["pretraining"]?.text)
    let path = "\(folder.path)/first/a/seed-0/last.safetensors"
    #expect(pretraining.hasPrefix(#"{"parts":["body"],"checkpoint":"\#(path)","sha256":""#))
    #expect(pretraining.firstMatch(of: /"sha256":"[0-9a-f]{64}"\}$/) != nil)
  }
}

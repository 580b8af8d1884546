import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Which runs are averaged, and which are kept when what they came from changes.
@Suite("Runs that belong together")
struct BelongingTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small()
  }

  private struct Given {
    var learningRate = 0.001
    var width = 4
    var encoderActivation: any Layer = ReLU()
    var normalization = Normalization.unit
    var frozen = false
    var epochs = 1
    var options = TrainingOptions()
  }

  /// An autoencoder, one trained from its encoder, and a classifier from that in turn.
  private func study(_ given: Given = Given()) -> Study {
    func encoder(frozen: Bool = false) -> Part {
      Part("encoder", Sequential([Flatten(), Linear(784, given.width), given.encoderActivation]), isFrozen: frozen)
    }
    func decoder(_ name: String) -> Part {
      Part(name, Sequential([Linear(given.width, 784), Unflatten(channels: 1, height: 28, width: 28)]))
    }
    let data = Experiment.DataSettings(normalization: given.normalization)
    let first = Experiment(
      "first", "", Architecture([encoder(), decoder("decoder")]), loss: .reconstruction, data: data,
      optimizer: Adam(learningRate: given.learningRate), batchSize: 16, epochs: given.epochs, options: given.options)
    let second = Experiment(
      "second", "", Architecture([encoder(frozen: given.frozen), decoder("other")]), loss: .reconstruction,
      optimizer: Adam(), batchSize: 16, epochs: 1, pretraining: .init(.experiment("first")))
    let third = Experiment(
      "third", "", Architecture([encoder(), Part("head", Sequential([Linear(given.width, 10)]))]),
      loss: .classification,
      optimizer: Adam(), batchSize: 16, epochs: 1, pretraining: .init(.experiment("second")))
    return Study(
      name: "own", title: "", experiments: [first, second, third], recipe: .init(text: "# \(given.learningRate)"))
  }

  /// What happened to each run, `name word`, and the result.
  private func run(
    _ names: [String], _ given: Given = Given(), build: String = "a", _ change: (inout StudyOptions) -> Void = { _ in }
  ) throws -> (events: [String], result: StudyResult) {
    let study = study(given)
    var options = StudyOptions()
    options.outputFolder = folder.path
    options.curveImageCount = 10
    change(&options)
    var events: [String] = []
    func note(_ run: StudyRunner.RunName, _ word: String) { events.append("\(run.experiment.dropFirst(4)) \(word)") }
    let runner = StudyRunner(
      study, options, data: data, device: try CPUDevice(threads: 1), version: "test", build: build,
      observe: { event in
        switch event {
        case .began(let run, _): note(run, "began")
        case .kept(let run, _, _): note(run, "kept")
        case .resumed(let run, _, _): note(run, "resumed")
        case .failed(let run, _): note(run, "failed")
        default: break
        }
      })
    let result = try runner.run(try study.experiments(named: names)) { $0.epochs }
    return (events, result)
  }

  private func isResumingAndOverwriting(_ options: inout StudyOptions) {
    options.isResuming = true
    options.isOverwriting = true
  }

  // MARK: Seeds

  @Test func `only runs with the same settings are averaged as seeds`() throws {
    _ = try run(["first"]) { $0.seedCount = 3 }
    let other = try run(["first"], Given(learningRate: 0.05)) { $0.isOverwriting = true }.result
    // The recipe now asks for 0.05: the one run with it is the experiment, the others are named.
    #expect(other.experiments.map(\.runs.count) == [1])
    let now = StudyResult(reading: other.folder, of: study(Given(learningRate: 0.05)))
    #expect(now.experiments.map { $0.runs.map(\.seed) } == [[0]])
    #expect(
      now.others.map(\.description)
        == [1, 2].map {
          "first seed \($0) is left out: its settings.optimizer.learning_rate is 0.001, that asked for now 0.05."
        })
    #expect(now.table.contains("first seed 1 is left out") && now.table.contains("one seed"))
    #expect(now.lines.count { $0.text.contains(#""left_out":"its settings.optimizer.learning_rate is"#) } == 2)
    // The recipe as it was.
    let before = StudyResult(reading: other.folder, of: study())
    #expect(before.experiments.map { $0.runs.map(\.seed) } == [[1, 2]])
    #expect(before.others.map(\.seed) == [0])
  }

  @Test(arguments: ["objective", "augmentation", "clip_norm", "accumulate", "ema", "parameter_groups"])
  func `runs with other options are not averaged, and made again`(keyword: String) throws {
    var given = Given()
    switch keyword {
    case "objective": given.options.objective = .huber(delta: 0.5)
    case "augmentation":
      var augmentation = Augmentation()
      augmentation.crop = 2
      given.options.augmentation = augmentation
    case "clip_norm": given.options.clipNorm = 1
    case "accumulate": given.options.accumulation = 2
    case "ema": given.options.averageDecay = 0.5
    default: given.options.parameterGroups = [ParameterGroup(["*.bias"], ["weight_decay": .number(0.1)])]
    }
    _ = try run(["first"]) { $0.seedCount = 2 }
    #expect(throws: RunConflict.self) { try run(["first"], given) { $0.isResuming = true } }
    let other = try run(["first"], given) { $0.isOverwriting = true }.result
    #expect(try run(["first"], given).events == ["first kept"])
    for (study, seeds) in [(study(), [1]), (study(given), [0])] as [(Study, [UInt64])] {
      let all = StudyResult(reading: other.folder, of: study)
      #expect(all.experiments.map { $0.runs.map(\.seed) } == [seeds])
      #expect(all.others.count == 1 && all.others[0].difference.hasPrefix("its settings.\(keyword)"))
    }
  }

  @Test(arguments: ["batch", "subset", "build", "data"])
  func `runs of other batches, images or programs are named, not averaged`(change: String) throws {
    _ = try run(["first"]) { $0.seedCount = 3 }
    var again = self
    if change == "data" {
      again = BelongingTests(folder: folder, data: try ImageDataset.small(trainingCount: 50))
    }
    let result = try again.run(["first"], build: change == "build" ? "b" : "a") {
      $0.isOverwriting = true
      if change == "batch" { $0.batchSize = 8 }
      if change == "subset" { $0.subset = 20 }
    }.result
    // Of the folder the larger group counts.
    let all = StudyResult(reading: result.folder, of: study())
    #expect(all.experiments.map { $0.runs.map(\.seed) } == [[1, 2]])
    let wanted = ["batch": "settings.batch_size", "subset": "data.subset", "build": "build", "data": "data."]
    #expect(all.others.map(\.seed) == [0] && all.others[0].difference.hasPrefix("its \(wanted[change]!)"))
  }

  private init(folder: TemporaryFolder, data: ImageDataset) {
    self.folder = folder
    self.data = data
  }

  // MARK: Pre-training

  @Test(arguments: ["width", "activation", "normalization", "learning rate"])
  func `what was trained from another pre-training is made again with it`(change: String) throws {
    var given = Given()
    let all = ["first", "second", "third"]
    #expect(try run(["third"], given).events == all.map { "\($0) began" })
    #expect(try run(["third"], given).events == all.map { "\($0) kept" })
    switch change {
    case "width": given.width = 5
    case "activation": given.encoderActivation = Tanh()
    case "normalization": given.normalization = Normalization(mean: 0.5, deviation: 0.5)
    default: given.learningRate = 0.01
    }
    #expect(throws: RunConflict.self) { try run(["third"], given) }
    #expect(throws: RunConflict.self) { try run(["third"], given) { $0.isResuming = true } }
    #expect(try run(["third"], given, build: "a", isResumingAndOverwriting).events == all.map { "\($0) began" })
    #expect(try run(["third"], given).events == all.map { "\($0) kept" })
  }

  @Test func `a frozen part in the middle of a chain makes what follows anew`() throws {
    _ = try run(["third"])
    #expect(
      try run(["third"], Given(frozen: true), build: "a", isResumingAndOverwriting).events
        == ["first kept", "second began", "third began"])
  }

  @Test func `a source made again by another program or on other data is noticed`() throws {
    _ = try run(["second"])
    #expect(try run(["first"], build: "b") { $0.isOverwriting = true }.events == ["first began"])
    let conflict = #expect(throws: RunConflict.self) { try run(["second"]) }
    #expect("\(try #require(conflict))".contains("its first weights came from has been made anew"))
    #expect(
      try run(["second"], Given(), build: "a", isResumingAndOverwriting).events == ["first kept", "second began"])
    // By another program alone nothing has to be made again.
    #expect(try run(["second"], build: "c").events == ["first kept", "second kept"])
  }

  @Test func `a run of before records said what they came from is kept`() throws {
    let result = try run(["second"]).result
    let record = result.folder.folder("second").folder("seed-0")
    var members = try #require(record.members(of: RunFolder.recordName))
    guard case .object(var pretraining)? = members["pretraining"] else { throw CancellationError() }
    #expect(pretraining["source_sha256"] != nil)
    pretraining["source_sha256"] = nil
    members["pretraining"] = .object(pretraining)
    try record.write(members, to: RunFolder.recordName)
    #expect(try run(["second"]).events == ["first kept", "second kept"])
  }

  // MARK: Recipes of one name

  @Test func `another recipe of the same name is refused, an edited one is not`() throws {
    func run(_ text: String, _ path: String?, overwriting: Bool = false) throws {
      var study = study()
      study.recipe = .init(text: text, path: path)
      var options = StudyOptions()
      options.outputFolder = folder.path
      options.curveImageCount = 10
      options.isOverwriting = overwriting
      let runner = StudyRunner(study, options, data: data, device: try CPUDevice(threads: 1), version: "test")
      _ = try runner.run([study.experiments[0]]) { _ in 1 }
    }
    try run("# one", "/a/one.toml")
    let refusal = #expect(throws: RunConflict.self) { try run("# two", "/b/two.toml") }
    #expect(refusal?.reason == .otherRecipe(path: "/a/one.toml"))
    #expect(try folder.text("own/recipe.toml") == "# one")
    // The same text is the same recipe, wherever it lies, and stays that of its first place.
    try run("# one", "/b/copy.toml")
    try run("# one, edited", "/a/one.toml")
    #expect(try folder.text("own/recipe.toml") == "# one, edited")
    try run("# two", "/b/two.toml", overwriting: true)
    #expect(try folder.text("own/study.json").contains("/b/two.toml"))
  }
}

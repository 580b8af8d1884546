import Dispatch
import Telar
import TelarStudies
import TestSupport
import Testing

/// Layers, optimizers and schedules of another package, from training to checkpoints, recipes and records.
@Suite struct ExtensionTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try registerExtensions()
  }

  private static let architecture = Architecture {
    Part("body") {
      Linear(6, 8)
      SkipLinear(8)
      FeatureScale(8)
      Linear(8, 3)
    }
  }

  /// Steps of training on a fixed batch.
  private func train(_ step: TrainingStep, steps: Int) throws {
    let device = step.network.device
    let x = try device.tensor([5, 6], (0..<30).map { Float($0 * 7 % 11) / 5 - 1 })
    let labels = try device.labels([0, 1, 2, 0, 1])
    for _ in 0..<steps { try step { mode in try crossEntropy(step.network(x, mode), labels: labels) } }
  }

  private func values(_ network: Network) throws -> [[Float]] { try network.parameters.map { try $0.values() } }

  @Test(arguments: TestDevices.all)
  func aNetworkIsTrainedSavedAndResumed(_ on: TestDevice) throws {
    try on.use { device in
      let optimizer = RootMeanSquare(learningRate: 0.02)
      func network() throws -> Network { try Network(Self.architecture, on: device, inputShape: [6], seed: 4) }
      let whole = try TrainingStep(network(), optimizer)
      let start = try values(whole.network)
      try train(whole, steps: 6)
      let end = try values(whole.network)
      for (parameter, (before, after)) in zip(whole.network.parameters, zip(start, end)) {
        #expect(before != after, "\(parameter.key) on \(on.name)")
      }

      let first = try TrainingStep(network(), optimizer)
      try train(first, steps: 3)
      var writer = SafetensorsWriter()
      try first.network.add(to: &writer)
      try first.optimizerState.add(to: &writer)
      let path = folder.path + "/state.safetensors"
      try writer.write(to: path)

      let file = try SafetensorsFile(path)
      #expect(file.tensors["optimizer/square_avg/body.2.factor"]?.shape == [8])
      #expect(try file.values("body.1.num_batches_tracked", as: Int64.self) == [3])
      let second = try TrainingStep(Network(checkpoint: file, on: device, inputShape: [6], seed: 9), optimizer)
      #expect(second.network.architecture.json == Self.architecture.json)
      try second.optimizerState.load(from: file)
      second.step = 3
      try train(second, steps: 3)
      #expect(try values(second.network) == end, "on \(on.name)")
    }
  }

  // MARK: Recipes and records

  private static let recipe = """
    name = "extended"
    data = { allow_other_data = true }
    [[experiments]]
    name = "a"
    loss = "cross_entropy"
    epochs = 3
    batch_size = 10
    optimizer = { name = "RootMeanSquare", learning_rate = 0.02, smoothing = 0.8 }
    schedule = { kind = "linear-decay", end_factor = 0.5, warm_up_epochs = 1 }
    parts = [{ name = "net", layers = [
      "Flatten", { layer = "Linear", in_features = 784, out_features = 8 }, { layer = "FeatureScale", features = 8 },
      { layer = "SkipLinear", features = 8 }, { layer = "Linear", in_features = 8, out_features = 10 },
    ] }]
    """

  /// Runs the recipe, up to a number of steps if one is given.
  private func run(
    _ text: String, in output: String, upTo steps: Int = .max, resuming: Bool = false
  ) throws -> StudyResult {
    let files = try TemporaryFolder()
    try SmallDataSet.write(into: files)
    let data = try ImageDataset.load(files.path, .init(allowsOtherData: true))
    var options = StudyOptions()
    options.outputFolder = folder.path + "/" + output
    options.isResuming = resuming
    let recipe = try Recipe(text: text)
    return try TestDevices.cpu.use { device in
      var left = steps
      let runner = StudyRunner(
        recipe.study, options, data: data, device: device, version: "test",
        pause: {
          left -= 1
          return left < 0
        })
      return try runner.run(recipe.usualExperiments) { $0.epochs }
    }
  }

  @Test func aRecipeNamesThemAndARecordHasTheirSettings() throws {
    let whole = try run(Self.recipe, in: "whole")
    #expect(whole.failures.isEmpty, "\(whole.failures)")
    let result = try #require(whole.experiments.first?.runs.first)
    let record = try #require(result.folder.members(of: RunFolder.recordName))
    guard case .object(let settings)? = record["settings"] else {
      Issue.record("the record has no settings")
      return
    }
    #expect(settings["optimizer"]?.text == #"{"name":"RootMeanSquare","learning_rate":0.02,"smoothing":0.8}"#)
    #expect(settings["schedule"]?.text == #"{"kind":"linear-decay","end_factor":0.5,"warm_up_epochs":1.0}"#)
    #expect(record["network"]?.text.contains(#"{"layer":"SkipLinear","features":8,"claimed_cost":1.0}"#) == true)
    // After the warm-up a straight line: 1 - 0.5 · 11 / 12 of the rate at the last step.
    let rate = try #require(result.history.last?.learningRate)
    #expect(abs(rate - 0.02 * (1 - 0.5 * 11 / 12)) < 1e-9)

    // Stopped in the second epoch and resumed, it has the same weights; with another setting it is another run.
    #expect(throws: TrainingPaused.self) { try run(Self.recipe, in: "parts", upTo: 6) }
    let other = Self.recipe.replacing("smoothing = 0.8", with: "smoothing = 0.7")
    let conflict = #expect(throws: RunConflict.self) { try run(other, in: "parts", resuming: true) }
    #expect(conflict?.reason == .otherSettings("settings.optimizer.smoothing is 0.8 there and 0.7 here"))
    let curve = Self.recipe.replacing("end_factor = 0.5", with: "end_factor = 0.4")
    let decay = #expect(throws: RunConflict.self) { try run(curve, in: "parts", resuming: true) }
    #expect(decay?.reason == .otherSettings("settings.schedule.end_factor is 0.5 there and 0.4 here"))
    let resumed = try run(Self.recipe, in: "parts", resuming: true)
    let again = try #require(resumed.experiments.first?.runs.first)
    let (mine, theirs) = try (SafetensorsFile(result.checkpoint), SafetensorsFile(again.checkpoint))
    for name in ["net.2.factor", "net.3.weight", "net.4.bias"] {
      #expect(try mine.floats(name) == theirs.floats(name), "\(name)")
    }
    #expect(again.history.map(\.validationLoss) == result.history.map(\.validationLoss))

    // The experiment, written as a recipe, is the same one.
    let written = try Recipe(text: RecipeWriter(whole.study, whole.study.experiments).text).study.experiments[0]
    #expect(written.optimizer.json == settings["optimizer"] && written.schedule.json == settings["schedule"])
    #expect(written.architecture.json == record["network"])
  }

  @Test(arguments: [
    ("smoothing = 0.8", "smoothing = 1", "optimizer.smoothing: must be a number from 0 to below 1, not 1"),
    ("smoothing = 0.8", "smothing = 0.8", "optimizer: no setting is named \"smothing\". Did you mean smoothing?"),
    ("end_factor = 0.5", "end_factor = -1", "schedule.end_factor: must be a number from 0 to 1, not -1"),
    ("\"linear-decay\"", "\"polynomial\"", "\"linear-decay\""),
    ("\"RootMeanSquare\"", "\"Lion\"", "\"RootMeanSquare\""),
    ("\"SkipLinear\"", "\"SkipLiner\"", "no layer is named \"SkipLiner\". Did you mean SkipLinear? There are: "),
    ("\"SkipLinear\", features", "\"SkipLinear\", feature", "(SkipLinear): features is missing; there are feature"),
  ])
  func mistakesAreNamedByTheirKeywords(old: String, new: String, message: String) {
    let error = #expect(throws: RecipeError.self) { try Recipe(text: Self.recipe.replacing(old, with: new)) }
    #expect(error?.description.contains(message) == true, "\(error!)")
  }

  // MARK: What else knows layers

  @Test func aFileWithALayerThatCostsTooMuchIsRefused() throws {
    let layer = SkipLinear(4, claimedCost: 1e20)
    let path = folder.path + "/costly.safetensors"
    try TestDevices.cpu.use { device in
      let network = try Network(on: device, inputShape: [4], seed: 1) { Part("body") { layer } }
      try network.save(to: path, metadata: CheckpointInfo(inputShape: [4], loss: .classification).metadata)
    }
    let error = #expect(throws: SafetensorsError.self) { try Checkpoint(path) }
    #expect(error?.problem.contains("body.0 (SkipLinear): needs more than") == true, "\(error!)")
  }

  @Test func aLayerIsExportedWhereItSaysHow() throws {
    try TestDevices.cpu.use { device in
      let known = try Network(on: device, inputShape: [3], seed: 1) { Part("body") { FeatureScale(3) } }
      let model = try ONNXModel(known)
      #expect(model.nodeCount == 1 && model.outputShape == [3])
      let text = String(decoding: try model.bytes(), as: UTF8.self)
      #expect(text.contains("Mul") && text.contains("body.0.factor"))
      let unknown = try Network(on: device, inputShape: [3], seed: 1) { Part("body") { SkipLinear(3) } }
      #expect(throws: ONNXError("body.0 (SkipLinear)", "has no form in ONNX that Telar knows")) {
        try ONNXModel(unknown)
      }
    }
  }

  // MARK: Registries

  /// Another type of a name that is taken, but for its case.
  private struct Copy: ScheduleShape {
    static var kind: String { "Linear-Decay" }
    init(attributes: inout AttributeReader) throws {}
    var attributes: JSON.Members { [:] }
    func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double { base }
  }

  @Test func aNameIsOfOneType() throws {
    let error = #expect(throws: RegistrationError.self) { try ScheduleRegistry.register(Copy.self) }
    #expect(
      error?.description
        == "the schedule Linear-Decay is not registered, because another type has the name linear-decay")
    #expect(ScheduleRegistry["linear-decay"] == LinearDecay.self)
    // Once more is no error.
    try registerExtensions()
    #expect(LayerRegistry.names.filter { $0 == "SkipLinear" }.count == 1)
    #expect(LayerRegistry.names == LayerRegistry.names.sorted())
    #expect(LayerRegistry["SkipLinear"] == SkipLinear.self && LayerRegistry["skiplinear"] == nil)
    #expect(OptimizerRegistry["rootmeansquare"] == RootMeanSquare.self && OptimizerRegistry["Lion"] == nil)
  }

  @Test func threadsMayRegisterAtOnce() {
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      do { try registerExtensions() } catch { Issue.record("\(error)") }
      if LayerRegistry["Conv2d"] != Conv2d.self { Issue.record("Conv2d is gone") }
    }
  }
}

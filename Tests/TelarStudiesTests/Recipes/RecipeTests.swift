import Foundation
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

@Suite("Recipes")
struct RecipeTests {
  /// An experiment needs little: a name, a network, a loss and a number of epochs.
  private func recipe(
    _ settings: String, defaults: String = "", isClassifier: Bool = true, last: String = "\"Sigmoid\""
  ) throws -> Recipe {
    let behind = ", { layer = \"Unflatten\", dim = 1, unflattened_size = [1, 28, 28] }, \(last)"
    let linear = "{ layer = \"Linear\", in_features = 784, out_features = \(isClassifier ? "10" : "784") }"
    return try Recipe(
      text: """
        name = "small"
        [defaults]
        \(settings.contains("loss = ") ? "" : "loss = \"cross_entropy\"")
        epochs = 4
        \(defaults)
        [networks.classifier]
        layers = ["Flatten", \(linear)\(isClassifier ? "" : behind)]
        [[experiments]]
        name = "only"
        parts = ["classifier"]
        \(settings)
        """)
  }

  @Test func `a small recipe has PyTorch's defaults`() throws {
    let recipe = try recipe("")
    #expect(recipe.study.name == "small")
    #expect(recipe.study.title == "1 experiment")
    #expect(recipe.study.recipe?.text == recipe.text)
    #expect(recipe.study.charts.isEmpty)
    #expect(recipe.data == Recipe.DataSource())
    #expect(recipe.seedCount == nil && recipe.curveImageCount == nil)
    let experiment = recipe.study.experiments[0]
    #expect(recipe.usualExperiments.map(\.name) == ["only"])
    #expect(experiment.summary == "classifier")
    #expect(experiment.epochs == 4 && experiment.batchSize == 100)
    #expect(experiment.optimizer.json == Adam().json)
    #expect(experiment.schedule == .constant)
    #expect(experiment.earlyStopping == nil && experiment.pretraining == nil)
    #expect(experiment.data == Experiment.DataSettings())
    #expect(
      experiment.architecture.json.text
        == #"{"classifier":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":10,"bias":true}]}"#)
  }

  @Test(
    arguments: [
      ("\"SGD\"", SGD().json), ("\"adam\"", Adam().json), ("{ learning_rate = 1 }", Adam(learningRate: 1).json),
      (
        "{ name = \"Adam\", learning_rate = 1e-2, beta1 = 0.8, beta2 = 0.9, epsilon = 1e-6, weight_decay = 1e-4 }",
        Adam(learningRate: 1e-2, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 1e-4).json
      ),
      ("\"AdamW\"", AdamW(weightDecay: 0.01).json),
      (
        "{ name = \"AdamW\", learning_rate = 1e-2, beta1 = 0.8, beta2 = 0.9, epsilon = 1e-6, weight_decay = 0.1 }",
        AdamW(learningRate: 1e-2, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1).json
      ),
      (
        "{ name = \"SGD\", learning_rate = 0.1, momentum = 0.9, nesterov = true, weight_decay = 5e-4 }",
        SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4).json
      ),
      (
        "{ name = \"RMSprop\", alpha = 0.9, momentum = 0.5, centered = true }",
        RMSprop(alpha: 0.9, momentum: 0.5, isCentered: true).json
      ),
    ])
  func `optimizers have all of their settings`(text: String, expected: JSON) throws {
    #expect(try recipe("optimizer = \(text)").study.experiments[0].optimizer.json == expected)
  }

  @Test(
    arguments: [
      ("\"constant\"", .constant), ("\"cosine\"", LearningRateSchedule(.cosine(minimum: 0))),
      ("{ warm_up_epochs = 1 }", LearningRateSchedule(.constant, warmUpEpochs: 1)),
      ("{ kind = \"step\", step_size = 5 }", LearningRateSchedule(.step(stepSize: 5, gamma: 0.1))),
      (
        "{ kind = \"step\", step_size = 2, gamma = 0.5, warm_up_epochs = 0.5 }",
        LearningRateSchedule(.step(stepSize: 2, gamma: 0.5), warmUpEpochs: 0.5)
      ),
      (
        "{ kind = \"cosine\", minimum = 1e-5, warm_up_epochs = 2 }",
        LearningRateSchedule(.cosine(minimum: 1e-5), warmUpEpochs: 2)
      ),
      ("{ kind = \"exponential\", gamma = 0.95 }", LearningRateSchedule(.exponential(gamma: 0.95))),
      ("\"one-cycle\"", LearningRateSchedule(.oneCycle)), ("\"plateau\"", LearningRateSchedule(.plateau())),
      (
        "{ kind = \"one-cycle\", pct_start = 0.2, anneal_strategy = \"linear\", div_factor = 10, three_phase = true }",
        LearningRateSchedule(OneCycleShape(risingShare: 0.2, annealing: .linear, divFactor: 10, isThreePhase: true))
      ),
      (
        "{ kind = \"plateau\", factor = 0.5, patience = 3, threshold_mode = \"abs\", cooldown = 1, minimum = 1e-6 }",
        LearningRateSchedule(
          PlateauShape(factor: 0.5, patience: 3, thresholdMode: .absolute, cooldown: 1, minimum: 1e-6))
      ),
    ] as [(String, LearningRateSchedule)])
  func `schedules are all that there are`(text: String, expected: LearningRateSchedule) throws {
    #expect(try recipe("schedule = \(text)").study.experiments[0].schedule == expected)
  }

  @Test func `everything else of an experiment can be said`() throws {
    let recipe = try recipe(
      """
      summary = "a summary"
      batch_size = 32
      early_stopping = { patience = 3, minimum_improvement = 1e-4 }
      normalization = { mean = 0.5, deviation = 0.25 }
      validation_images = 10000
      """)
    let experiment = recipe.study.experiments[0]
    #expect(experiment.summary == "a summary" && experiment.batchSize == 32)
    #expect(experiment.earlyStopping == EarlyStopping(patience: 3, minimumImprovement: 1e-4))
    #expect(experiment.data.normalization == Normalization(mean: 0.5, deviation: 0.25))
    #expect(experiment.data.validationCount == 10_000)
    #expect(try self.recipe("early_stopping = 5").study.experiments[0].earlyStopping == EarlyStopping(patience: 5))
  }

  @Test func `augmentation is read, inherited and switched off`() throws {
    let defaults = "augmentation = { crop = 2, horizontal_flip = 0.5, rotation = 10 }"
    func augmentation(_ settings: String) throws -> Augmentation? {
      try recipe(settings, defaults: defaults).study.experiments[0].options.augmentation
    }
    var expected = Augmentation()
    (expected.crop, expected.horizontalFlip, expected.rotation) = (2, 0.5, 10)
    #expect(try augmentation("") == expected)
    expected.rotation = 5
    expected.cutout = 28
    #expect(try augmentation("augmentation = { rotation = 5, cutout = 28 }") == expected)
    #expect(try augmentation("augmentation = false") == nil)
    #expect(try recipe("augmentation = { crop = 0 }").study.experiments[0].options.augmentation == nil)
    let all = """
      shift = 0.1, vertical_flip = 0.25, scale = 0.2, brightness = 0.3, contrast = 0.4, noise = 0.05, fill = 0.5
      """
    let more = try #require(try augmentation("augmentation = { \(all) }"))
    #expect(
      more.json.text.contains(#""vertical_flip":0.25,"shift":0.1,"rotation":10"#)
        && [more.scale, more.brightness, more.contrast, more.noise, more.fill] == [0.2, 0.3, 0.4, 0.05, 0.5])
    for (wrong, problem) in [
      ("crop = 29", "crop: is 29 pixels, more than the images of 28×28 have"),
      ("flip = 0.5", #"augmentation: no keyword is named "flip""#),
      ("scale = 1", "scale: must be a number from 0.0 to 0.9"),
      ("noise = -1", "noise: must be a number from 0.0 to 100.0"),
    ] {
      let error = #expect(throws: RecipeError.self) { try recipe("augmentation = { \(wrong) }") }
      #expect("\(error as Any)".contains(problem), "\(error as Any)")
    }
  }

  @Test func `losses are named or told with their settings`() throws {
    func experiment(_ loss: String) throws -> Experiment {
      let isClassifier = loss.contains("cross_entropy") && !loss.contains("binary")
      return try recipe("loss = \(loss)", isClassifier: isClassifier).study.experiments[0]
    }
    #expect(try experiment(#""mse""#).options.objective == nil)
    #expect(try experiment(#""l1""#).options.objective == .meanAbsoluteError)
    #expect(try experiment(#"{ kind = "huber", delta = 0.5 }"#).options.objective == .huber(delta: 0.5))
    #expect(try experiment(#""huber""#).options.objective == .huber(delta: 1))
    #expect(try experiment(#""binary_cross_entropy""#).options.objective == .binaryCrossEntropy)
    #expect(try experiment(#""binary_cross_entropy""#).loss == .reconstruction)
    #expect(try experiment(#"{ kind = "cross_entropy", label_smoothing = 0 }"#).options.objective == nil)
    let smooth = try experiment(#"{ kind = "cross_entropy", label_smoothing = 0.1, class_weights = "balanced" }"#)
    #expect(smooth.loss == .classification)
    #expect(smooth.options.objective == .crossEntropy(labelSmoothing: 0.1, weights: .balanced))
    let weights = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
    #expect(
      try experiment("{ kind = \"cross_entropy\", class_weights = [\(weights)] }").options.objective
        == .crossEntropy(labelSmoothing: 0, weights: .given((1...10).map(Double.init))))
    for (wrong, problem) in [
      (#""mae""#, "not \"mae\"."), (#""hubr""#, "Did you mean \"huber\"?"), ("3", "must be a name or a table"),
      (#"{ kind = "huber", delta = 0 }"#, "loss.delta: must be a number above 0"),
      (#"{ kind = "huber", detla = 1 }"#, "Did you mean delta?"),
      (#"{ kind = "cross_entropy", label_smoothing = 2 }"#, "loss.label_smoothing: must be a number from 0 to 1"),
      (#"{ kind = "cross_entropy", class_weights = [1, 2] }"#, "lists 2 weights, and there are 10 classes"),
      (#"{ kind = "cross_entropy", class_weights = "even" }"#, "must be \"balanced\" or a list"),
    ] {
      let error = #expect(throws: RecipeError.self) { try experiment(wrong) }
      #expect("\(error as Any)".contains(problem), "\(error as Any)")
    }
    let logits = #expect(throws: RecipeError.self) {
      try recipe("loss = \"binary_cross_entropy\"", isClassifier: false, last: "\"Tanh\"")
    }
    #expect("\(logits as Any)".contains("is for a network that ends in Sigmoid, and this one ends in Tanh"))
    let shifted = #expect(throws: RecipeError.self) {
      try recipe(
        "loss = \"binary_cross_entropy\"\nnormalization = { mean = 0.5, deviation = 0.5 }", isClassifier: false)
    }
    #expect("\(shifted as Any)".contains("for pixels from 0 to 1"))
  }

  @Test func `gradients are clipped and gathered, and parameters grouped, where that is asked for`() throws {
    func options(_ settings: String) throws -> TrainingOptions {
      try recipe(settings).study.experiments[0].options
    }
    #expect(try options("") == TrainingOptions() && options("clip_norm = false\naccumulate = 1") == TrainingOptions())
    let all = try options(
      """
      clip_norm = 1.5
      accumulate = 4
      parameter_groups = [
        { parameters = "vectors", weight_decay = 0.5 },
        { parameters = ["classifier.*", "*.bias"], learning_rate = 1e-4 },
      ]
      """)
    #expect(all.clipNorm == 1.5 && all.accumulation == 4)
    #expect(try options("ema = 0.99\nmonitor = \"ema_accuracy\"").averageDecay == 0.99)
    #expect(
      all.parameterGroups == [
        ParameterGroup(["vectors"], ["weight_decay": .number(0.5)]),
        ParameterGroup(["classifier.*", "*.bias"], ["learning_rate": .number(1e-4)]),
      ])
    for (wrong, problem) in [
      ("ema = 1", "ema: must be a number from 0 to below 1"),
      ("monitor = \"ema_loss\"", "is of a moving average, which the experiment has none of"),
      ("clip_norm = 0", "clip_norm: must be a number above 0"), ("accumulate = 0", "accumulate: must be an integer"),
      ("parameter_groups = 3", "parameter_groups: is a list of tables such as"),
      ("parameter_groups = [{ parameters = 1, weight_decay = 0 }]", "has parameters that are no names"),
      ("parameter_groups = [{ parameters = \"vectors\" }]", "without a setting that differs"),
      ("parameter_groups = [{ parameters = \"decoder.*\", weight_decay = 0 }]", "no trained parameter matches"),
      ("parameter_groups = [{ parameters = \"vectors\", decay = 0 }]", "no keyword is named \"decay\""),
      ("parameter_groups = [{ parameters = \"vectors\", weight_decay = -1 }]", "weight_decay must be a number from 0"),
    ] {
      let error = #expect(throws: RecipeError.self) { try options(wrong) }
      #expect("\(error as Any)".contains(problem), "\(error as Any)")
    }
  }

  @Test func `an experiment changes of a default what it lists, unless it names another kind`() throws {
    let defaults = """
      optimizer = { name = "SGD", learning_rate = 0.1, momentum = 0.9 }
      schedule = { kind = "cosine", warm_up_epochs = 1 }
      early_stopping = { patience = 3, minimum_improvement = 0.01 }
      normalization = { mean = 0.5, deviation = 0.5 }
      validation_images = 5
      """
    func experiment(_ settings: String) throws -> Experiment {
      try recipe(settings, defaults: defaults).study.experiments[0]
    }
    let same = try experiment("")
    #expect(same.optimizer.json == SGD(learningRate: 0.1, momentum: 0.9).json)
    let other = try experiment(
      """
      epochs = 7
      optimizer.learning_rate = 0.2
      schedule.minimum = 1e-3
      early_stopping = 4
      normalization.mean = 0
      """)
    #expect(other.epochs == 7)
    #expect(other.optimizer.json == SGD(learningRate: 0.2, momentum: 0.9).json)
    #expect(other.schedule == LearningRateSchedule(.cosine(minimum: 1e-3), warmUpEpochs: 1))
    #expect(other.earlyStopping == EarlyStopping(patience: 4, minimumImprovement: 0.01))
    #expect(other.data == .init(normalization: Normalization(mean: 0, deviation: 0.5), validationCount: 5))
    let fresh = try experiment(
      """
      optimizer.name = "Adam"
      schedule = "constant"
      early_stopping = false
      normalization = false
      validation_images = 0
      """)
    #expect(fresh.optimizer.json == Adam().json)
    #expect(fresh.schedule == .constant)
    #expect(fresh.earlyStopping == nil && fresh.data == Experiment.DataSettings())
  }

  @Test func `what belongs to the whole recipe is taken from it`() throws {
    let recipe = try Recipe(
      text: """
        name = "whole"
        title = "A title"
        source = "A source"
        notes = ["One.", "Two."]
        seeds = 3
        curve_images = 500
        data = { folder = "images", allow_other_data = true, subset = 100 }
        experiments = [
          { name = "a", loss = "cross_entropy", epochs = 1, parts = ["net"] },
          { name = "b", loss = "cross_entropy", epochs = 1, parts = ["net"], only_when_needed = true },
        ]
        networks.net.layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]
        charts = [{ name = "both", title = "Both", experiments = ["b", "a"], by = "number", values = [2, 1] }]
        """, path: "/recipes/whole.toml")
    let study = recipe.study
    #expect(study.title == "A title" && study.source == "A source" && study.assumptions == ["One.", "Two."])
    #expect(recipe.seedCount == 3 && recipe.curveImageCount == 500)
    #expect(recipe.data.path == "/recipes/images")
    #expect(recipe.data.allowsOtherData && recipe.data.subset == 100)
    #expect(study.experiments.map(\.name) == ["a", "b"])
    #expect(recipe.usualExperiments.map(\.name) == ["a"])
    #expect(study.charts.map(\.name) == ["both"] && study.charts[0].experiments == ["b", "a"])
    guard case .lossBy("number", values: [2, 1]) = study.charts[0].kind else {
      Issue.record("\(study.charts[0].kind)")
      return
    }
  }

  // MARK: Variables and grids

  @Test func `a grid has every combination, named by its values`() throws {
    let recipe = try recipe(
      """
      grid.optimizer.learning_rate = [1e-2, 1e-3, 0.00025]
      grid.batch_size = [50, 100]
      """, defaults: "optimizer = { name = \"SGD\", momentum = 0.5 }")
    let experiments = recipe.study.experiments
    #expect(
      experiments.map(\.name) == [
        "only-lr-0.01-batch-50", "only-lr-0.01-batch-100", "only-lr-1e-3-batch-50", "only-lr-1e-3-batch-100",
        "only-lr-2.5e-4-batch-50", "only-lr-2.5e-4-batch-100",
      ])
    #expect(experiments.map(\.batchSize) == [50, 100, 50, 100, 50, 100])
    #expect(experiments.map(\.optimizer.learningRate) == [1e-2, 1e-2, 1e-3, 1e-3, 2.5e-4, 2.5e-4])
    #expect(experiments.allSatisfy { ($0.optimizer as? SGD)?.momentum == 0.5 })
    #expect(experiments[0].summary == "classifier; lr 0.01, batch 50")
    #expect(recipe.study.charts.map(\.name) == ["classifiers"])
    // The curves of a grid stand together, too, where there are others.
    let two = try self.recipe(
      """
      grid.batch_size = [50, 100]
      [[experiments]]
      name = "n-$n"
      parts = ["classifier"]
      grid.variables.n = [1, 2]
      """)
    #expect(two.study.charts.map(\.name) == ["classifiers", "only", "n"])
    #expect(two.study.charts[1].experiments == ["only-batch-50", "only-batch-100"])
  }

  @Test func `a grid takes tables, lists and the short forms`() throws {
    let recipe = try recipe(
      """
      grid.schedule = ["constant", { kind = "cosine", minimum = 1e-5 }]
      grid.early_stopping = [false, 3]
      grid.parts = [["classifier"], [{ name = "other", network = "classifier" }]]
      """)
    #expect(recipe.study.experiments.count == 8)
    #expect(recipe.study.experiments[0].name == "only-schedule-constant-early-stopping-false-parts-1")
    let last = recipe.study.experiments[7]
    #expect(last.name == "only-schedule-cosine-1e-5-early-stopping-3-parts-2")
    #expect(last.schedule == LearningRateSchedule(.cosine(minimum: 1e-5)))
    #expect(last.earlyStopping == EarlyStopping(patience: 3))
    #expect(last.architecture.parts.map(\.name) == ["other"])
  }

  @Test func `variables stand for values in settings and networks`() throws {
    let recipe = try Recipe(
      text: """
        name = "variables"
        [defaults]
        epochs = 2
        variables = { n = 16, is_frozen = true }
        [networks.encoder]
        layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = "$n" }, { layer = "Dropout", p = "$p" }]
        [networks.decoder]
        layers = [{ layer = "Linear", in_features = "${n}", out_features = 784 }, { layer = "Unflatten", unflattened_size = "$shape" }]
        [[experiments]]
        name = "ae-$n-p${p}"
        summary = "n $n, 5 $$"
        loss = "mse"
        parts = ["encoder", "decoder"]
        variables.shape = [1, 28, 28]
        grid.variables.n = [8, 32]
        grid.variables.p = [0.1, 0]
        grid.batch_size = [10]
        [[experiments]]
        name = "classifier-$n"
        loss = "cross_entropy"
        parts = [
          { name = "encoder", network = "encoder", frozen = "$is_frozen" },
          { name = "head", layers = [{ layer = "Linear", in_features = "$n", out_features = 10 }] },
        ]
        variables = { n = 8, p = 0.1 }
        pretraining = { experiment = "ae-$n-p$p-batch-10" }
        """)
    let experiments = recipe.study.experiments
    #expect(
      experiments.map(\.name) == [
        "ae-8-p0.1-batch-10", "ae-8-p0-batch-10", "ae-32-p0.1-batch-10", "ae-32-p0-batch-10", "classifier-8",
      ])
    #expect(experiments[0].summary == "n 8, 5 $; n 8, p 0.1, batch 10")
    let last = try #require(experiments.last)
    #expect(last.architecture.parts.map(\.isFrozen) == [true, false])
    #expect(last.pretraining == .init(.experiment("ae-8-p0.1-batch-10"), keepsEpochs: true))
    #expect(
      try JSON(parsing: experiments[2].architecture.json.text)
        == JSON(
          parsing: #"""
            {"encoder":[{"layer":"Flatten"},{"layer":"Linear","in_features":784,"out_features":32,"bias":true},
            {"layer":"Dropout","p":0.1}],"decoder":[{"layer":"Linear","in_features":32,"out_features":784,"bias":true},
            {"layer":"Unflatten","dim":1,"unflattened_size":[1,28,28]}]}
            """#))
    #expect(recipe.study.charts.map(\.name) == ["autoencoders"])
  }

  // MARK: Pre-training

  @Test func `pre-training has the other experiment's epochs, or its own number of them`() throws {
    func epochs(_ pretraining: String) throws -> [String] {
      let recipe = try recipe(
        """
        [[experiments]]
        name = "second"
        parts = ["classifier"]
        epochs = 2
        pretraining = { experiment = "only", parts = ["classifier"]\(pretraining) }
        """)
      let study = recipe.study
      return Job.plan(try study.experiments(named: ["second"]), of: study) { $0.epochs }
        .map { "\($0.folderName) \($0.epochs)" }
    }
    #expect(try epochs("") == ["only 4", "second 2"])
    #expect(try epochs(", epochs = 3") == ["only-3-epochs 3", "second 2"])
  }

  @Test func `a checkpoint is looked for in the recipe's folder, and must fit`() throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, _ tensors: [(String, [Int])]) throws {
      var writer = SafetensorsWriter()
      for (name, shape) in tensors { writer.add(name, shape: shape, [Float](repeating: 0, count: shape.reduce(1, *))) }
      try writer.write(to: folder.path + "/" + name)
    }
    try write("fits.safetensors", [("classifier.1.weight", [10, 784]), ("classifier.1.bias", [10])])
    try write("other.safetensors", [("classifier.1.weight", [10, 700]), ("classifier.1.bias", [10])])
    try write("lacks.safetensors", [("classifier.1.weight", [10, 784])])
    try write(
      "more.safetensors",
      [("classifier.1.weight", [10, 784]), ("classifier.1.bias", [10]), ("classifier.2.weight", [1])])
    try folder.write("broken.safetensors", [1, 2, 3])
    func problem(_ name: String) throws -> (RecipeError.Kind, String)? {
      let recipe = try Recipe(
        text: recipe("pretraining = { checkpoint = \"\(name)\", parts = [\"classifier\"] }").text,
        path: folder.path + "/recipe.toml")
      do { try recipe.checkCheckpoints(of: recipe.usualExperiments) } catch { return (error.kind, error.description) }
      return nil
    }
    #expect(try problem("fits.safetensors") == nil)
    let cases: [(String, RecipeError.Kind, String)] = [
      ("nothing", .missing, "cannot be opened"), ("broken", .malformed, "is not a safetensors file"),
      ("other", .malformed, "its classifier.1.weight has shape [10, 700], not [10, 784]"),
      ("lacks", .malformed, "it has no classifier.1.bias"), ("more", .malformed, "its classifier.2.weight has no"),
    ]
    for (name, kind, part) in cases {
      let found = try #require(try problem("\(name).safetensors"))
      #expect(found.0 == kind)
      #expect(found.1.hasPrefix(folder.path + "/recipe.toml:11: experiments[0].pretraining: \(folder.path)/\(name)."))
      #expect(found.1.contains(part), "\(found.1)")
    }
    // One that nobody asks for may be made later.
    let later = try Recipe(
      text: recipe(
        """
        [[experiments]]
        name = "second"
        parts = ["classifier"]
        pretraining = { checkpoint = "nothing.safetensors", parts = ["classifier"] }
        """
      ).text)
    try later.checkCheckpoints(of: later.study.experiments(named: ["only"]))
    #expect(throws: RecipeError.self) { try later.checkCheckpoints(of: later.study.experiments) }
  }

  // MARK: Files

  @Test func `files that are no recipes are refused`() throws {
    let folder = try TemporaryFolder()
    func refusal(_ path: String) -> RecipeError? { #expect(throws: RecipeError.self) { try Recipe(path: path) } }
    let missing = refusal(folder.path + "/nothing.toml")
    #expect(missing?.kind == .missing)
    #expect(missing?.description.contains("nothing.toml: there is no such recipe") == true)
    #expect(refusal(folder.path)?.problem == "is not a regular file; a recipe is a TOML file")
    #expect(refusal("/dev/zero")?.kind == .missing)
    let long = try folder.write("long.toml", [UInt8](repeating: 0x20, count: Recipe.maximumLength + 1))
    #expect(refusal(long)?.problem.contains("longer than 1048576 bytes") == true)
    let sparse = try folder.writeSparse("sparse.toml", length: 3 << 30)
    #expect(refusal(sparse)?.problem.contains("longer than 1048576 bytes") == true)
    let binary = try folder.write("binary.toml", [0xff, 0xfe, 0x00])
    #expect(refusal(binary)?.problem.contains("no UTF-8 text") == true)
  }

  @Test func `the examples are recipes`() throws {
    let root = URL(fileURLWithPath: #filePath + "/../../../..").standardized.path
    let recipe = try Recipe(path: root + "/Tools/recipes/bottleneck.toml")
    #expect(recipe.study.experiments.count == 10)
    let reference = try String(contentsOfFile: root + "/Sources/Telar/Telar.docc/Recipes.md", encoding: .utf8)
    let blocks = reference.split(separator: "```toml\n").dropFirst().map { $0.split(separator: "```")[0] }
    #expect(blocks.count == 12)
    #expect(try Recipe(text: String(blocks[0])).study.experiments.map(\.name) == ["mlp-width-64", "mlp-width-256"])
    let readme = try String(contentsOfFile: root + "/README.md", encoding: .utf8)
    let shown = try #require(readme.split(separator: "```toml\n").dropFirst().first).split(separator: "```")[0]
    #expect(
      try Recipe(text: String(shown)).study.experiments.map(\.name) == ["narrow-lr-2e-3", "narrow-lr-5e-3", "wide"])
    // What the help shows is the same.
    let help = try String(contentsOfFile: root + "/Sources/telar-cli/TrainCommand.swift", encoding: .utf8)
    let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    for line in blocks[0].split(separator: "\n") {
      let setting = line.split(separator: "#")[0].trimmingCharacters(in: .whitespaces)
      #expect(lines.contains { $0.hasPrefix(setting) }, "\(setting)")
    }
  }
}

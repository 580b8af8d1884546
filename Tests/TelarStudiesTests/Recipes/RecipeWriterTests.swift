import TelarNN
import TelarStudies
import TelarTraining
import Testing

@Suite("Studies as recipes")
struct RecipeWriterTests {
  /// Everything that decides what an experiment's training computes, as text.
  private func settings(_ experiment: Experiment) -> [String] {
    [
      experiment.name, experiment.summary, experiment.architecture.json.text,
      "\(experiment.architecture.parts.map(\.isFrozen))", experiment.loss.rawValue, experiment.optimizer.json.text,
      experiment.schedule.json.text, "\(experiment.epochs) \(experiment.batchSize)",
      experiment.earlyStopping?.json.text ?? "", JSON.object(experiment.options.json).text,
      "\(experiment.data.normalization) \(experiment.data.validationCount ?? 0)",
      experiment.pretraining.map { "\($0.source) \($0.parts)" } ?? "",
    ]
  }

  /// The trainings in order, with the lengths of those that others need.
  private func plan(_ experiments: [Experiment], of study: Study) -> [String] {
    Job.plan(experiments, of: study) { $0.epochs }.map { "\($0.experiment.name) \($0.epochs) \($0.pretraining ?? -1)" }
  }

  /// The study as a recipe's, of which every experiment is trained, whatever settings it shares with another.
  private func asRecipe(_ study: Study) -> Study {
    var study = study
    study.recipe = Study.RecipeFile(text: "")
    return study
  }

  @Test(arguments: Study.all.map(\.name))
  func `a published study is read back as it was written`(name: String) throws {
    let study = try Study.named(name)
    let text = RecipeWriter(study, study.experiments).text
    let recipe = try Recipe(text: text)
    #expect(recipe.study.name == "my-\(name)")
    #expect(recipe.study.title == study.title && recipe.study.source == study.source)
    #expect(recipe.study.assumptions == study.assumptions)
    #expect(recipe.study.experiments.map(settings) == study.experiments.map(settings))
    #expect(plan(recipe.usualExperiments, of: recipe.study) == plan(study.experiments, of: asRecipe(study)))
    #expect(recipe.study.charts.map(\.name) == study.charts.map(\.name))
    #expect(recipe.study.charts.map(\.experiments) == study.charts.map(\.experiments))
    #expect(recipe.study.charts.map { "\($0.kind)" } == study.charts.map { "\($0.kind)" })
    // And once more: what was read is written alike.
    var again = RecipeWriter(recipe.study, recipe.study.experiments).text
    again.replace("my-my-", with: "my-")
    #expect(again.split(separator: "\n").dropFirst() == text.split(separator: "\n").dropFirst())
  }

  @Test func `what an experiment needs comes along, and is run only when needed`() throws {
    let study = Study.brunello
    let chosen = try study.experiments(named: ["case-0-pretrained-frozen"])
    let recipe = try Recipe(text: RecipeWriter(study, chosen).text)
    #expect(recipe.study.experiments.map(\.name) == ["ae-1", "case-0-pretrained-frozen"])
    #expect(recipe.usualExperiments.map(\.name) == ["case-0-pretrained-frozen"])
    // The autoencoder has 100 epochs, and the classifier takes one of 40.
    #expect(recipe.study.experiments[1].pretraining?.epochs == 40)
    #expect(plan(recipe.usualExperiments, of: recipe.study) == plan(chosen, of: asRecipe(study)))
  }

  @Test func `the user's options are written too`() throws {
    var options = StudyOptions()
    options.batchSize = 7
    options.seedCount = 2
    options.subset = 30
    options.curveImageCount = 20
    let study = Study.aldecoa
    var writer = RecipeWriter(study, try study.experiments(named: ["case-1"]), options) { _ in 3 }
    writer.data = Recipe.DataSource(path: "/images", allowsOtherData: true)
    let recipe = try Recipe(text: writer.text)
    #expect(recipe.study.experiments.map(\.epochs) == [3, 3])
    #expect(recipe.study.experiments.map(\.batchSize) == [7, 7])
    #expect(recipe.seedCount == 2 && recipe.curveImageCount == 20)
    #expect(recipe.data == Recipe.DataSource(path: "/images", allowsOtherData: true, subset: 30))
  }

  @Test func `settings that no published study has are written too`() throws {
    let network = Architecture {
      Part("net") {
        Conv2d(1, 2, kernelSize: 3, stride: Pair(2, 1), padding: Pair(1, 0), bias: false)
        BatchNorm2d(2, epsilon: 1e-3)
        LeakyReLU(negativeSlope: 0.2)
        AvgPool2d(2, padding: 1, countIncludePad: false)
        Flatten()
        Linear(224, 10)
      }
    }
    var augmentation = Augmentation()
    (augmentation.crop, augmentation.horizontalFlip, augmentation.noise) = (2, 0.5, 1e-3)
    var options = TrainingOptions()
    options.augmentation = augmentation
    options.objective = .crossEntropy(labelSmoothing: 0.1, weights: .given((0..<10).map { Double($0) / 8 }))
    (options.clipNorm, options.accumulation, options.averageDecay) = (2.5, 3, 0.999)
    options.parameterGroups = [
      ParameterGroup(["vectors"], ["weight_decay": .number(0)]),
      ParameterGroup(["net.0.*"], ["learning_rate": .number(1e-6)]),
    ]
    let experiments = [
      Experiment(
        "a", "cost: 5 $, a \"quote\", and a \\", network, loss: .classification,
        data: .init(normalization: Normalization(mean: 0.1, deviation: 0.3), validationCount: 5),
        optimizer: SGD(learningRate: 1e-5, momentum: 0.9, nesterov: true, weightDecay: 1.5e-7),
        schedule: LearningRateSchedule(.step(stepSize: 3, gamma: 0.3), warmUpEpochs: 0.5), batchSize: 1, epochs: 2,
        earlyStopping: EarlyStopping(patience: 1, minimumImprovement: 1e-9), options: options,
        pretraining: .init(.checkpoint("/a b/$x.safetensors"), parts: ["net"])),
      Experiment(
        "b", "b", network, loss: .classification, optimizer: Adam(beta1: 0.1, beta2: 0.2, epsilon: 0.1, weightDecay: 3),
        schedule: LearningRateSchedule(.cosine(minimum: 1e-4)), epochs: 9,
        pretraining: .init(.experiment("a"), parts: ["net"], epochs: 4)),
    ]
    let study = Study(name: "odd", title: "Odd", experiments: experiments)
    let recipe = try Recipe(text: RecipeWriter(study, experiments).text)
    #expect(recipe.study.experiments.map(settings) == experiments.map(settings))
    #expect(recipe.study.experiments[1].pretraining?.epochs == 4)
  }
}

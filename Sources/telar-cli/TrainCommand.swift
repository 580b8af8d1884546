import ArgumentParser
import Telar
import TelarStudies

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Run the experiments of a recipe, a comparison of your own.",
    discussion: """
      A recipe is a TOML file with networks, and experiments that train them. This is a whole one:

        name = "widths"                # results go to runs/widths

        [defaults]                     # for every experiment
        loss = "cross_entropy"         # or "mse", for autoencoders
        epochs = 5
        optimizer = { name = "Adam", learning_rate = 1e-3 }

        [networks.perceptron]          # layers have PyTorch's names and keywords
        layers = [
          "Flatten",
          { layer = "Linear", in_features = 784, out_features = "$width" },
          "ReLU",
          { layer = "Linear", in_features = "$width", out_features = 10 },
        ]

        [[experiments]]
        name = "mlp"
        parts = ["perceptron"]
        grid.variables.width = [64, 256]       # mlp-width-64 and mlp-width-256

      Recipes.md of the documentation describes schedules, early stopping, pre-training and everything else; telar \
      study NAME --print-recipe prints experiments of a study as a recipe to begin with. All of a recipe is checked \
      before anything is trained. Runs, results and --resume are as telar help study has them.

      LAYERS, with PyTorch's names and keywords; those in brackets may be left out
      \(KeywordTable(LayerRegistry.names, LayerRegistry.keywords))

      OPTIMIZERS
      \(KeywordTable(OptimizerRegistry.names, OptimizerRegistry.keywords))

      SCHEDULES, each with [warm_up_epochs]
      \(KeywordTable(ScheduleRegistry.names, ScheduleRegistry.keywords))

      EXAMPLES
        telar train widths.toml --list
        telar train widths.toml --epochs 1 --subset 2000
        telar train widths.toml mlp-width-64 --seeds 3
      """)

  @Argument(help: ArgumentHelp("The recipe's file.", valueName: "recipe"), completion: Completions.recipe)
  var recipe: String

  @Argument(
    help: ArgumentHelp("Experiments of the recipe; all of them when none is named.", valueName: "experiment"),
    completion: Completions.experiment)
  var experiments: [String] = []

  @Flag(help: "List the experiments, and run nothing.")
  var list = false

  @OptionGroup var device: DeviceOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var running: RunningOptions

  func validate() throws {
    try usage { try running.options(defaultSeedCount: 1).validate() }
  }

  func run() throws {
    let source = try Recipe.dataSource(path: recipe)
    var data = data
    data.data = data.data ?? source.path
    // Data that is named decides the shape that networks are checked for, so it is read first.
    let reading = source.options
    let images = data.data == nil ? nil : list ? try? data.load(reading) : try data.load(reading)
    let recipe = try Recipe(path: recipe, for: images?.shape ?? .fashionMNIST)
    let study = recipe.study
    let chosen = experiments.isEmpty ? recipe.usualExperiments : try study.experiments(named: experiments)
    if list { return ExperimentList(studies: [study]).show(asJSON: running.json) }
    try recipe.checkCheckpoints(of: chosen)
    // Command-line options take precedence over the recipe.
    var options = running.options(defaultSeedCount: recipe.seedCount ?? 1)
    options.subset = options.subset ?? recipe.data.subset
    if options.curveImageCount == nil, let count = recipe.curveImageCount {
      // --subset may leave fewer images than the recipe's training curve uses.
      options.curveImageCount = min(count, running.subset ?? count)
    }
    let session = StudySession(
      study: study, options: options, running: running, device: device, data: data, images: images)
    let result = try session.run(chosen) { running.epochs ?? $0.epochs }
    try session.checkComplete(result)
  }
}

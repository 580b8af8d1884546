import TelarStudies
import Testing

@Suite("Errors of recipes")
struct RecipeErrorTests {
  /// A good recipe, the example as it once was.
  static let example = """
    # How narrow may an autoencoder be for its encoder to be of use to a classifier?
    #
    #   telar train Tools/recipes/bottleneck.toml
    #
    # Recipes.md of the documentation describes everything that can stand here.

    name = "bottleneck"                    # results go to runs/bottleneck
    title = "Width of the bottleneck, with and without pre-training"

    [defaults]                             # for every experiment that says nothing else
    epochs = 5
    batch_size = 100
    optimizer = { name = "Adam", learning_rate = 2e-3 }
    schedule = { kind = "cosine", warm_up_epochs = 0.5 }
    early_stopping = { patience = 2 }

    # Layers have the names and keywords of PyTorch's modules. $n is a variable, which each experiment gives a value.
    [networks.encoder]
    layers = [
      { layer = "Conv2d", in_channels = 1, out_channels = 8, kernel_size = 3 },
      "ReLU",
      { layer = "MaxPool2d", kernel_size = 2 },
      "Flatten",
      { layer = "Linear", in_features = 1352, out_features = "$n" },
      "ReLU",
    ]

    [networks.decoder]
    layers = [
      { layer = "Linear", in_features = "$n", out_features = 784 },
      "Sigmoid",
      { layer = "Unflatten", unflattened_size = [1, 28, 28] },
    ]

    [networks.head]
    layers = [{ layer = "Linear", in_features = "$n", out_features = 10 }]

    # Two autoencoders, ae-8 and ae-32.
    [[experiments]]
    name = "ae-$n"
    loss = "mse"
    parts = ["encoder", "decoder"]
    grid.variables.n = [8, 32]

    # On the encoder of each: fine-tuned-8, fine-tuned-32, then frozen-8 and frozen-32.
    [[experiments]]
    name = "fine-tuned-$n"
    loss = "cross_entropy"
    parts = ["encoder", "head"]
    pretraining = { experiment = "ae-$n", parts = ["encoder"] }
    grid.variables.n = [8, 32]

    [[experiments]]
    name = "frozen-$n"
    loss = "cross_entropy"
    parts = [{ name = "encoder", network = "encoder", frozen = true }, "head"]
    pretraining = { experiment = "ae-$n", parts = ["encoder"] }
    grid.variables.n = [8, 32]

    # And without pre-training, at two learning rates: scratch-8-lr-2e-3, scratch-8-lr-5e-3, ….
    [[experiments]]
    name = "scratch-$n"
    loss = "cross_entropy"
    parts = ["encoder", "head"]
    grid.variables.n = [8, 32]
    grid.optimizer.learning_rate = [2e-3, 5e-3]

    """

  static func refusal(_ text: String) -> RecipeError? {
    do {
      _ = try Recipe(text: text, path: "r.toml")
      return nil
    } catch {
      return error
    }
  }

  /// A change of the example that makes it wrong, and how the error begins and goes on.
  @Test(
    arguments: [
      // Names of settings
      ("epochs = 5\n", "epoch = 5\n", "r.toml:11: defaults: no setting is named \"epoch\". Did you mean epochs?"),
      ("epochs = 5\n", "", "r.toml:38: experiments[0]: epochs is missing"),
      ("epochs = 5\n", "seeds = 5\n", "r.toml:11: defaults: seeds is a setting of the whole recipe: put it above"),
      ("epochs = 5\n", "grid = {}\n", "r.toml:11: defaults.grid: belongs to an experiment"),
      (
        "learning_rate = 2e-3 }", "lr = 1 }",
        "r.toml:13: defaults.optimizer: no setting is named \"lr\". Did you mean learning_rate?"
      ),
      ("loss = \"mse\"", "los = \"mse\"", "r.toml:39: experiments[0]: loss is missing; is \"los\" meant to be it?"),
      ("[defaults]", "[default]", "r.toml:10: no setting is named \"default\". Did you mean defaults?"),
      ("name = \"bottleneck\"", "nane = \"x\"", "r.toml: name is missing; is \"nane\" meant to be it?"),
      (
        "grid.optimizer.l", "grid.optimiser.l",
        "r.toml:66: experiments[3]: no setting is named \"optimiser\". Did you mean optimizer?"
      ),
      (
        "[networks.head]\nlayers", "[networks.head]\nlayer",
        "r.toml:35: networks.head: layers is missing; is \"layer\" meant"
      ),
      (
        "frozen = true", "freeze = true",
        "r.toml:56: experiments[2].parts[0]: no setting is named \"freeze\". Did you mean frozen?"
      ),
      // Types and ranges
      (
        "epochs = 5\n", "epochs = 5.0\n", "r.toml:11: defaults.epochs: must be a whole number from 1 to 100000, not 5.0"
      ),
      (
        "epochs = 5\n", "epochs = \"5\"\n",
        "r.toml:11: defaults.epochs: must be a whole number from 1 to 100000, not \"5\""
      ),
      (
        "batch_size = 100", "batch_size = 60001",
        "r.toml:12: defaults.batch_size: must be a whole number from 1 to 60000"
      ),
      ("{ patience = 2 }", "true", "r.toml:15: defaults.early_stopping: must be a table of settings, not true"),
      ("{ patience = 2 }", "0", "r.toml:15: defaults.early_stopping: must be a whole number from 1"),
      (
        "learning_rate = 2e-3", "learning_rate = -1",
        "r.toml:13: defaults.optimizer.learning_rate: must be a number above 0, not -1"
      ),
      (
        "learning_rate = 2e-3", "beta1 = 1",
        "r.toml:13: defaults.optimizer.beta1: must be a number from 0 to below 1, not 1"
      ),
      ("\"Adam\", ", "\"SGD\", nesterov = true, ", "r.toml:13: defaults.optimizer.nesterov: needs a momentum above 0"),
      ("\"Adam\", ", "\"AdaGrad\", ", "r.toml:13: defaults.optimizer.name: must be \"Adam\" or "),
      (
        "\"Adam\", ", "\"Adan\", ",
        "or \"SGD\", not \"Adan\". Did you mean \"Adam\"?"
      ),
      ("kind = \"cosine\"", "kind = \"cos\"", "not \"cos\". Did you mean \"cosine\"?"),
      (
        "kind = \"cosine\"", "kind = \"one-cycle\", anneal_strategy = \"linar\"",
        "must be \"cos\" or \"linear\", not \"linar\". Did you mean \"linear\"?"
      ),
      ("loss = \"mse\"", "loss = \"msr\"", "not \"msr\". Did you mean \"mse\"?"),
      ("kind = \"cosine\"", "kind = \"step\"", "r.toml:14: defaults.schedule: step_size is missing"),
      ("loss = \"mse\"", "loss = 3", "r.toml:41: experiments[0].loss: must be a name or a table with a kind, not 3"),
      ("name = \"bottleneck\"", "name = \"x\"\nnotes = \"x\"", "r.toml:8: notes: must be a list in [ ], not \"x\""),
      ("title = \"Width", "title = \"\\n", "r.toml:8: title: must be text of one line"),
      ("frozen = true", "frozen = 1", "r.toml:56: experiments[2].parts[0].frozen: must be true or false, not 1"),
      ("[defaults]", "data = { subset = 0 }\n[defaults]", "r.toml:10: data.subset: must be a whole number from 1"),
      // Names of things
      (
        "name = \"bottleneck\"", "name = \"brunello\"", "r.toml:7: name: brunello is the name of a study that telar has"
      ),
      ("name = \"bottleneck\"", "name = \"../x\"", "r.toml:7: name: \"../x\" must be made of small letters"),
      ("name = \"bottleneck\"", "name = \"..\"", "r.toml:7: name: \"..\" must begin with a letter or a digit"),
      (
        "name = \"ae-$n\"", "name = \"Ae-$n\"", "r.toml:40: experiments[0].name: \"Ae-8\" must be made of small letters"
      ),
      (
        "name = \"ae-$n\"", "name = \"ae-$n-epochs\"",
        "r.toml:40: experiments[0].name: ae-8-epochs must not end with a number"
      ),
      (
        "name = \"ae-$n\"", "name = \"ae-$n.json\"",
        "r.toml:40: experiments[0].name: \"ae-8.json\" must not end with .json"
      ),
      (
        "name = \"frozen-$n\"", "name = \"ae-$n\"",
        "r.toml:53: experiments[2]: the name ae-8 is taken by experiments[0], line 39"
      ),
      (
        "grid.variables.n = [8, 32]", "grid.variables.n = [8, 8]",
        "r.toml:39: experiments[0]: two combinations of the grid are named ae-8"
      ),
      (
        "[\"encoder\", \"decoder\"]", "[\"encoder\", \"encoder\"]",
        "r.toml:42: experiments[0].parts[1]: two parts are named \"encoder\""
      ),
      ("[networks.head]", "[networks.\"he.ad\"]", "r.toml:35: networks.\"he.ad\": \"he.ad\" must be made of letters"),
      // Networks
      (
        "in_features = 1352", "in_features = 1353",
        "r.toml:24: ae-8, encoder.4 (Linear): expects 1353 features and is given 1352"
      ),
      (
        "kernel_size = 3", "kernel_sise = 3",
        "r.toml:20: networks.encoder.layers[0] (Conv2d): kernel_size is missing; there are kernel_sise"
      ),
      (
        "kernel_size = 3", "kernel_size = 3, strid = 2",
        "r.toml:20: networks.encoder.layers[0] (Conv2d): no keyword is named \"strid\". Did you mean stride? There are: padding_mode,"
      ),
      (
        "\"ReLU\"", "\"Relu\"",
        "r.toml:21: networks.encoder.layers[1]: no layer is named \"Relu\". Did you mean ReLU? There are: "
      ),
      ("\"ReLU\"", "7", "r.toml:21: networks.encoder.layers[1]: must be a layer, as in { layer ="),
      (
        "out_features = 10", "out_features = 11",
        "r.toml:46: experiments[1]: fine-tuned-8 ends with 11 features; it should end with 10"
      ),
      (
        "[1, 28, 28]", "[4, 14, 14]",
        "r.toml:39: experiments[0]: ae-8 ends with 14×14 pixels of 4 channels; it should end with 28×28"
      ),
      (
        "[\"encoder\", \"decoder\"]", "[\"encodr\"]",
        "r.toml:42: experiments[0].parts[0]: no network is named \"encodr\". Did you mean encoder?"
      ),
      ("[\"encoder\", \"decoder\"]", "[]", "r.toml:42: experiments[0].parts: lists no parts"),
      (
        "[\"encoder\", \"decoder\"]", "[{ name = \"a\" }]",
        "r.toml:42: experiments[0].parts[0]: a part has either a network or layers"
      ),
      (
        "[\"encoder\", \"decoder\"]", "[{ name = \"a\", layers = [] }]",
        "r.toml:42: experiments[0].parts[0]: the part has no layers"
      ),
      (
        "[\"encoder\", \"decoder\"]", "[{ name = \"a\", layers = [\"ReLU\"] }]",
        "r.toml:39: experiments[0]: ae-8 has nothing to train"
      ),
      (
        "out_channels = 8", "out_channels = 1000000",
        "r.toml:20: ae-8, encoder.0 (Conv2d): up to here a batch of 500 images makes more than 8 GB"
      ),
      (
        "out_channels = 8, kernel_size = 3", "out_channels = 16777216, kernel_size = 16777216, padding = 16777216",
        "r.toml:20: ae-8, encoder.0 (Conv2d): shape [16777245, 16777245, 16777216] has more elements than"
      ),
      (
        "out_features = \"$n\"", "out_features = 1000000",
        "r.toml:24: ae-8, encoder.4 (Linear): the network has more than 100,000,000 parameters"
      ),
      // Variables and grids
      (
        "out_features = \"$n\"", "out_features = \"$m\"",
        "r.toml:24: networks.encoder.layers[4].out_features: there is no variable \"m\". Did you mean $n?"
      ),
      (
        "out_features = \"$n\"", "out_features = \"$\"",
        "r.toml:24: networks.encoder.layers[4].out_features: $ stands before a variable's name"
      ),
      (
        "out_features = \"$n\"", "out_features = \"${n\"",
        "r.toml:24: networks.encoder.layers[4].out_features: ${ has no }"
      ),
      (
        "grid.variables.n = [8, 32]", "grid.variables.n = 8",
        "r.toml:43: experiments[0].grid.variables.n: must be a list of the values to try"
      ),
      (
        "grid.variables.n = [8, 32]", "grid.variables.n = []",
        "r.toml:43: experiments[0].grid.variables.n: lists no values"
      ),
      (
        "grid.variables.n = [8, 32]", "grid = [8]",
        "r.toml:43: experiments[0].grid: must be a table of settings with lists"
      ),
      ("grid.variables.n = [8, 32]", "grid = {}", "r.toml:43: experiments[0].grid: lists no setting"),
      (
        "grid.variables.n = [8, 32]", "grid.name = [\"a\"]",
        "r.toml:43: experiments[0].grid.name: name cannot be varied"
      ),
      (
        "grid.variables.n = [8, 32]", "grid.variables = { n = [8], m = [1, 2] }",
        "r.toml:39: experiments[0]: the grid varies the variable m, which nothing refers to"
      ),
      ("grid.variables.n = [8, 32]", "grid.variables.n = [{ a = 1 }]", "must be a number, text, true or false"),
      (
        "grid.variables.n = [8, 32]", "grid.variables.n = [[8]]",
        "r.toml:40: experiments[0].name: the variable n is a list, which cannot stand within text"
      ),
      ("grid.variables.n = [8, 32]", "grid.variables.\"a-b\" = [8, 32]", "a variable's name is made of letters"),
      (
        "grid.variables.n = [8, 32]",
        "grid.batch_size = [\(repeatElement("1", count: 101).joined(separator: ","))]\n"
          + "grid.epochs = [\(repeatElement("1", count: 10).joined(separator: ","))]",
        "r.toml:43: experiments[0].grid: there are more than 1000 combinations"
      ),
      // Pre-training
      (
        "\"ae-$n\", parts", "\"ae\", parts",
        "r.toml:50: experiments[1].pretraining: no experiment is named \"ae\". Did you mean ae-8?"
      ),
      (
        "parts = [\"encoder\"] }", "parts = [\"decoder\"] }",
        "r.toml:50: experiments[1].pretraining: fine-tuned-8 has no part \"decoder\" to take over. Did you mean encoder? There are: encoder, head."
      ),
      (
        "parts = [\"encoder\"] }", "parts = [\"head\"] }",
        "r.toml:50: experiments[1].pretraining: ae-8 has no part \"head\""
      ),
      (
        "\"ae-$n\", parts", "\"ae-8\", parts",
        "r.toml:50: experiments[1].pretraining: the part encoder of ae-8 does not fit that of fine-tuned-32: its encoder.4.weight has shape [8, 1352], not [32, 1352]"
      ),
      (
        "\"ae-$n\", parts", "\"fine-tuned-$n\", parts",
        "r.toml:50: experiments[1].pretraining: pre-training goes in a circle: fine-tuned-8 needs fine-tuned-8"
      ),
      (
        "experiment = \"ae-$n\"", "checkpoint = \"x\", epochs = 3",
        "r.toml:50: experiments[1].pretraining.epochs: a checkpoint is taken as it is"
      ),
      (
        "experiment = \"ae-$n\", ", "",
        "r.toml:50: experiments[1].pretraining: names either an experiment of the recipe or a checkpoint's file"
      ),
      // The whole
      ("[[experiments]]\nname = \"ae", "[experiments]\nname = \"ae", "each of several stands under double brackets"),
      (
        "[defaults]", "charts = [{ name = \"x\", experiments = [\"ae-8\", \"frozen-8\"] }]\n[defaults]",
        "r.toml:10: charts[0].experiments: the experiments have different losses"
      ),
      (
        "[defaults]", "charts = [{ name = \"x\", experiments = [\"ae-8\"] }]\n[defaults]",
        "r.toml:10: charts[0].experiments: must name at least two"
      ),
      (
        "[defaults]",
        "charts = [{ name = \"x\", experiments = [\"frozen-8\", \"frozen-32\"], reconstructions = true }]\n[defaults]",
        "r.toml:10: charts[0].reconstructions: is for autoencoders"
      ),
      (
        "[defaults]", "charts = [{ name = \"x\", experiments = [\"ae\"] }]\n[defaults]",
        "no experiment is named \"ae\". Did you mean ae-8?"
      ),
      ("epochs = 5", "only = 1", "r.toml:11: defaults: no setting is named \"only\""),
    ] as [(String, String, String)])
  func `a mistake is named with its place`(old: String, new: String, problem: String) throws {
    try #require(Self.example.contains(old))
    let error = Self.refusal(Self.example.replacing(old, with: new, maxReplacements: 1))
    let text = error?.description ?? "no error"
    #expect(text.hasPrefix(problem) || !problem.hasPrefix("r.toml") && text.contains(problem), "\(text)")
    #expect(error?.kind == .malformed)
    #expect(!text.contains("\n"))
  }

  @Test func `circles of several experiments are found`() {
    func experiment(_ name: String, _ source: String) -> String {
      """
      [[experiments]]
      name = "\(name)"
      parts = ["net"]
      pretraining = { experiment = "\(source)", parts = ["net"] }

      """
    }
    let head = """
      name = "circle"
      defaults = { loss = "cross_entropy", epochs = 1 }
      networks.net.layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }]

      """
    let circle = experiment("outside", "a") + experiment("a", "b") + experiment("b", "c") + experiment("c", "a")
    #expect(
      Self.refusal(head + circle)?.problem == "pre-training goes in a circle: a needs b needs c needs a")
    #expect(Self.refusal(head) != nil && Self.refusal(head + "experiments = []")?.problem == "lists no experiments")
    let chain = (0..<999).map { experiment("e\($0)", "e\($0 + 1)") }.joined()
    let last = experiment("e999", "x").replacing("pretraining", with: "#")
    #expect(Self.refusal(head + chain + last) == nil)
    #expect(
      Self.refusal(head + chain + last + experiment("more", "e0"))?.problem
        == "with this there are more than 1000 experiments")
    let idle = experiment("a", "b").replacing("pretraining", with: "only_when_needed = true #")
    #expect(Self.refusal(head + idle)?.problem.contains("only run when others need them") == true)
  }
}

import TelarNN
import TelarTraining

extension Study {
  /// A multilayer perceptron, one change at a time.
  public static let molina = Study(
    name: "molina",
    title: "Multilayer perceptron, one change at a time",
    source: "Molina, F.: Clasificando Fashion-MNIST con PyTorch. Universidad Nacional de Córdoba, 2024.",
    assumptions: [
      "The batch size of the base case is not stated; here 100.",
      "How many more neurons is not stated; here 256 and 128.",
      "That a case fails is read as an accuracy below 50 %; that a gain or an effect is marginal as at most 5 %, that "
        + "errors are similar as at most 10 %; fewer epochs, as a lower mean loss of the first 5.",
      "Momentum, batch and epochs of the base case and the place of dropout are open; base-batch-20, base-momentum-0.9, "
        + "base-long and base-dropout-last try other readings (group open).",
      "Curves called training are measured in evaluation mode, on the first 10,000 training images; those measured "
        + "while training, with dropout and changing weights, stand beside them.",
    ],
    contradictions: [
      "The discussion finds no clear advantage in dropping dropout, and the results a slight one.",
      "The base case's accuracy is called near 0.8, which its own figure does not reach.",
      "Adam “is less sensitive to the initial learning rate” than SGD, and at 0.1 Adam fails and SGD does best.",
      "The final model is called better than any other, at 0.95, where the case with Adam has “0.85 to 0.95”.",
    ],
    experiments: cases + open,
    charts: ["adam", "no-dropout", "batch-1000", "lr-0.1", "neurons-256-128", "final-adam-lr-0.1", "final-sgd-lr-0.1"]
      .map { Chart("base-\($0)", "base case and \($0)", ["base", $0]) } + [
        Chart("open", "readings of the base case", ["base"] + open.map(\.name))
      ],
    comparisons: comparisons, showsMeasuredWhileTraining: true)

  private static let cases = [
    perceptron(
      "base", "SGD, dropout 0.2, neurons 128-64",
      claims: baseClaims),
    perceptron(
      "adam", "Adam", optimizer: Adam(),
      claims: [
        Claim(.validationAccuracy, .inside(0.85...0.95, fromEpoch: 5)), Claim(.trainingLoss, .below(0.2)),
      ]),
    perceptron("no-dropout", "no dropout", p: 0),
    perceptron(
      "batch-1000", "batches of 1,000", batchSize: 1000,
      claims: [
        Claim(.validationLoss, .above(1.6)),
        Claim(.validationAccuracy, .number(.largest(fromEpoch: 1), .below(0.6), "< 60.00 % in every epoch")),
      ]),
    perceptron(
      "lr-0.1", "learning rate 0.1", optimizer: SGD(learningRate: 0.1),
      claims: [Claim(.validationLoss, .oscillates)]),
    perceptron("neurons-256-128", "neurons 256-128", [256, 128]),
    perceptron(
      "final-adam-lr-0.1", "neurons 256-128, Adam at 0.1", [256, 128], optimizer: Adam(learningRate: 0.1),
      claims: [Claim(.validationAccuracy, .below(0.5))]),
    perceptron(
      "final-sgd-lr-0.1", "neurons 256-128, SGD at 0.1", [256, 128], optimizer: SGD(learningRate: 0.1),
      claims: [
        Claim(.validationAccuracy, .near(0.95)), Claim(.trainingAccuracy, .near(0.95)),
        Claim(.trainingLoss, .below(0.15)),
        Claim(.validationLoss, .below(0.15)),
      ]),
  ]

  /// The base case's claims, also for other readings of it.
  private static let baseClaims = [
    Claim(.validationAccuracy, .aboveInEpoch(5, 0.7)), Claim(.validationAccuracy, .near(0.8)),
  ]

  private static let open = [
    perceptron("base-batch-20", "base with batches of 20", batchSize: 20, claims: baseClaims, group: "open"),
    perceptron(
      "base-momentum-0.9", "base with momentum 0.9", optimizer: SGD(learningRate: 1e-3, momentum: 0.9),
      claims: baseClaims, group: "open"),
    perceptron(
      "base-long", "base for 100 epochs", epochs: 100, claims: [Claim(.validationAccuracy, .near(0.8))],
      group: "open"),
    Experiment(
      "base-dropout-last", "base with dropout behind the second hidden layer only",
      Architecture {
        Part("classifier") {
          Flatten()
          Linear(784, 128)
          ReLU()
          Linear(128, 64)
          ReLU()
          Dropout(0.2)
          Linear(64, 10)
        }
      }, loss: .classification, optimizer: SGD(learningRate: 1e-3), epochs: 30, claims: baseClaims, group: "open"),
  ]

  private static let comparisons = [
    Comparison("Adam is more accurate than SGD", .validationAccuracy, ["base", "adam"], .increasing),
    Comparison("no dropout is more accurate", .validationAccuracy, ["base", "no-dropout"], .increasing),
    Comparison("no dropout gains little", .validationAccuracy, ["base", "no-dropout"], .alike(within: 0.05)),
    Comparison("a learning rate of 0.1 is more accurate", .validationAccuracy, ["base", "lr-0.1"], .increasing),
    Comparison("more neurons are more accurate", .validationAccuracy, ["base", "neurons-256-128"], .increasing),
    Comparison("more neurons gain little", .validationAccuracy, ["base", "neurons-256-128"], .alike(within: 0.05)),
    Comparison(
      "SGD at 0.1 with more neurons is the best", .validationAccuracy,
      [
        "base", "adam", "no-dropout", "batch-1000", "lr-0.1", "neurons-256-128", "final-adam-lr-0.1",
        "final-sgd-lr-0.1",
      ], .lastIsLargest),
    Comparison("Adam has less loss than SGD", .validationLoss, ["adam", "base"], .increasing),
    Comparison("Adam converges faster", .validationLoss, ["adam", "base"], .increasing, by: .mean(epochs: 5)),
    Comparison("no dropout hardly changes the loss", .validationLoss, ["base", "no-dropout"], .alike(within: 0.05)),
    Comparison(
      "batches of 1,000 learn more slowly", .validationLoss, ["base", "batch-1000"], .increasing, by: .mean(epochs: 5)),
    Comparison("a learning rate of 0.1 has less loss", .validationLoss, ["lr-0.1", "base"], .increasing),
    Comparison(
      "a learning rate of 0.1 needs fewer epochs", .validationLoss, ["lr-0.1", "base"], .increasing,
      by: .mean(epochs: 5)),
    Comparison(
      "a learning rate of 0.1 oscillates more than the base case", .validationLoss, ["base", "lr-0.1"], .increasing,
      by: .roughness),
    Comparison("more neurons have a similar loss", .validationLoss, ["base", "neurons-256-128"], .alike(within: 0.1)),
  ]

  private static func perceptron(
    _ name: String, _ summary: String, _ neurons: [Int] = [128, 64], p: Float = 0.2,
    optimizer: any Optimizer = SGD(learningRate: 1e-3), batchSize: Int = 100, epochs: Int = 30, claims: [Claim] = [],
    group: String? = nil
  ) -> Experiment {
    Experiment(
      name, summary,
      Architecture {
        Part("classifier") {
          Flatten()
          Perceptron.layers(784, neurons, p: p)
        }
      }, loss: .classification, optimizer: optimizer, batchSize: batchSize, epochs: epochs, claims: claims,
      group: group)
  }
}

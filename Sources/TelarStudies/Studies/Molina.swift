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
      "That a case fails is read as an accuracy below 50 %; that a gain is marginal as at most 5 %.",
      "Curves called training are measured in evaluation mode, on the first 10,000 training images; those measured "
        + "while training, with dropout and changing weights, stand beside them.",
    ],
    experiments: [
      perceptron(
        "base", "SGD, dropout 0.2, neurons 128-64",
        claims: [
          Claim(.validationAccuracy, .aboveInEpoch(5, 0.7)), Claim(.validationAccuracy, .near(0.8)),
        ]),
      perceptron(
        "adam", "Adam", optimizer: Adam(),
        claims: [
          Claim(.validationAccuracy, .inside(0.85...0.95, fromEpoch: 5)), Claim(.trainingLoss, .below(0.2)),
        ]),
      perceptron("no-dropout", "no dropout", p: 0),
      perceptron(
        "batch-1000", "batches of 1,000", batchSize: 1000,
        claims: [Claim(.validationLoss, .above(1.6)), Claim(.validationAccuracy, .below(0.6))]),
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
          Claim(.validationAccuracy, .near(0.95)), Claim(.trainingLoss, .below(0.15)),
          Claim(.validationLoss, .below(0.15)),
        ]),
    ],
    charts: ["adam", "no-dropout", "batch-1000", "lr-0.1", "neurons-256-128", "final-adam-lr-0.1", "final-sgd-lr-0.1"]
      .map { Chart("base-\($0)", "base case and \($0)", ["base", $0]) },
    comparisons: [
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
    ],
    showsMeasuredWhileTraining: true)

  private static func perceptron(
    _ name: String, _ summary: String, _ neurons: [Int] = [128, 64], p: Float = 0.2,
    optimizer: any Optimizer = SGD(learningRate: 1e-3), batchSize: Int = 100, claims: [Claim] = []
  ) -> Experiment {
    Experiment(
      name, summary,
      Architecture {
        Part("classifier") {
          Flatten()
          Perceptron.layers(784, neurons, p: p)
        }
      }, loss: .classification, optimizer: optimizer, batchSize: batchSize, epochs: 30, claims: claims)
  }
}

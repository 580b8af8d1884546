import TelarNN
import TelarTraining

extension Study {
  /// An autoencoder refined step by step, then classifiers on the best encoder.
  public static let manolucos = Study(
    name: "manolucos",
    title: "Autoencoder refined step by step, then a classifier",
    source: "Manolucos, E. N.: Deep Learning para la clasificación de imágenes: Un enfoque híbrido con autoencoders y "
      + "CNNs en Fashion-MNIST. Universidad Nacional de Córdoba.",
    assumptions: [
      "The losses that the text states fit pixels from -1 to 1; here (pixel - 0.5) / 0.5, and a tanh at the end.",
      "The autoencoder's optimizer is not stated; here Adam.",
      "The first transposed convolution has dilation 2: its output of 13 by 13 needs it.",
      "The order is not stated; here convolution, batch norm, ReLU, dropout, pool; no dropout behind the last layer.",
      "What of the classifier is trained is not stated; here everything, on the best encoder pre-trained for 30 epochs.",
      "How many more neurons is not stated; here a layer of 256 before the ten.",
      "SGD's momentum is not stated; here 0.9, and plain SGD beside it.",
      "The training curve is measured in evaluation mode, on the first 10,000 training images.",
      "Table 3's training losses, above those of validation in the baseline, look measured while training, with dropout; "
        + "they are compared with both.",
      "Figure 1 has a linear function between encoder and decoder, which Table 2 lacks; linear-baseline and "
        + "linear-dropout-0 have one of 800 to 800 (group open).",
      "“After half the epochs” is read as epochs 12 to 18 of 30.",
    ],
    contradictions: [
      "Tables 4 and 5 are referred to as one another: the accuracies are in Table 4, and the text looks for them in 5.",
      "“More neurons” are said to reach less loss and more accuracy; on validation images they have 0.4182 against 0.3312 "
        + "and 90.83 against 91.27 %, and on training images 98.06 against 98.12 %.",
      "The conclusion has Adam “without overfitting, unlike other methods”, and in the same paragraph “prone to "
        + "overfitting”; section 4.2 says that of SGD.",
      "“Only changing the loss function” must mean the optimizer.",
      "A low dropout is said to help as the network has two layers, and then dropout 0 to be worse for such a network.",
    ],
    experiments: steps + classifiers + open,
    charts: charts, comparisons: comparisons, hasLogarithmicLoss: false)

  private static let steps = [

    autoencoder(
      "baseline", "channels 16-32, dropout 0.2", ManolucosNetwork(channels: (16, 32), dropout: 0.2), 0.0858, 0.0726),
    autoencoder("dropout-0", "no dropout", ManolucosNetwork(channels: (16, 32)), 0.03, 0.0312),
    autoencoder(
      "batchnorm", "batch norm before the pools", ManolucosNetwork(channels: (16, 32), hasBatchNorm: true), 0.027,
      0.0283),
    autoencoder(
      "max-avg", "the second pool averages",
      ManolucosNetwork(channels: (16, 32), hasBatchNorm: true, hasAveragePool: true), 0.0229, 0.0231),
    autoencoder("channels-64-96", "channels 64-96, the best", .best, 0.0159, 0.0175),
  ]

  private static let classifiers = [
    classifier(
      "classifier-baseline", "one linear layer, Adam", [], Adam(), 0.9812, 0.9127, 0.0531, 0.3312,
      [
        Claim(.validationLoss, .overfits(from: 12...18)), Claim(.validationAccuracy, .above(0.9)),
      ]),
    classifier(
      "classifier-fc-adam", "256 neurons, Adam", [256], Adam(), 0.9806, 0.9083, 0.0520, 0.4182,
      [
        Claim(.validationLoss, .risesAgain(by: 0.05)), Claim(.validationLoss, .oscillates),
        Claim(
          .validationAccuracy,
          .number(
            .errors(ofClass: 6, to: [0, 2, 4]), .above(0.5), "Shirt is mostly taken for T-shirt/top, Pullover or Coat")),
      ]),
    classifier(
      "classifier-fc-sgd", "256 neurons, SGD with momentum 0.9", [256], SGD(learningRate: 1e-3, momentum: 0.9),
      0.9465, 0.9148, 0.1529, 0.2463, [Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
    classifier(
      "classifier-fc-sgd-plain", "256 neurons, SGD without momentum", [256], SGD(learningRate: 1e-3), 0.9465, 0.9148,
      0.1529, 0.2463, [Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
  ]

  private static let open = [
    autoencoder(
      "linear-baseline", "a linear layer of 800 in the middle, dropout 0.2",
      ManolucosNetwork(channels: (16, 32), dropout: 0.2, hasLinear: true), 0.0858, 0.0726, group: "open"),
    autoencoder(
      "linear-dropout-0", "a linear layer of 800 in the middle, no dropout",
      ManolucosNetwork(channels: (16, 32), hasLinear: true), 0.03, 0.0312, group: "open"),
  ]

  private static let charts = [
    Chart("autoencoders", "step by step", ["baseline", "dropout-0", "batchnorm", "max-avg", "channels-64-96"]),
    Chart("best", "baseline and best", ["baseline", "channels-64-96"], .reconstructions),
    Chart(
      "classifiers", "classifiers",
      ["classifier-baseline", "classifier-fc-adam", "classifier-fc-sgd", "classifier-fc-sgd-plain"]),
  ]

  private static let comparisons = [
    Comparison(
      "each step lowers the loss", .validationLoss,
      ["channels-64-96", "max-avg", "batchnorm", "dropout-0", "baseline"], .increasing),
    Comparison(
      "each step lowers the training loss", .trainingLoss,
      ["channels-64-96", "max-avg", "batchnorm", "dropout-0", "baseline"], .increasing),
    Comparison(
      "SGD has the least validation loss, then one layer with Adam, then 256 neurons with Adam", .validationLoss,
      ["classifier-fc-sgd", "classifier-baseline", "classifier-fc-adam"], .increasing),
    Comparison(
      "SGD is the most accurate, then one layer with Adam, then 256 neurons with Adam", .validationAccuracy,
      ["classifier-fc-adam", "classifier-baseline", "classifier-fc-sgd"], .increasing),
    Comparison(
      "256 neurons converge faster than one layer", .trainingLoss, ["classifier-fc-adam", "classifier-baseline"],
      .increasing, by: .mean(epochs: 10)),
    Comparison(
      "256 neurons reach less training loss than one layer", .trainingLoss,
      ["classifier-fc-adam", "classifier-baseline"], .increasing),
    Comparison(
      "SGD trains more slowly than Adam", .trainingLoss, ["classifier-fc-adam", "classifier-fc-sgd"], .increasing,
      by: .mean(epochs: 10)),
    Comparison(
      "SGD oscillates less than Adam", .validationLoss, ["classifier-fc-sgd", "classifier-fc-adam"], .increasing,
      by: .roughness),
    Comparison(
      "more channels take longer", .validationLoss, ["max-avg", "channels-64-96"], .increasing, by: .secondsPerEpoch),
  ]

  private static let data = Experiment.DataSettings(normalization: Normalization(mean: 0.5, deviation: 0.5))

  private static func autoencoder(
    _ name: String, _ summary: String, _ network: ManolucosNetwork, _ trainingLoss: Double, _ validationLoss: Double,
    group: String? = nil
  ) -> Experiment {
    Experiment(
      name, summary, .autoencoder(network.encoder, network.decoder(last: Tanh())), loss: .reconstruction, data: data,
      epochs: 30,
      claims: [
        Claim(.validationLoss, .near(validationLoss)), Claim(.trainingLoss, .near(trainingLoss)),
        Claim(.lossWhileTraining, .near(trainingLoss)),
      ], group: group)
  }

  private static func classifier(
    _ name: String, _ summary: String, _ neurons: [Int], _ optimizer: any Optimizer, _ trainingAccuracy: Double,
    _ validationAccuracy: Double, _ trainingLoss: Double, _ validationLoss: Double, _ more: [Claim]
  ) -> Experiment {
    Experiment(
      name, summary, .classifier(ManolucosNetwork.best.encoder, ManolucosNetwork.best.head(neurons)),
      loss: .classification, data: data, optimizer: optimizer, epochs: 30,
      pretraining: .init(.experiment("channels-64-96")),
      claims: [
        Claim(.validationAccuracy, .near(validationAccuracy)), Claim(.trainingAccuracy, .near(trainingAccuracy)),
        Claim(.validationLoss, .near(validationLoss)), Claim(.trainingLoss, .near(trainingLoss)),
      ] + more)
  }
}

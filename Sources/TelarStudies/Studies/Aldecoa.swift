import TelarNN
import TelarTraining

extension Study {
  /// An autoencoder with a linear bottleneck, varied one setting at a time, then four classifiers with and without
  /// pre-training.
  public static let aldecoa = Study(
    name: "aldecoa",
    title: "Autoencoder with a linear bottleneck, and four pre-training cases",
    source: "Aldecoa, M.: Redes Neuronales 2024, Trabajo Práctico Final. Universidad Nacional de Córdoba, 2025.",
    assumptions: [
      "The text stops early on the validation loss, at 15 epochs in its base case, and does not say how; here after 3 "
        + "epochs without improvement, at most 15, and the best epoch's weights are kept.",
      "The curves by batch size and at a learning rate of 0.01 are described to their last epochs: these four runs have "
        + "all 15, as a curve that was stopped early goes up in the end in any case.",
      "The classifiers' epochs are not stated; here as the autoencoders'.",
      "A pre-trained encoder was trained for as many epochs as the classifier is.",
      "A frozen encoder is not updated; its dropout stays active while training.",
      "The training curve is measured in evaluation mode, on the first 10,000 training images.",
      "SGD “needs more iterations” than the 15 epochs of the text; sgd-long has them (group open).",
    ],
    contradictions: [
      "The conclusion calls cases 1 and 2, with pre-training, superior; by the text's own figures case 2 (about 80 %) is "
        + "less accurate than case 3 (about 88 %), which starts from scratch.",
      "The conclusion says that pre-training brings a higher accuracy and a lower loss; section B says that cases 1 and 3 "
        + "reach the lower loss.",
    ],
    experiments: autoencoders + cases + open,
    charts: [
      Chart("n", "size of the bottleneck", ["n32-p0.2", "n64-p0.2", "n128-p0.2"]),
      Chart("dropout", "dropout", ["n64-p0.1", "n64-p0.2", "n64-p0.5"]),
      Chart("optimizer", "optimizer", ["n64-p0.2", "sgd"]),
      Chart("learning-rate", "learning rate", ["lr-1e-2", "n64-p0.2", "lr-1e-4"]),
      Chart("batch-size", "batch size", ["batch-50", "n64-p0.2", "batch-150"]),
      Chart("cases", "pre-training", ["case-1", "case-2", "case-3", "case-4"]),
    ],
    comparisons: comparisons, hasLogarithmicLoss: false)

  private static let comparisons = [
    Comparison("loss falls as n grows", .validationLoss, ["n128-p0.2", "n64-p0.2", "n32-p0.2"], .increasing),
    Comparison(
      "n 128 has the lower loss in every epoch, then n 64 and 32", .validationLoss,
      ["n128-p0.2", "n64-p0.2", "n32-p0.2"],
      .increasingInEveryEpoch),
    Comparison("loss rises with p", .validationLoss, ["n64-p0.1", "n64-p0.2", "n64-p0.5"], .increasing),
    Comparison(
      "loss rises with p in every epoch", .validationLoss, ["n64-p0.1", "n64-p0.2", "n64-p0.5"], .increasingInEveryEpoch
    ),
    Comparison("SGD converges much more slowly than Adam", .validationLoss, ["n64-p0.2", "sgd"], .atLeastTimes(2)),
    Comparison("batches of 100 and 150 end alike", .validationLoss, ["n64-p0.2", "batch-150"], .alike(within: 0.1)),
    Comparison(
      "batches of 100 and 150 are more stable than of 50: 100", .validationLoss, ["n64-p0.2", "batch-50"], .increasing,
      by: .roughness),
    Comparison(
      "batches of 100 and 150 are more stable than of 50: 150", .validationLoss, ["batch-150", "batch-50"], .increasing,
      by: .roughness),
    Comparison(
      "case 1 is the most accurate, then 3, 2 and 4", .validationAccuracy, ["case-4", "case-2", "case-3", "case-1"],
      .increasing),
    Comparison(
      "cases 1 and 3 end with less loss than 2 and 4: 1", .validationLoss, ["case-1", "case-2", "case-4"], .increasing),
    Comparison(
      "cases 1 and 3 end with less loss than 2 and 4: 3", .validationLoss, ["case-3", "case-2", "case-4"], .increasing),
    Comparison(
      "case 4 begins with the largest loss", .validationLoss, ["case-1", "case-2", "case-3", "case-4"], .lastIsLargest,
      by: .inEpoch(1)),
  ]

  private static let stopping = EarlyStopping(patience: 3)
  /// Restores the best epoch and never stops early, for curves that the text describes over all 15 epochs.
  private static let uncut = EarlyStopping(patience: 15)

  private static let autoencoders = [
    autoencoder(
      "n64-p0.2", "base case: n 64, dropout 0.2", stopping: uncut,
      claims: [Claim(.validationLoss, .fallsSteadily), Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
    autoencoder("n32-p0.2", "n 32", n: 32),
    autoencoder("n128-p0.2", "n 128", n: 128),
    autoencoder(
      "n64-p0.1", "dropout 0.1, the one chosen for pre-training", p: 0.1,
      claims: [Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
    autoencoder("n64-p0.5", "dropout 0.5", p: 0.5, claims: [Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
    autoencoder(
      "sgd", "SGD", optimizer: SGD(learningRate: 1e-3),
      claims: [
        Claim(.validationLoss, .number(.gain(afterEpoch: 10), .above(0.02), "still falls by over 2 % after epoch 10"))
      ]),
    autoencoder(
      "lr-1e-2", "learning rate 0.01", optimizer: Adam(learningRate: 1e-2), stopping: uncut,
      claims: [Claim(.validationLoss, .oscillatesWithoutImproving)]),
    autoencoder("lr-1e-4", "learning rate 0.0001", optimizer: Adam(learningRate: 1e-4)),
    autoencoder(
      "batch-50", "batches of 50", batchSize: 50, stopping: uncut,
      claims: [Claim(.validationLoss, .rises)]),
    autoencoder(
      "batch-150", "batches of 150", batchSize: 150, stopping: uncut, claims: [Claim(.validationLoss, .fallsSteadily)]),
  ]

  private static let open = [
    autoencoder(
      "sgd-long", "SGD, 100 epochs", optimizer: SGD(learningRate: 1e-3), epochs: 100,
      claims: [
        Claim(.validationLoss, .number(.gain(afterEpoch: 15), .above(0.1), "falls by over 10 % after epoch 15"))
      ], group: "open")
  ]

  private static let cases = [
    classifier(
      "case-1", "pre-trained encoder, all trained", isPretrained: true, isEncoderFrozen: false, .above(0.90),
      AldecoaConfusion.case1, more: [Claim(.trainingAccuracy, .above(0.90))]),
    classifier(
      "case-2", "pre-trained encoder, head only", isPretrained: true, isEncoderFrozen: true, .near(0.80),
      AldecoaConfusion.case2),
    classifier(
      "case-3", "fresh encoder, all trained", isPretrained: false, isEncoderFrozen: false, .near(0.88),
      AldecoaConfusion.case3),
    classifier(
      "case-4", "fresh encoder, head only", isPretrained: false, isEncoderFrozen: true, .below(0.75),
      AldecoaConfusion.case4),
  ]

  private static func autoencoder(
    _ name: String, _ summary: String, n: Int = 64, p: Float = 0.2,
    optimizer: any Optimizer = Adam(), batchSize: Int = 100, epochs: Int = 15, stopping: EarlyStopping = stopping,
    claims: [Claim] = [], group: String? = nil
  ) -> Experiment {
    Experiment(
      name, summary,
      .autoencoder(AldecoaNetwork.encoder(n: n, p: p), AldecoaNetwork.decoder(n: n, p: p)), loss: .reconstruction,
      optimizer: optimizer, batchSize: batchSize, epochs: epochs, earlyStopping: stopping, claims: claims, group: group)
  }

  private static func classifier(
    _ name: String, _ summary: String, isPretrained: Bool, isEncoderFrozen: Bool, _ accuracy: Claim.Expectation,
    _ confusion: [[Double]], more: [Claim] = []
  ) -> Experiment {
    Experiment(
      name, summary,
      .classifier(
        AldecoaNetwork.encoder(n: 64, p: 0.1), isFrozen: isEncoderFrozen, Sequential { Linear(64, 10) }),
      loss: .classification, epochs: 15, earlyStopping: stopping,
      pretraining: isPretrained ? .init(.experiment("n64-p0.1")) : nil,
      claims: [Claim(.validationAccuracy, accuracy)] + more + [
        Claim(.validationLoss, .number(.totalFall, .above(0), "falls"))
      ], confusion: confusion)
  }
}

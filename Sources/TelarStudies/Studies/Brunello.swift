import TelarNN
import TelarTraining

extension Study {
  /// Convolutional autoencoders, then a classifier with and without pre-training.
  public static let brunello = Study(
    name: "brunello",
    title: "Convolutional autoencoder, then a classifier with and without pre-training",
    source: "Brunello, F. L.: Autoencoder y clasificador convolucional de Fashion-MNIST con pre-entrenamiento. "
      + "Universidad Nacional de Córdoba, 2025.",
    assumptions: [
      "Where dropout stands is not stated; here after each pool and between the decoder's layers.",
      "Training uses all 60,000 images (--subset takes fewer); the training curve is measured on the first 10,000.",
      "How long the encoder was pre-trained is not stated; here for as many epochs as the classifier is trained.",
      "A frozen encoder is not updated; its dropout stays active while training.",
      "The classifiers' dropout experiments change it in the classifier only; the encoder keeps 0.2.",
      "Case 1's 0.9983 and case 2's 0.9990 are called training losses and can only be training accuracies.",
    ],
    experiments: autoencoders + heads + dropouts + cases,
    charts: [
      Chart("autoencoders", "autoencoders", ["ae-1", "ae-2", "ae-3"]),
      Chart("learning-rate", "learning rate", ["lr-1e-4", "lr-5e-4", "lr-1e-3"]),
      Chart("two-layers", "heads of two hidden layers", Array(heads.map(\.name).prefix(3))),
      Chart("three-layers", "heads of three hidden layers", Array(heads.map(\.name).suffix(3))),
      Chart("best-heads", "the best head of either depth", ["head-512-256", "head-512-256-128"]),
      Chart("dropout", "dropout of the classifier", dropouts.map(\.name)),
      Chart("cases", "pre-training", cases.map(\.name)),
    ],
    comparisons: [
      Comparison(
        "ae-1 has the least loss, then ae-2 and ae-3", .validationLoss, ["ae-1", "ae-2", "ae-3"], .increasing),
      Comparison(
        "1e-3 has the least loss, then 5e-4 and 1e-4", .validationLoss, ["lr-1e-3", "lr-5e-4", "lr-1e-4"], .increasing),
      Comparison(
        "512-256 is the most accurate of two layers", .validationAccuracy,
        ["head-64-32", "head-128-64", "head-512-256"],
        .lastIsLargest),
      Comparison(
        "512-256-128 is the most accurate of three layers", .validationAccuracy,
        ["head-128-64-32", "head-256-128-64", "head-512-256-128"], .lastIsLargest),
      Comparison(
        "more dropout is less accurate", .validationAccuracy, ["dropout-0.6", "dropout-0.4", "dropout-0.2"], .increasing
      ),
      Comparison(
        "fine-tuning is the most accurate, then cases 1, 0 and 3", .validationAccuracy,
        [
          "case-3-scratch-frozen", "case-0-pretrained-frozen", "case-1-scratch-full", "case-2-pretrained-finetune",
        ], .increasing),
    ], hasLogarithmicLoss: false)

  private static let autoencoders = [
    autoencoder("ae-1", "channels 32-64", [32, 64], loss: 0.0025),
    autoencoder("ae-2", "channels 32-64-128", [32, 64, 128], loss: 0.0040),
    autoencoder("ae-3", "channels 16-32", [16, 32], loss: 0.0042),
    autoencoder("lr-1e-4", "ae-1 with learning rate 0.0001", [32, 64], learningRate: 1e-4, epochs: 60, loss: 0.0052),
    autoencoder("lr-5e-4", "ae-1 with learning rate 0.0005", [32, 64], learningRate: 5e-4, epochs: 60, loss: 0.0036),
    autoencoder("lr-1e-3", "ae-1 with learning rate 0.001", [32, 64], learningRate: 1e-3, epochs: 60, loss: 0.0032),
  ]

  private static let heads = [
    head([64, 32], loss: 0.2885, accuracy: 0.9022),
    head([128, 64], loss: 0.2608, accuracy: 0.9091),
    head([512, 256], loss: 0.2615, accuracy: 0.9111),
    head([128, 64, 32], loss: 0.2669, accuracy: 0.9092),
    head([256, 128, 64], loss: 0.2850, accuracy: 0.9053),
    head([512, 256, 128], loss: 0.2662, accuracy: 0.9109),
  ]

  private static let dropouts = [(Float(0.2), 0.902), (0.4, 0.8883), (0.6, 0.8868)].map { p, accuracy in
    classifier(
      "dropout-\(p)", "dropout \(p) in the classifier", p: p, isPretrained: true, isEncoderFrozen: true,
      claims: [Claim(.validationAccuracy, .near(accuracy))])
  }

  private static let cases = [
    classifier(
      "case-0-pretrained-frozen", "pre-trained encoder, head only", isPretrained: true, isEncoderFrozen: true,
      claims: [Claim(.validationAccuracy, .near(0.9002)), Claim(.validationLoss, .doesNotRiseAgain(within: 0.05))]),
    classifier(
      "case-1-scratch-full", "fresh encoder, all trained", isPretrained: false, isEncoderFrozen: false,
      claims: [
        Claim(.validationAccuracy, .near(0.9266)), Claim(.trainingAccuracy, .near(0.9983)),
        Claim(.validationLoss, .near(0.3704)), Claim(.validationLoss, .risesAgain(by: 0.05)),
      ]),
    classifier(
      "case-2-pretrained-finetune", "pre-trained encoder, all trained", isPretrained: true, isEncoderFrozen: false,
      claims: [
        Claim(.validationAccuracy, .near(0.927)), Claim(.trainingAccuracy, .near(0.9990)),
        Claim(.validationLoss, .near(0.4018)), Claim(.validationLoss, .risesAgain(by: 0.05)),
      ]),
    classifier(
      "case-3-scratch-frozen", "fresh encoder, head only", isPretrained: false, isEncoderFrozen: true,
      claims: [
        Claim(.validationAccuracy, .near(0.8699)), Claim(.trainingAccuracy, .near(0.8862)),
        Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)),
      ]),
  ]

  private static func autoencoder(
    _ name: String, _ summary: String, _ channels: [Int], learningRate: Double = 1e-3, epochs: Int = 100, loss: Double
  ) -> Experiment {
    Experiment(
      name, summary, .autoencoder(BrunelloNetwork.encoder(channels), BrunelloNetwork.decoder(channels)),
      loss: .reconstruction, optimizer: Adam(learningRate: learningRate), epochs: epochs,
      claims: [Claim(.validationLoss, .near(loss))])
  }

  private static func head(_ neurons: [Int], loss: Double, accuracy: Double) -> Experiment {
    let name = neurons.map(String.init).joined(separator: "-")
    return classifier(
      "head-\(name)", "layers \(name)-10", neurons, isPretrained: true, isEncoderFrozen: true, epochs: 100,
      claims: [Claim(.validationAccuracy, .near(accuracy)), Claim(.validationLoss, .near(loss))])
  }

  private static func classifier(
    _ name: String, _ summary: String, _ neurons: [Int] = [512, 256], p: Float = 0.2, isPretrained: Bool,
    isEncoderFrozen: Bool, epochs: Int = 40, claims: [Claim]
  ) -> Experiment {
    Experiment(
      name, summary,
      .classifier(
        BrunelloNetwork.encoder([32, 64]), isFrozen: isEncoderFrozen, BrunelloNetwork.head(neurons, p: p)),
      loss: .classification, epochs: epochs, pretraining: isPretrained ? .init(.experiment("ae-1")) : nil,
      claims: claims)
  }
}

import StudyNetworks
import TelarNN
import TelarTraining

extension Study {
  /// Convolutional autoencoders, then a classifier with and without pre-training.
  public static let brunello = Study(
    name: "brunello",
    title: "Convolutional autoencoder, then a classifier with and without pre-training",
    source: "Brunello, F. L.: Autoencoder y clasificador convolucional de Fashion-MNIST con pre-entrenamiento. "
      + "Universidad Nacional de Córdoba, 2025.",
    readings: [
      "Where dropout stands is not stated; here after each pool and between the decoder's layers.",
      "Training uses all 60,000 images (--subset takes fewer); the training curve is measured on the first 10,000.",
      "How long the encoder was pre-trained is not stated; here for as many epochs as the classifier is trained.",
      "A frozen encoder is not updated; its dropout stays active while training.",
      "Case 1's 0.9983 and case 2's 0.9990 are called training losses and can only be training accuracies.",
    ],
    experiments: [
      autoencoder("ae-1", "channels 32-64", [32, 64], loss: 0.0025),
      autoencoder("ae-2", "channels 32-64-128", [32, 64, 128], loss: 0.0040),
      autoencoder("ae-3", "channels 16-32", [16, 32], loss: 0.0042),
      classifier(
        "case-0-pretrained-frozen", "pre-trained encoder, head only", isPretrained: true, isEncoderFrozen: true,
        claims: [Claim(.validationAccuracy, .near(0.9002))]),
      classifier(
        "case-1-scratch-full", "fresh encoder, all trained", isPretrained: false, isEncoderFrozen: false,
        claims: [
          Claim(.validationAccuracy, .near(0.9266)), Claim(.trainingAccuracy, .near(0.9983)),
          Claim(.validationLoss, .near(0.3704)),
        ]),
      classifier(
        "case-2-pretrained-finetune", "pre-trained encoder, all trained", isPretrained: true, isEncoderFrozen: false,
        claims: [
          Claim(.validationAccuracy, .near(0.927)), Claim(.trainingAccuracy, .near(0.9990)),
          Claim(.validationLoss, .near(0.4018)),
        ]),
      classifier(
        "case-3-scratch-frozen", "fresh encoder, head only", isPretrained: false, isEncoderFrozen: true,
        claims: [Claim(.validationAccuracy, .near(0.8699)), Claim(.trainingAccuracy, .near(0.8862))]),
    ],
    charts: [
      Chart(name: "autoencoders", title: "autoencoders", experiments: ["ae-1", "ae-2", "ae-3"]),
      Chart(
        name: "cases", title: "pre-training",
        experiments: [
          "case-0-pretrained-frozen", "case-1-scratch-full", "case-2-pretrained-finetune", "case-3-scratch-frozen",
        ]),
    ],
    comparisons: [
      Comparison(
        "ae-1 has the least loss, then ae-2 and ae-3", .validationLoss, ["ae-1", "ae-2", "ae-3"], .increasing),
      Comparison(
        "fine-tuning is the most accurate, then cases 1, 0 and 3", .validationAccuracy,
        [
          "case-3-scratch-frozen", "case-0-pretrained-frozen", "case-1-scratch-full", "case-2-pretrained-finetune",
        ], .increasing),
    ])

  private static func autoencoder(_ name: String, _ summary: String, _ channels: [Int], loss: Double) -> Experiment {
    Experiment(
      name, summary,
      .autoencoder(encoder: BrunelloNetwork.encoder(channels), decoder: BrunelloNetwork.decoder(channels)),
      epochs: 100, claims: [Claim(.validationLoss, .near(loss))])
  }

  private static func classifier(
    _ name: String, _ summary: String, isPretrained: Bool, isEncoderFrozen: Bool, claims: [Claim]
  ) -> Experiment {
    Experiment(
      name, summary,
      .classifier(
        encoder: BrunelloNetwork.encoder([32, 64]), head: BrunelloNetwork.head([512, 256]),
        pretraining: isPretrained ? "ae-1" : nil, isEncoderFrozen: isEncoderFrozen),
      epochs: 40, claims: claims)
  }
}

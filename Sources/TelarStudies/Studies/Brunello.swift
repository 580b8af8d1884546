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
      "That overfitting grows from epoch 40 is read as a validation loss that is least in epochs 30 to 50 and rises again "
        + "by 5 %; “from the tenth epoch” as epochs 5 to 15, “from the first epochs” as 1 to 10.",
      "That curves are “similar” or accuracies “the same” is read as within 1 % for accuracies, 25 % for gaps and times.",
    ],
    contradictions: [
      "Of the heads of two layers the second has the least loss (0.2608), not the third (0.2615), which is chosen for "
        + "“the highest accuracy and the least loss”.",
      "The same autoencoder has 0.0032 after 60 epochs and 0.0025 after 100, although “nothing is gained after epoch 60”: "
        + "22 % are.",
      "Fine-tuning “costs more” than case 1, although both train the same parameters for as many epochs; only with the "
        + "pre-training counted is it dearer.",
      "The abstract calls fine-tuning the best; the results call cases 1 and 2 similar (92.66 and 92.7 %).",
      "The training loss of cases 1 and 2 is given as 0.9983 and 0.9990 beside a curve that falls to very low values.",
      "The classifier's first module is called a decoder, and case 3 is said to train the encoder only.",
      "Of the same settings, 512-256 with dropout 0.2 has 91.11 % after 100 epochs and 90.2 and 90.02 % after 40, from "
        + "figure 6 and from case 0.",
    ],
    experiments: autoencoders + heads + dropouts + cases + open,
    charts: [
      Chart("autoencoders", "autoencoders", ["ae-1", "ae-2", "ae-3"]),
      Chart("learning-rate", "learning rate", ["lr-1e-4", "lr-5e-4", "lr-1e-3"]),
      Chart("two-layers", "heads of two hidden layers", Array(heads.map(\.name).prefix(3))),
      Chart("three-layers", "heads of three hidden layers", Array(heads.map(\.name).suffix(3))),
      Chart("best-heads", "the best head of either depth", ["head-512-256", "head-512-256-128"]),
      Chart("dropout", "dropout of the classifier", dropouts.map(\.name)),
      Chart("cases", "pre-training", cases.map(\.name)),
    ],
    comparisons: autoencoderComparisons + headComparisons + caseComparisons, hasLogarithmicLoss: false)

  private static let autoencoderComparisons = [
    Comparison("ae-1 has the least loss, then ae-2 and ae-3", .validationLoss, ["ae-1", "ae-2", "ae-3"], .increasing),
    Comparison(
      "the autoencoders take about as long", .validationLoss, ["ae-1", "ae-2", "ae-3"], .alike(within: 0.25),
      by: .secondsPerEpoch),
    Comparison(
      "1e-3 has the least loss, then 5e-4 and 1e-4", .validationLoss, ["lr-1e-3", "lr-5e-4", "lr-1e-4"], .increasing),
    Comparison(
      "1e-3 and 5e-4 begin lower than 1e-4", .validationLoss, ["lr-1e-3", "lr-5e-4", "lr-1e-4"], .lastIsLargest,
      by: .inEpoch(1)),
    Comparison(
      "the learning rates take about as long", .validationLoss, ["lr-1e-4", "lr-5e-4", "lr-1e-3"], .alike(within: 0.25),
      by: .secondsPerEpoch),
  ]

  private static let headComparisons = [
    Comparison(
      "512-256 is the most accurate of two layers", .validationAccuracy, ["head-64-32", "head-128-64", "head-512-256"],
      .lastIsLargest),
    Comparison(
      "512-256-128 is the most accurate of three layers", .validationAccuracy,
      ["head-128-64-32", "head-256-128-64", "head-512-256-128"], .lastIsLargest),
    Comparison(
      "with two layers the gap to training grows with the neurons", .validationLoss,
      ["head-64-32", "head-128-64", "head-512-256"], .increasing, by: .gapToTraining),
    Comparison(
      "with three layers the gap to training is alike", .validationLoss,
      ["head-128-64-32", "head-256-128-64", "head-512-256-128"], .alike(within: 0.25), by: .gapToTraining),
    Comparison(
      "two layers are slightly more accurate than three", .validationAccuracy, ["head-512-256-128", "head-512-256"],
      .increasing),
    Comparison(
      "two layers take less time than three", .validationLoss, ["head-512-256", "head-512-256-128"], .increasing,
      by: .secondsPerEpoch),
    Comparison(
      "more dropout is less accurate", .validationAccuracy, ["dropout-0.6", "dropout-0.4", "dropout-0.2"], .increasing),
    Comparison(
      "dropout 0.2 is the most stable", .validationAccuracy, ["dropout-0.2", "dropout-0.4", "dropout-0.6"],
      .firstIsLeast, by: .roughness),
  ]

  private static let caseComparisons = [
    Comparison(
      "cases 1 and 2 are alike", .validationAccuracy, ["case-1-scratch-full", "case-2-pretrained-finetune"],
      .alike(within: 0.01)),
    Comparison(
      "fine-tuning is the most accurate", .validationAccuracy,
      [
        "case-3-scratch-frozen", "case-0-pretrained-frozen", "case-1-scratch-full", "case-2-pretrained-finetune",
      ], .lastIsLargest),
    Comparison(
      "case 1 is more accurate than 0, and 0 than 3", .validationAccuracy,
      ["case-3-scratch-frozen", "case-0-pretrained-frozen", "case-1-scratch-full"], .increasing),
    Comparison(
      "pre-training speeds convergence: all trained", .validationLoss,
      ["case-2-pretrained-finetune", "case-1-scratch-full"], .increasing, by: .mean(epochs: 5)),
    Comparison(
      "pre-training speeds convergence: head only", .validationLoss,
      ["case-0-pretrained-frozen", "case-3-scratch-frozen"], .increasing, by: .mean(epochs: 5)),
    Comparison(
      "pre-training stabilises: all trained", .validationLoss, ["case-2-pretrained-finetune", "case-1-scratch-full"],
      .increasing, by: .roughness),
    Comparison(
      "pre-training stabilises: head only", .validationLoss, ["case-0-pretrained-frozen", "case-3-scratch-frozen"],
      .increasing, by: .roughness),
    Comparison(
      "case 0 is more stable than case 1", .validationLoss, ["case-0-pretrained-frozen", "case-1-scratch-full"],
      .increasing, by: .roughness),
    Comparison(
      "fine-tuning takes longer than case 1", .validationLoss, ["case-1-scratch-full", "case-2-pretrained-finetune"],
      .increasing, by: .secondsPerEpoch),
  ]

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
        Claim(.validationLoss, .near(0.3704)), Claim(.validationLoss, .overfits(from: 5...15)),
      ]),
    classifier(
      "case-2-pretrained-finetune", "pre-trained encoder, all trained", isPretrained: true, isEncoderFrozen: false,
      claims: [
        Claim(.validationAccuracy, .near(0.927)), Claim(.trainingAccuracy, .near(0.9990)),
        Claim(.validationLoss, .near(0.4018)), Claim(.validationLoss, .overfits(from: 1...10)),
        Claim(
          .validationAccuracy,
          .number(.lead(ofClasses: [0, 4, 6]), .above(0), "T-shirt/top, Coat and Shirt are confused most")),
      ]),
    classifier(
      "case-3-scratch-frozen", "fresh encoder, head only", isPretrained: false, isEncoderFrozen: true,
      claims: [
        Claim(.validationAccuracy, .near(0.8699)), Claim(.trainingAccuracy, .near(0.8862)),
        Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)),
      ]),
  ]

  private static let open = [
    classifier(
      "case-0-encoder-100", "encoder pre-trained for 100 epochs, head only", isPretrained: true, isEncoderFrozen: true,
      claims: [Claim(.validationAccuracy, .near(0.9002))], encoderEpochs: 100, group: "open"),
    classifier(
      "case-2-encoder-100", "encoder pre-trained for 100 epochs, all trained", isPretrained: true,
      isEncoderFrozen: false,
      claims: [Claim(.validationAccuracy, .near(0.927))], encoderEpochs: 100, group: "open"),
  ]

  private static func autoencoder(
    _ name: String, _ summary: String, _ channels: [Int], learningRate: Double = 1e-3, epochs: Int = 100, loss: Double
  ) -> Experiment {
    Experiment(
      name, summary, .autoencoder(BrunelloNetwork.encoder(channels), BrunelloNetwork.decoder(channels)),
      loss: .reconstruction, optimizer: Adam(learningRate: learningRate), epochs: epochs,
      claims: [Claim(.validationLoss, .near(loss))]
        + (epochs > 60 ? [Claim(.validationLoss, .gainsLittle(afterEpoch: 60, within: 0.05))] : []))
  }

  private static func head(_ neurons: [Int], loss: Double, accuracy: Double) -> Experiment {
    let name = neurons.map(String.init).joined(separator: "-")
    return classifier(
      "head-\(name)", "layers \(name)-10", neurons, isPretrained: true, isEncoderFrozen: true, epochs: 100,
      claims: [
        Claim(.validationAccuracy, .near(accuracy)), Claim(.validationLoss, .near(loss)),
        Claim(.validationLoss, .overfits(from: 30...50)),
      ])
  }

  private static func classifier(
    _ name: String, _ summary: String, _ neurons: [Int] = [512, 256], p: Float = 0.2, isPretrained: Bool,
    isEncoderFrozen: Bool, epochs: Int = 40, claims: [Claim], encoderEpochs: Int? = nil, group: String? = nil
  ) -> Experiment {
    Experiment(
      name, summary,
      .classifier(
        BrunelloNetwork.encoder([32, 64]), isFrozen: isEncoderFrozen, BrunelloNetwork.head(neurons, p: p)),
      loss: .classification, epochs: epochs,
      pretraining: isPretrained ? .init(.experiment("ae-1"), epochs: encoderEpochs) : nil, claims: claims, group: group)
  }
}

import TelarNN
import TelarTraining

extension Study {
  /// A fully connected autoencoder with one hidden layer of several sizes.
  public static let borgnino = Study(
    name: "borgnino",
    title: "Fully connected autoencoder, by the size of its hidden layer",
    source: "Borgnino, L., Salomón, N. and Spinazzola, M. T.: Autoencoder feed-forward sobre dataset Fashion-MNIST. "
      + "Fundación Fulgor, Universidad Nacional del Sur and Universidad de Buenos Aires, 2023.",
    assumptions: [
      "The sizes of the training, validation and test sets are not stated; here the first 50,000 training images, the "
        + "other 10,000, and the 10,000 test images.",
      "The optimizer is called stochastic gradient descent, without settings; here Adam at 0.001, and plain SGD at 0.1 "
        + "beside it.",
      "The batch size is not stated; here 100.",
      "The slope of the leaky ReLU is not stated; here 0.01.",
      "The training curve is measured in evaluation mode, on the first 10,000 training images.",
      "That 200 epochs suffice is read as: less than 5 % is gained after epoch 150; that errors are of the same order, as "
        + "within a factor of 2.",
    ],
    contradictions: [
      "Training is called stochastic gradient descent, and the abstract says that several optimizers, activations and "
        + "losses were evaluated; the results have one of each.",
      "The sigmoid is said to be there “to contemplate the negative values of pixels”; the pixels are not negative.",
      "The test error is compared with “the test and validation errors”, which must be those of training and validation.",
    ],
    experiments: optimizers.flatMap { name, optimizer in
      sizes.map { h in
        Experiment(
          "h\(h)-\(name)", "\(h) hidden neurons, \(optimizer is Adam ? "Adam" : "SGD at 0.1")",
          .autoencoder(BorgninoNetwork.encoder(h: h), BorgninoNetwork.decoder(h: h)), loss: .reconstruction,
          data: .init(validationCount: 10_000, scalesValidation: true), optimizer: optimizer, epochs: 200,
          claims: [
            Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)),
            Claim(.validationLoss, .gainsLittle(afterEpoch: 150, within: 0.05)),
            Claim(
              .testLoss, .number(.ratio(to: .validationLoss), .inside(0.5...2), "of the order of the validation loss")),
            Claim(.testLoss, .number(.ratio(to: .trainingLoss), .inside(0.5...2), "of the order of the training loss")),
          ])
      }
    },
    charts: optimizers.flatMap { name, _ in
      let experiments = sizes.map { "h\($0)-\(name)" }
      return [
        Chart("curves-\(name)", "\(name), hidden neurons", experiments),
        Chart(
          "by-size-\(name)", "\(name), loss by size", experiments,
          .lossBy("hidden neurons", values: sizes.map(Double.init))),
      ]
    },
    comparisons: optimizers.flatMap { name, _ in
      [Metric.trainingLoss, .validationLoss, .testLoss].map { metric in
        Comparison(
          "\(name): \(metric.rawValue) falls as h grows", metric, sizes.reversed().map { "h\($0)-\(name)" }, .increasing
        )
      }
    })

  private static let sizes = [64, 128, 256, 512]
  private static let optimizers: [(name: String, optimizer: any Optimizer)] = [
    ("adam", Adam()), ("sgd-lr-0.1", SGD(learningRate: 0.1)),
  ]
}

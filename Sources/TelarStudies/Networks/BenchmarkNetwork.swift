import TelarNN

/// One of the eight networks of the training benchmark, which are the studies' own.
public struct BenchmarkNetwork: Sendable {
  public var name: String
  public var architecture: Architecture
  public var loss: Loss

  /// The shape of a Fashion-MNIST image.
  public static let inputShape = [28, 28, 1]

  /// All eight, in the order in which they are reported.
  public static let all: [BenchmarkNetwork] = [
    autoencoder("aldecoa-ae-n64", AldecoaNetwork.encoder(n: 64, p: 0.2), AldecoaNetwork.decoder(n: 64, p: 0.2)),
    brunelloAutoencoder("brunello-ae-1", [32, 64]),
    brunelloAutoencoder("brunello-ae-2", [32, 64, 128]),
    brunelloAutoencoder("brunello-ae-3", [16, 32]),
    classifier("brunello-finetune", BrunelloNetwork.encoder([32, 64]), BrunelloNetwork.head([512, 256])),
    autoencoder(
      "manolucos-ae-64-96", ManolucosNetwork.best.encoder, ManolucosNetwork.best.decoder(last: Sigmoid())),
    autoencoder("borgnino-ff-512", BorgninoNetwork.encoder(h: 512), BorgninoNetwork.decoder(h: 512)),
    classifier("molina-mlp", Sequential { Flatten() }, Perceptron.layers(784, [128, 64])),
  ]

  private static func brunelloAutoencoder(_ name: String, _ channels: [Int]) -> BenchmarkNetwork {
    autoencoder(name, BrunelloNetwork.encoder(channels), BrunelloNetwork.decoder(channels))
  }

  private static func autoencoder(_ name: String, _ encoder: Sequential, _ decoder: Sequential) -> BenchmarkNetwork {
    BenchmarkNetwork(
      name: name, architecture: Architecture([Part("encoder", encoder), Part("decoder", decoder)]),
      loss: .reconstruction)
  }

  private static func classifier(_ name: String, _ encoder: Sequential, _ head: Sequential) -> BenchmarkNetwork {
    BenchmarkNetwork(
      name: name, architecture: Architecture([Part("encoder", encoder), Part("classifier", head)]),
      loss: .classification)
  }
}

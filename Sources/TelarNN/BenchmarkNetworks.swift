/// One of the eight networks that training speed is measured on, which are the studies' own.
public struct BenchmarkNetwork: Sendable {
  public var name: String
  public var architecture: Architecture
  public var loss: Loss

  /// A sample of Fashion-MNIST.
  public static let inputShape = [28, 28, 1]

  /// All of them, in the order in which they are reported.
  public static let all: [BenchmarkNetwork] = [
    autoencoder("aldecoa-ae-n64", aldecoaEncoder, aldecoaDecoder),
    brunelloAutoencoder("brunello-ae-1", [32, 64]),
    brunelloAutoencoder("brunello-ae-2", [32, 64, 128]),
    brunelloAutoencoder("brunello-ae-3", [16, 32]),
    classifier(
      "brunello-finetune", brunelloEncoder([32, 64]),
      Sequential {
        Flatten()
        head([3136, 512, 256])
      }),
    autoencoder("manolucos-ae-64-96", manolucosEncoder, manolucosDecoder),
    autoencoder(
      "borgnino-ff-512",
      Sequential {
        Flatten()
        Linear(784, 512)
        LeakyReLU()
      },
      Sequential {
        Linear(512, 784)
        Sigmoid()
        Unflatten(channels: 1, height: 28, width: 28)
      }),
    classifier("molina-mlp", Sequential { Flatten() }, head([784, 128, 64])),
  ]

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

  /// Linear layers with ReLU and dropout between them, and ten outputs.
  private static func head(_ sizes: [Int]) -> Sequential {
    Sequential {
      for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
        Linear(inputs, outputs)
        ReLU()
        Dropout(0.2)
      }
      Linear(sizes.last!, 10)
    }
  }

  private static func brunelloAutoencoder(_ name: String, _ channels: [Int]) -> BenchmarkNetwork {
    autoencoder(name, brunelloEncoder(channels), brunelloDecoder(channels))
  }

  private static func brunelloEncoder(_ channels: [Int]) -> Sequential {
    Sequential {
      for (inputs, outputs) in zip([1] + channels, channels) {
        Conv2d(inputs, outputs, kernelSize: 3, padding: 1)
        ReLU()
        MaxPool2d(2)
        Dropout(0.2)
      }
    }
  }

  private static func brunelloDecoder(_ channels: [Int]) -> Sequential {
    let sizes = Array(channels.reversed()) + [1]
    return Sequential {
      for index in channels.indices {
        // The smallest image of three encoder layers is 3×3, which only a window of 3 takes to 7×7.
        ConvTranspose2d(
          sizes[index], sizes[index + 1], kernelSize: channels.count == 3 && index == 0 ? 3 : 2, stride: 2)
        if index < channels.count - 1 {
          ReLU()
          Dropout(0.2)
        } else {
          Sigmoid()
        }
      }
    }
  }

  private static let aldecoaEncoder = Sequential {
    Conv2d(1, 16, kernelSize: 3)
    ReLU()
    Dropout(0.2)
    MaxPool2d(2)
    Conv2d(16, 32, kernelSize: 3)
    ReLU()
    Dropout(0.2)
    MaxPool2d(2)
    Flatten()
    Linear(800, 64)
    ReLU()
    Dropout(0.2)
  }

  private static let aldecoaDecoder = Sequential {
    Linear(64, 800)
    ReLU()
    Dropout(0.2)
    Unflatten(channels: 32, height: 5, width: 5)
    ConvTranspose2d(32, 16, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
    ReLU()
    Dropout(0.2)
    ConvTranspose2d(16, 1, kernelSize: 6, stride: 2, padding: 1)
    Sigmoid()
  }

  private static let manolucosEncoder = Sequential {
    Conv2d(1, 64, kernelSize: 3)
    BatchNorm2d(64)
    ReLU()
    MaxPool2d(2)
    Conv2d(64, 96, kernelSize: 3)
    BatchNorm2d(96)
    ReLU()
    AvgPool2d(2)
  }

  private static let manolucosDecoder = Sequential {
    ConvTranspose2d(96, 64, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
    ReLU()
    ConvTranspose2d(64, 1, kernelSize: 6, stride: 2, padding: 1)
    Sigmoid()
  }
}

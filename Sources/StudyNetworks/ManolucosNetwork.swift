import TelarNN

/// The manolucos study's best autoencoder, but for its last layer: the study's ends in a tanh, on pixels in [-1, 1].
public enum ManolucosNetwork {
  public static let encoder = Sequential {
    Conv2d(1, 64, kernelSize: 3)
    BatchNorm2d(64)
    ReLU()
    MaxPool2d(2)
    Conv2d(64, 96, kernelSize: 3)
    BatchNorm2d(96)
    ReLU()
    AvgPool2d(2)
  }

  public static let decoder = Sequential {
    ConvTranspose2d(96, 64, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
    ReLU()
    ConvTranspose2d(64, 1, kernelSize: 6, stride: 2, padding: 1)
    Sigmoid()
  }
}

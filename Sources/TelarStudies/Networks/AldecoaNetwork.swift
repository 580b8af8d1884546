import TelarNN

/// The aldecoa study's autoencoder: 28×28 → n → 28×28.
public enum AldecoaNetwork {
  /// - Parameters:
  ///   - n: the size of the bottleneck.
  ///   - p: the dropout probability.
  public static func encoder(n: Int, p: Float) -> Sequential {
    Sequential {
      Conv2d(1, 16, kernelSize: 3)
      ReLU()
      Dropout(p)
      MaxPool2d(2)
      Conv2d(16, 32, kernelSize: 3)
      ReLU()
      Dropout(p)
      MaxPool2d(2)
      Flatten()
      Linear(800, n)
      ReLU()
      Dropout(p)
    }
  }

  /// The decoder; parameters as for the encoder.
  public static func decoder(n: Int, p: Float) -> Sequential {
    Sequential {
      Linear(n, 800)
      ReLU()
      Dropout(p)
      Unflatten(channels: 32, height: 5, width: 5)
      ConvTranspose2d(32, 16, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
      ReLU()
      Dropout(p)
      ConvTranspose2d(16, 1, kernelSize: 6, stride: 2, padding: 1)
      Sigmoid()
    }
  }
}

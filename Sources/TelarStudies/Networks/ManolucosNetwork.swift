import TelarNN

/// The manolucos study's autoencoders, refined step by step.
public struct ManolucosNetwork: Sendable {
  /// Channels of the two convolutions.
  public var channels: (Int, Int)
  /// The dropout probability; 0 for none.
  public var dropout: Float
  public var hasBatchNorm: Bool
  /// Whether the second pooling layer averages.
  public var hasAveragePool: Bool
  /// Whether a linear layer of all features follows the encoder, as in the study's first figure.
  public var hasLinear: Bool

  public init(
    channels: (Int, Int), dropout: Float = 0, hasBatchNorm: Bool = false, hasAveragePool: Bool = false,
    hasLinear: Bool = false
  ) {
    self.channels = channels
    self.dropout = dropout
    self.hasBatchNorm = hasBatchNorm
    self.hasAveragePool = hasAveragePool
    self.hasLinear = hasLinear
  }

  /// The network with the least validation loss.
  public static let best = ManolucosNetwork(channels: (64, 96), hasBatchNorm: true, hasAveragePool: true)

  /// 28×28 → 26×26 → 13×13 → 11×11 → 5×5.
  public var encoder: Sequential {
    Sequential {
      Conv2d(1, channels.0, kernelSize: 3)
      behindConvolution(channels.0)
      MaxPool2d(2)
      Conv2d(channels.0, channels.1, kernelSize: 3)
      behindConvolution(channels.1)
      if hasAveragePool { AvgPool2d(2) } else { MaxPool2d(2) }
    }
  }

  /// 5×5 → 13×13 → 28×28.
  ///
  /// - Parameter last: the last layer; the study's is a `Tanh`, for pixels in [-1, 1].
  public func decoder(last: any Layer) -> Sequential {
    Sequential {
      if hasLinear {
        Flatten()
        Linear(channels.1 * 25, channels.1 * 25)
        Unflatten(channels: channels.1, height: 5, width: 5)
      }
      ConvTranspose2d(channels.1, channels.0, kernelSize: 5, stride: 2, padding: 2, dilation: 2)
      ReLU()
      if dropout > 0 { Dropout(dropout) }
      ConvTranspose2d(channels.0, 1, kernelSize: 6, stride: 2, padding: 1)
      last
    }
  }

  /// Linear layers to ten classes, on the encoder's 5×5 features.
  public func head(_ neurons: [Int]) -> Sequential {
    Sequential {
      Flatten()
      Perceptron.layers(channels.1 * 25, neurons, p: 0)
    }
  }

  private func behindConvolution(_ count: Int) -> Sequential {
    Sequential {
      if hasBatchNorm { BatchNorm2d(count) }
      ReLU()
      if dropout > 0 { Dropout(dropout) }
    }
  }
}

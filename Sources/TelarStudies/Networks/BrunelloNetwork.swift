import TelarNN

/// The brunello study's networks.
public enum BrunelloNetwork {
  /// Convolution 3×3, ReLU, pool and dropout for each number of channels: 28×28 → 14×14 → 7×7 (→ 3×3).
  public static func encoder(_ channels: [Int], p: Float = 0.2) -> Sequential {
    Sequential {
      for (input, output) in zip([1] + channels, channels) {
        Conv2d(input, output, kernelSize: 3, padding: 1)
        ReLU()
        MaxPool2d(2)
        Dropout(p)
      }
    }
  }

  /// Transposed convolutions back to 28×28. From 3×3 the first has kernel size 3, to reach 7×7.
  public static func decoder(_ channels: [Int], p: Float = 0.2) -> Sequential {
    let inner = Array(channels.reversed())
    return Sequential {
      for (index, (input, output)) in zip(inner, inner.dropFirst()).enumerated() {
        ConvTranspose2d(input, output, kernelSize: index == 0 && channels.count == 3 ? 3 : 2, stride: 2)
        ReLU()
        Dropout(p)
      }
      ConvTranspose2d(channels[0], 1, kernelSize: 2, stride: 2)
      Sigmoid()
    }
  }

  /// Linear layers to ten classes, on the encoder's 7×7 features.
  public static func head(_ neurons: [Int], features: Int = 64 * 7 * 7, p: Float = 0.2) -> Sequential {
    Sequential {
      Flatten()
      Perceptron.layers(features, neurons, p: p)
    }
  }
}

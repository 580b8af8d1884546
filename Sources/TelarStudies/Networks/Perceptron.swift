import TelarNN

/// Linear layers with ReLU and dropout between them, to ten classes: the head of classifiers, and the molina study's
/// whole network.
public enum Perceptron {
  /// - Parameters:
  ///   - features: the number of an image's features after flattening.
  ///   - neurons: the outputs of each hidden layer.
  ///   - p: the dropout probability; 0 for none.
  public static func layers(_ features: Int, _ neurons: [Int], p: Float = 0.2) -> Sequential {
    Sequential {
      for (input, output) in zip([features] + neurons, neurons) {
        Linear(input, output)
        ReLU()
        if p > 0 { Dropout(p) }
      }
      Linear(neurons.last ?? features, 10)
    }
  }
}

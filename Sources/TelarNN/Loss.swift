/// What a network is trained for.
public enum Loss: String, Sendable, Codable, CaseIterable {
  /// The mean squared difference from the network's own input.
  case reconstruction = "mse"
  /// The mean cross entropy of the labels, the network's outputs being logits.
  case classification = "cross_entropy"

  /// The loss of a batch, one number.
  ///
  /// - Parameters:
  ///   - labels: evaluated for classification only.
  ///   - metrics: where loss and hits are added up on the device.
  public func callAsFunction(
    _ output: Tensor, images: Tensor, labels: @autoclosure () throws -> LabelTensor, metrics: RunningMetrics? = nil
  ) throws -> Tensor {
    switch self {
    case .reconstruction: try meanSquaredError(output, images, metrics: metrics)
    case .classification: try crossEntropy(output, labels: labels(), metrics: metrics)
    }
  }
}

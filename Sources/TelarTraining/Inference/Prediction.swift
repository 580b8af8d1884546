import Foundation
import TelarData
import TelarNN

/// Class probabilities for an image.
public struct Prediction: Sendable, Equatable {
  /// A probability per class, by label; all NaN when an output of the network is not finite.
  public var probabilities: [Double]

  public init(probabilities: [Double]) { self.probabilities = probabilities }

  /// The softmax of a network's outputs.
  init(logits: ArraySlice<Float>) {
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    probabilities = powers.map { $0 / sum }
  }

  public var isFinite: Bool { probabilities.allSatisfy(\.isFinite) }

  /// The most probable classes in descending order; equal ones in the order of their labels.
  public func top(_ count: Int) -> [(label: Int, probability: Double)] {
    let ordered = probabilities.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
    return ordered.prefix(count).map { (label: $0.offset, probability: $0.element) }
  }
}

extension TrainedNetwork {
  /// Predicts the class probabilities of images.
  ///
  /// - Throws: `SafetensorsError` when the network is not a classifier, or takes images of another size.
  public func predict(_ images: [NamedImage]) throws -> [Prediction] {
    try checkpoint.checkUse(as: .classification)
    let classCount = checkpoint.outputShape[0]
    var predictions: [Prediction] = []
    try run(images) { range, _, output in
      let logits = try output.values()
      predictions += (0..<range.count).map { Prediction(logits: logits[($0 * classCount)..<(($0 + 1) * classCount)]) }
    }
    return predictions
  }
}

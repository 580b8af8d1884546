import Tensors

/// What training minimises in place of the ``Loss`` by which a network is measured. Validation, test and the training curve
/// are always measured by the loss itself, so that experiments with different objectives can be compared.
public enum Objective: Sendable, Hashable {
  /// The mean absolute difference from the network's input.
  case meanAbsoluteError
  /// Huber's loss of the difference, quadratic up to `delta` and linear beyond.
  case huber(delta: Double)
  /// The binary cross entropy of a network that ends in a sigmoid, for pixels from 0 to 1.
  case binaryCrossEntropy
  /// Cross entropy against smoothed labels, weighted by class.
  case crossEntropy(labelSmoothing: Double, weights: ClassWeighting)

  /// How much the images of each class count.
  public enum ClassWeighting: Sendable, Hashable {
    case equal
    /// By the inverse of a class's share of the training images.
    case balanced
    case given([Double])
  }

  /// The loss by which a network with this objective is measured.
  public var loss: Loss {
    if case .crossEntropy = self { .classification } else { .reconstruction }
  }

  /// The objective for a batch, one number.
  ///
  /// - Parameters:
  ///   - labels: evaluated for classification only.
  ///   - weights: of the classes, for ``crossEntropy(labelSmoothing:weights:)``: see ``classWeights(counts:)``.
  ///   - metrics: where objective and hits are added up on the device.
  public func callAsFunction(
    _ output: Tensor, images: Tensor, labels: @autoclosure () throws -> LabelTensor, weights: ClassWeights?,
    metrics: RunningMetrics? = nil
  ) throws -> Tensor {
    switch self {
    case .meanAbsoluteError: return try Tensors.meanAbsoluteError(output, images, metrics: metrics)
    case .huber(let delta): return try Tensors.huberLoss(output, images, delta: Float(delta), metrics: metrics)
    case .binaryCrossEntropy: return try Tensors.binaryCrossEntropy(output, images, metrics: metrics)
    case .crossEntropy(let smoothing, _):
      guard let weights else { preconditionFailure("cross entropy with weights needs the weights") }
      return try Tensors.crossEntropy(
        output, labels: labels(), weights: weights, labelSmoothing: Float(smoothing), metrics: metrics)
    }
  }

  /// The weight of each class; `nil` for objectives without classes.
  ///
  /// - Parameter counts: the training images of each class. A balanced class weighs n / (classes · images of the class), as
  ///   in scikit-learn, and one without images nothing.
  /// - Throws: ``AttributeError`` when there are other than as many given weights as classes.
  public func classWeights(counts: [Int]) throws -> [Double]? {
    guard case .crossEntropy(_, let weights) = self else { return nil }
    switch weights {
    case .equal: return [Double](repeating: 1, count: counts.count)
    case .balanced:
      let all = Double(counts.reduce(0, +))
      return counts.map { $0 == 0 ? 0 : all / (Double(counts.count) * Double($0)) }
    case .given(let weights):
      guard weights.count == counts.count else {
        throw AttributeError(
          "loss", keyword: "class_weights", "lists \(weights.count) weights, and there are \(counts.count) classes")
      }
      return weights
    }
  }
}

// MARK: - In recipes and records

extension Objective {
  /// The names of all losses and objectives in recipes.
  public static let names = ["binary_cross_entropy", "cross_entropy", "huber", "l1", "mse"]

  /// A loss by its name, or an objective from a table with its name as `kind` and its settings.
  ///
  /// - Returns: the objective; `nil` where it is the loss itself.
  /// - Throws: ``AttributeError`` for unknown names and invalid settings.
  public static func read(_ json: JSON, place: String) throws -> (loss: Loss, objective: Objective?) {
    let members: JSON.Members
    switch json {
    case .string: members = ["kind": json]
    case .object(let object): members = object
    default: throw AttributeError(place, "must be a name or a table with a kind, not " + json.text.prefix(40))
    }
    var reader = AttributeReader(members, place: place)
    let kind = try reader.string("kind").lowercased()
    let objective: Objective?
    var loss = Loss.reconstruction
    switch kind {
    case Loss.reconstruction.rawValue: objective = nil
    case "l1": objective = .meanAbsoluteError
    case "huber": objective = .huber(delta: try reader.double("delta", default: 1, .positive))
    case "binary_cross_entropy": objective = .binaryCrossEntropy
    case Loss.classification.rawValue:
      loss = .classification
      let smoothing = try reader.double("label_smoothing", default: 0, .zeroToOne)
      let weights = try weighting(&reader)
      objective = smoothing == 0 && weights == .equal ? nil : .crossEntropy(labelSmoothing: smoothing, weights: weights)
    default:
      throw reader.error("kind", kind, noneOf: names)
    }
    try reader.end()
    return (loss, objective)
  }

  private static func weighting(_ reader: inout AttributeReader) throws -> ClassWeighting {
    try reader.take("class_weights", default: .equal) { value, reader in
      if value.string == "balanced" { return .balanced }
      let weights = value.elements.compactMap(\.double).filter { $0.isFinite && 0...1e6 ~= $0 }
      guard case .array(let elements) = value, weights.count == elements.count, weights.contains(where: { $0 > 0 })
      else {
        throw reader.error(
          "class_weights",
          "must be \"balanced\" or a list of a number from 0 for each class, not \(value.text.prefix(60))")
      }
      return .given(weights)
    }
  }

  /// As recipes and `run.json` have it: a name, or a table with `kind`.
  public var json: JSON {
    switch self {
    case .meanAbsoluteError: return .string("l1")
    case .huber(let delta): return .object(["kind": .string("huber"), "delta": .number(delta)])
    case .binaryCrossEntropy: return .string("binary_cross_entropy")
    case .crossEntropy(let smoothing, let weights):
      var members: JSON.Members = ["kind": .string(loss.rawValue)]
      if smoothing != 0 { members["label_smoothing"] = .number(smoothing) }
      switch weights {
      case .equal: break
      case .balanced: members["class_weights"] = .string("balanced")
      case .given(let weights): members["class_weights"] = .array(weights.map(JSON.number))
      }
      return .object(members)
    }
  }
}

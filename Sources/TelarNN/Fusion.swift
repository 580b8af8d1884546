/// A layer whose operator can apply the activation that follows.
package protocol FusingActivation: Layer {
  /// The activation applied within the operator.
  var fusedActivation: Activation { get set }
}

extension FusingActivation {
  public func fused(with next: any Layer) -> (any Layer)? {
    guard fusedActivation == .none, let next = next as? any ActivationLayer else { return nil }
    var fused = self
    fused.fusedActivation = next.activation
    return fused
  }
}

/// ReLU and the dropout behind it as one operator, whose gradient needs no mask.
struct ReLUDropout: Layer {
  static var moduleName: String { "ReLU + Dropout" }

  var probability: Float

  init(probability: Float) { self.probability = probability }

  init(attributes: inout AttributeReader) throws {
    throw AttributeError(attributes.place, "there is no such module; name ReLU and Dropout")
  }

  var attributes: JSON.Members { [:] }

  func outputShape(of shape: [Int]) throws -> [Int] { shape }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard case .training(let step) = context.mode else { return try Tensors.activation(x, .relu) }
    // The dropout is the second of the two layers.
    return try reluDropout(
      x, probability: probability,
      key: DropoutKey(seed: context.seed, layerIndex: context.layerIndex + 1, step: step))
  }
}

/// The operators that a part runs, in order: its layers, with neighbours merged where one operator does the work of two.
struct Plan {
  /// One operator.
  struct Step {
    var layer: any Layer
    /// The layers that it stands for, by their place in the part.
    var range: Range<Int>
  }

  let steps: [Step]

  /// - Parameter training: whether dropout does anything; if not, it is left out, and what stands around it meets.
  init(_ layers: [any Layer], training: Bool) {
    var steps: [Step] = []
    // From the end, so that in convolution, ReLU, dropout the latter two find each other: that saves a pass of the
    // gradients, where merging the former two would not.
    for (index, layer) in layers.enumerated().reversed() {
      if !training && layer is Dropout { continue }
      if let next = steps.last, let fused = layer.fused(with: next.layer) {
        steps[steps.count - 1] = Step(layer: fused, range: index..<next.range.upperBound)
      } else {
        steps.append(Step(layer: layer, range: index..<(index + 1)))
      }
    }
    self.steps = steps.reversed()
  }
}

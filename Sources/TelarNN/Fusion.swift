/// A layer whose operator can apply the activation that follows.
package protocol FusingActivation: Layer {
  /// The activation applied within the operator.
  var fusedActivation: Activation { get set }
}

extension FusingActivation {
  public func fused(with next: any Layer) -> (any Layer)? { fused(withActivation: next) }

  /// The layer with the activation that `next` is, if it is one.
  func fused(withActivation next: any Layer) -> (any Layer)? {
    guard fusedActivation == .none, let next = next as? any ActivationLayer else { return nil }
    var fused = self
    fused.fusedActivation = next.activation
    return fused
  }
}

/// ReLU and the dropout behind it as one operator, whose gradient needs no mask.
struct ReLUDropout: PlannedLayer {
  var probability: Float

  func outputShape(of shape: [Int]) throws -> [Int] { shape }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard let key = context.dropoutKey(after: 1) else { return try Tensors.activation(x, .relu) }
    return try reluDropout(x, probability: probability, key: key)
  }
}

/// The operators that a part runs, in order: its layers, with neighbours merged where one operator does the work of two.
package struct Plan {
  /// One operator.
  package struct Step {
    package var layer: any Layer
    /// The layers that it stands for, by their place in the part.
    package var range: Range<Int>
  }

  package let steps: [Step]

  /// - Parameter training: whether dropout does anything; if not, it is left out, and what stands around it meets.
  package init(_ layers: [any Layer], training: Bool) {
    var steps: [Step] = []
    if training {
      // From the end, so that in convolution, ReLU, dropout the latter two find each other: that saves a pass of the
      // gradients, where merging the former two would not.
      for (index, layer) in layers.enumerated().reversed() {
        steps.append(Step(layer: layer, range: index..<(index + 1)))
        // What two have become may take in the next as well: batch normalisation with an activation, pooling.
        while Self.mergeFirst(of: &steps) {}
      }
      steps.reverse()
    } else {
      // From the start: an activation costs nothing within the operator before it.
      for (index, layer) in layers.enumerated() where !(layer is Dropout) {
        if let last = steps.last, layer is any ActivationLayer || layer is any PoolLayer,
          let fused = last.layer.fused(with: layer)
        {
          steps[steps.count - 1] = Step(layer: fused, range: last.range.lowerBound..<(index + 1))
        } else {
          steps.append(Step(layer: layer, range: index..<(index + 1)))
        }
      }
    }
    self.steps = steps
  }

  /// Merges the last two of steps in reverse where one operator does the work of both.
  private static func mergeFirst(of steps: inout [Step]) -> Bool {
    guard let first = steps.last, let next = steps.dropLast().last, let fused = first.layer.fused(with: next.layer)
    else { return false }
    steps.removeLast(2)
    steps.append(Step(layer: fused, range: first.range.lowerBound..<next.range.upperBound))
    return true
  }
}

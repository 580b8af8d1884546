/// The steps that a chain of layers runs as: layers by themselves, and operators of ``Patterns`` in the place of several.
package struct Plan {
  /// What a plan depends on besides the layers and the device.
  struct Key: Hashable {
    var isTraining: Bool
    /// The batch's shape.
    var shape: [Int]
    /// Whether a tape records, and whether it wants the gradient of the input.
    var isRecording: Bool
    var wantsInputGradient: Bool
  }

  /// One operator, or a few that follow one another.
  package struct Step {
    /// `nil` for a layer by itself.
    package let pattern: Pattern?
    let match: PatternMatch
    /// The layers that it stands for, by their places in the chain.
    package var places: [Int] { match.places }
  }

  package let steps: [Step]

  /// The plan of a part in a training step, or in evaluation outside of a tape.
  ///
  /// - Parameters:
  ///   - shape: that of the batch.
  ///   - wantsInputGradient: in training, whether something in front of the part trains.
  /// - Throws: ``ShapeError`` that names the layer which does not fit.
  package init(
    _ part: Part, _ shape: [Int], isTraining: Bool, wantsInputGradient: Bool, on traits: DeviceTraits
  ) throws {
    let key = Key(
      isTraining: isTraining, shape: shape, isRecording: isTraining,
      wantsInputGradient: isTraining && wantsInputGradient)
    let shapes = try part.shapes(from: Array(shape.dropFirst())).map { [shape[0]] + $0 }
    self.init(part.layers.layers, key, shapes: shapes, isTrainable: !part.isFrozen, on: traits)
  }

  /// - Parameters:
  ///   - layers: the layers, which fit one another.
  ///   - shapes: the batch's shape in front of each layer, and behind the last.
  ///   - isTrainable: whether the parameters train.
  init(_ layers: [any Layer], _ key: Key, shapes: [[Int]], isTrainable: Bool, on traits: DeviceTraits) {
    var wantsGradient = [key.wantsInputGradient]
    for layer in layers {
      let trains = key.isRecording && isTrainable && layer.hasParameters
      wantsGradient.append(wantsGradient.last! || trains)
    }
    let chain = PlanContext(
      layers: layers, isTraining: key.isTraining, isTrainable: isTrainable, shapes: shapes,
      wantsGradient: wantsGradient, traits: traits)
    // Dropout that does nothing stands in no pattern's way.
    var rest = layers.indices.filter { ((layers[$0] as? Dropout)?.isActive(key.isTraining) ?? true) }[...]
    var steps: [Step] = []
    while let last = rest.last {
      var step = Step(pattern: nil, match: PatternMatch(places: [last], chain: chain))
      for pattern in Patterns.all {
        guard let match = pattern.match(endOf: rest, chain) else { continue }
        step = Step(pattern: pattern, match: match)
        break
      }
      steps.append(step)
      rest = rest.dropLast(step.places.count)
    }
    self.steps = steps.reversed()
  }
}

extension Layer {
  /// Whether an optimizer changes something of the layer, where its part trains.
  var hasParameters: Bool { parameters.contains { $0.role == .parameter } }
}

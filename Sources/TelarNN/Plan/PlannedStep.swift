/// A step of a plan as it runs: the matched layers with their states, and the operators that patterns are made of.
struct PlannedStep {
  let match: PatternMatch
  /// The states of all layers of the chain.
  let states: [LayerState]
  /// The places of the chain's layers in the network.
  let indices: [Int]
  let context: ForwardContext
  let x: Tensor

  var activation: Activation { match.activation }

  /// The place of the first matched layer of a type, and the layer.
  private func found<Wanted>(_ type: Wanted.Type) -> (layer: Wanted, place: Int) {
    for place in match.places {
      if let layer = match.chain.layers[place] as? Wanted { return (layer, place) }
    }
    preconditionFailure("a pattern runs a layer that it does not match")
  }

  private func context(at place: Int) -> ForwardContext {
    var context = context
    context.layerIndex = indices[place]
    return context
  }

  /// A layer that applies the activation.
  func activating(_ activation: Activation) throws -> Tensor {
    let (layer, place) = found((any ActivatingLayer).self)
    return try layer(x, states[place], context(at: place), activation: activation)
  }

  func pool(_ x: Tensor) throws -> Tensor {
    let (layer, place) = found((any PoolLayer).self)
    return try layer(x, states[place], context(at: place))
  }

  func convPool(_ activation: Activation) throws -> Tensor {
    let (layer, place) = found(Conv2d.self)
    return try FusedOps.conv2dMaxPool2d(
      x, weight: states[place]["weight"]!, bias: states[place]["bias"], layer.geometry, match.poolGeometry,
      activation: activation)
  }

  func convDropoutPool() throws -> Tensor {
    let (layer, place) = found(Conv2d.self), dropout = dropout!
    return try FusedOps.conv2dReluDropoutMaxPool2d(
      x, weight: states[place]["weight"]!, bias: states[place]["bias"], layer.geometry, match.poolGeometry,
      probability: dropout.probability, key: dropout.key)
  }

  func dropoutPool() throws -> Tensor {
    let dropout = dropout!
    return try FusedOps.reluDropoutMaxPool2d(
      x, match.poolGeometry, probability: dropout.probability, key: dropout.key)
  }

  func convPool2x2() throws -> Tensor {
    let (layer, place) = found(Conv2d.self)
    return try FusedOps.conv2dMaxPool2x2(
      x, weight: states[place]["weight"]!, bias: states[place]["bias"], layer.geometry, window)
  }

  func pool2x2() throws -> Tensor { try FusedOps.maxPool2x2(x, window) }

  /// What is around a pooling.
  private var window: WindowFunction {
    let isBefore = mask != nil && found(Dropout.self).place < found(MaxPool2d.self).place
    return WindowFunction(isReLU: activation == .relu, dropout: mask, isBefore: isBefore)
  }

  private var mask: DropoutMask? { dropout.map { DropoutMask(probability: $0.probability, key: $0.key) } }

  /// Dropout of ReLU of a product, or in evaluation ReLU.
  func productDropout() throws -> Tensor {
    let (layer, place) = found((any ProductLayer).self)
    return try layer(x, states[place], epilogue: mask.map { .reluDropout($0) } ?? .activation(.relu))
  }

  func normPool(_ activation: Activation) throws -> Tensor {
    try FusedOps.batchNorm2dPool2d(
      x, normArguments(activation), found((any PoolLayer).self).layer.pooling, match.poolGeometry)
  }

  func convNormPool(_ activation: Activation) throws -> Tensor {
    let (layer, place) = found(Conv2d.self)
    return try FusedOps.conv2dBatchNorm2dMaxPool2d(
      x, weight: states[place]["weight"]!, bias: states[place]["bias"], layer.geometry, normArguments(activation),
      match.poolGeometry)
  }

  /// Dropout of ReLU where there is a dropout, otherwise ReLU.
  func reluDropout(_ x: Tensor) throws -> Tensor {
    guard let dropout else { return try Tensors.activation(x, .relu) }
    return try Tensors.reluDropout(x, probability: dropout.probability, key: dropout.key)
  }

  private func normArguments(_ activation: Activation) -> BatchNormArguments {
    let (layer, place) = found(BatchNorm2d.self)
    return layer.arguments(states[place], context(at: place), activation: activation)
  }

  private var dropout: (probability: Float, key: DropoutKey)? {
    guard match.layer(Dropout.self) != nil else { return nil }
    let (layer, place) = found(Dropout.self)
    return context(at: place).dropoutKey.map { (layer.probability, $0) }
  }
}

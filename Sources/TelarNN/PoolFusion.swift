/// Pooling and what stands around it, as one step of a plan. They exist in plans only: an architecture names the
/// layers that they stand for.
protocol PlannedLayer: Layer {}

extension PlannedLayer {
  static var moduleName: String { "\(Self.self)" }

  init(attributes: inout AttributeReader) throws {
    throw AttributeError(attributes.place, "there is no such module; name the layers that it is made of")
  }

  var attributes: JSON.Members { [:] }
}

/// Max-pooling, then dropout.
struct MaxPoolDropout: PlannedLayer {
  var pool: MaxPool2d
  var probability: Float

  func outputShape(of shape: [Int]) throws -> [Int] { try pool.outputShape(of: shape) }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    let y = try maxPool2d(x, pool.geometry)
    guard let key = context.dropoutKey(after: 1) else { return y }
    return try dropout(y, probability: probability, key: key)
  }
}

/// ReLU, max-pooling and, where there is one, dropout. Taking the largest and cutting at zero can change places: ReLU
/// then works on the pooled values, which are fewer, and together with the dropout.
struct ReLUMaxPool: PlannedLayer {
  var pool: MaxPool2d
  var probability: Float?

  func outputShape(of shape: [Int]) throws -> [Int] { try pool.outputShape(of: shape) }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try activate(maxPool2d(x, pool.geometry), context.dropoutKey(after: 2))
  }

  /// What comes behind the pooling.
  func activate(_ y: Tensor, _ key: DropoutKey?) throws -> Tensor {
    guard let probability, let key else { return try Tensors.activation(y, .relu) }
    return try reluDropout(y, probability: probability, key: key)
  }
}

/// A convolution and max-pooling in one operator, and what stood between and behind them.
struct ConvMaxPool: PlannedLayer {
  /// With the activation that it applies.
  var convolution: Conv2d
  var pool: MaxPool2d
  /// The activation and dropout of the pooled values; `nil` where there is none.
  var activated: ReLUMaxPool?

  func outputShape(of shape: [Int]) throws -> [Int] {
    try pool.outputShape(of: convolution.outputShape(of: shape))
  }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    let y = try conv2dMaxPool2d(
      x, weight: state["weight"]!, bias: state["bias"], convolution.geometry, pool.geometry,
      activation: convolution.fusedActivation)
    return try activated?.activate(y, context.dropoutKey(after: 3)) ?? y
  }
}

/// A convolution, ReLU, dropout and max-pooling.
struct ConvReLUDropoutMaxPool: PlannedLayer {
  var convolution: Conv2d
  var rest: ReLUDropoutMaxPool

  func outputShape(of shape: [Int]) throws -> [Int] {
    try rest.outputShape(of: convolution.outputShape(of: shape))
  }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard let key = context.dropoutKey(after: 2) else {
      return try conv2dMaxPool2d(
        x, weight: state["weight"]!, bias: state["bias"], convolution.geometry, rest.pool.geometry, activation: .relu)
    }
    return try conv2dReluDropoutMaxPool2d(
      x, weight: state["weight"]!, bias: state["bias"], convolution.geometry, rest.pool.geometry,
      probability: rest.probability, key: key)
  }
}

/// Batch normalisation with its activation, pooling, and what stands behind them.
struct BatchNormPool: PlannedLayer {
  var norm: BatchNorm2d
  var pool: any PoolLayer
  /// ReLU and dropout of the pooled values; `nil` where there is none.
  var activated: ReLUMaxPool?

  func outputShape(of shape: [Int]) throws -> [Int] {
    try pool.outputShape(of: norm.outputShape(of: shape))
  }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    let y = try norm.pooled(x, state, context, pool)
    return try activated?.activate(y, context.dropoutKey(after: 3)) ?? y
  }
}

/// A convolution, and batch normalisation with what stands behind it.
struct ConvBatchNormPool: PlannedLayer {
  var convolution: Conv2d
  var rest: BatchNormPool

  func outputShape(of shape: [Int]) throws -> [Int] {
    try rest.outputShape(of: convolution.outputShape(of: shape))
  }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    let y = try conv2dBatchNorm2dPool2d(
      x, weight: state["weight"]!, bias: state["bias"], convolution.geometry,
      rest.norm.arguments(state.next!, context), rest.pool.pooling, rest.pool.geometry)
    return try rest.activated?.activate(y, context.dropoutKey(after: 4)) ?? y
  }
}

/// ReLU, dropout and max-pooling, whose gradients are one pass.
struct ReLUDropoutMaxPool: PlannedLayer {
  var pool: MaxPool2d
  var probability: Float

  func outputShape(of shape: [Int]) throws -> [Int] { try pool.outputShape(of: shape) }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard let key = context.dropoutKey(after: 1) else {
      return try maxPool2d(Tensors.activation(x, .relu), pool.geometry)
    }
    return try reluDropoutMaxPool2d(x, pool.geometry, probability: probability, key: key)
  }
}

/// Dropout, then max-pooling: waits in a plan for the ReLU before it.
struct DropoutMaxPool: PlannedLayer {
  var pool: MaxPool2d
  var probability: Float

  func outputShape(of shape: [Int]) throws -> [Int] { try pool.outputShape(of: shape) }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard let key = context.dropoutKey(after: 0) else { return try maxPool2d(x, pool.geometry) }
    return try maxPool2d(dropout(x, probability: probability, key: key), pool.geometry)
  }
}

extension ForwardContext {
  /// The key of a dropout that stands some layers behind the first of a step; `nil` in evaluation.
  func dropoutKey(after layers: Int) -> DropoutKey? {
    guard case .training(let step) = mode else { return nil }
    return DropoutKey(seed: seed, layerIndex: layerIndex + layers, step: step)
  }
}

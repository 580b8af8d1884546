/// Normalises each channel over the batch and the image: `torch.nn.BatchNorm2d`.
///
/// While training it uses the batch's mean and variance and follows them in running statistics; in evaluation it uses
/// those. In a frozen part it always uses the running statistics and leaves them as they are.
///
/// - Shapes: `[H, W, channels]` → the same
public struct BatchNorm2d: ActivatingLayer {
  public static var moduleName: String { "BatchNorm2d" }

  public var channels: Int
  public var epsilon: Float
  /// The batch's share in the running statistics.
  public var momentum: Float

  public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.channels = channels
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("affine", .boolean(true))
    try attributes.only("track_running_stats", .boolean(true))
    self.init(
      try attributes.integer("num_features"), epsilon: try attributes.number("eps", default: 1e-5, in: 0...1e30),
      momentum: try attributes.number("momentum", default: 0.1, in: 0...1))
  }

  public var attributes: JSON.Members {
    ["num_features": .integer(channels), "eps": .float(epsilon), "momentum": .float(momentum)]
  }

  public var parameters: [ParameterSpec] {
    [
      ParameterSpec("weight", shape: [channels], initializer: .constant(1)),
      ParameterSpec("bias", shape: [channels], initializer: .constant(0)),
      ParameterSpec("running_mean", shape: [channels], initializer: .constant(0), role: .buffer),
      ParameterSpec("running_var", shape: [channels], initializer: .constant(1), role: .buffer),
    ]
  }

  public var tracksBatches: Bool { true }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape.count == 3, shape[2] == channels, channels > 0 else {
      throw ShapeError(Self.moduleName, "expects an image of \(channels) channels and is given \(describe(shape))")
    }
    return try bounded(Self.moduleName, shape)
  }

  package func callAsFunction(
    _ x: Tensor, _ state: LayerState, _ context: ForwardContext, activation: Activation
  ) throws -> Tensor {
    try batchNorm2d(x, arguments(state, context, activation: activation))
  }

  /// What the operators take. Counts the batch where its statistics are taken.
  func arguments(_ state: LayerState, _ context: ForwardContext, activation: Activation) -> BatchNormArguments {
    let trains = context.mode != .evaluation && !context.isFrozen
    if trains { state.count() }
    return BatchNormArguments(
      weight: state["weight"]!, bias: state["bias"]!, runningMean: state["running_mean"]!,
      runningVariance: state["running_var"]!, training: trains, momentum: momentum, epsilon: epsilon,
      activation: activation)
  }

  public func export(to graph: inout ONNXGraph) {
    graph.append("BatchNormalization", [graph.input] + graph.parameters(), [("epsilon", .number(epsilon))])
  }
}

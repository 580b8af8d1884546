/// Normalises each group of channels of each image by its own mean and variance: `torch.nn.GroupNorm`.
///
/// - Shapes: `[H, W, channels]` → the same
public struct GroupNorm: Layer {
  public static var moduleName: String { "GroupNorm" }

  public var groups: Int
  public var channels: Int
  public var epsilon: Float
  /// Whether each channel has a trained factor and a trained offset.
  public var isAffine: Bool

  /// - Parameter groups: divides the channels.
  public init(_ groups: Int, _ channels: Int, epsilon: Float = 1e-5, affine: Bool = true) {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    isAffine = affine
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      try attributes.integer("num_groups"), try attributes.integer("num_channels"),
      epsilon: try attributes.number("eps", default: 1e-5, in: 0...1e30),
      affine: try attributes.flag("affine", default: true))
    guard channels % groups == 0 else {
      throw attributes.error("num_channels", "must be divisible by num_groups \(groups), not \(channels)")
    }
  }

  public var attributes: JSON.Members {
    [
      "num_groups": .integer(groups), "num_channels": .integer(channels), "eps": .float(epsilon),
      "affine": .boolean(isAffine),
    ]
  }

  public var parameters: [ParameterSpec] {
    guard isAffine else { return [] }
    return [
      ParameterSpec("weight", shape: [channels], initializer: .constant(1)),
      ParameterSpec("bias", shape: [channels], initializer: .constant(0)),
    ]
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape.count == 3, shape[2] == channels, channels > 0 else {
      throw ShapeError(Self.moduleName, "expects an image of \(channels) channels and is given \(describe(shape))")
    }
    guard groups > 0, channels % groups == 0 else {
      throw ShapeError(Self.moduleName, "\(groups) groups do not divide \(channels) channels")
    }
    return try bounded(Self.moduleName, shape)
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try groupNorm(x, groups: groups, weight: state["weight"], bias: state["bias"], epsilon: epsilon)
  }

  /// Operator set 13 has no GroupNormalization, so each group becomes one channel of an InstanceNormalization.
  public func export(to graph: inout ONNXGraph) {
    let x = graph.input, shape = graph.append("Shape", [x], name: "shape")
    let grouped = graph.append("Reshape", [x, graph.integers("grouped_shape", [0, groups, -1])], name: "grouped")
    let ones = graph.constant("ones", shape: [groups], [Float](repeating: 1, count: groups))
    let zeros = graph.constant("zeros", shape: [groups], [Float](repeating: 0, count: groups))
    let normalized = graph.append(
      "InstanceNormalization", [grouped, ones, zeros], [("epsilon", .number(epsilon))], name: "normalized")
    var y = graph.append("Reshape", [normalized, shape], name: isAffine ? "reshaped" : nil)
    guard isAffine else { return }
    let axes = graph.integers("axes", [1, 2])
    for (type, name) in [("Mul", "weight"), ("Add", "bias")] {
      let vector = graph.append("Unsqueeze", [graph.parameter(name), axes], name: "\(name)_of_pixels")
      y = graph.append(type, [y, vector], name: type == "Add" ? nil : "scaled")
    }
  }
}

/// A layer that is an activation and nothing else, so that the layer before it can apply it.
public protocol ActivationLayer: Layer {
  var activation: Activation { get }
}

extension ActivationLayer {
  public var attributes: JSON.Members { [:] }

  public func outputShape(of shape: [Int]) throws -> [Int] { shape }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try Tensors.activation(x, activation)
  }
}

/// max(x, 0): `torch.nn.ReLU`.
public struct ReLU: ActivationLayer {
  public static var moduleName: String { "ReLU" }
  public var activation: Activation { .relu }

  public init() {}

  public init(attributes: inout AttributeReader) throws { _ = try attributes.flag("inplace", default: false) }

  public func export(to graph: inout ONNXGraph) { graph.append("Relu", [graph.input]) }
}

/// x, or `negativeSlope` · x where x is negative: `torch.nn.LeakyReLU`.
public struct LeakyReLU: ActivationLayer {
  public static var moduleName: String { "LeakyReLU" }
  public var negativeSlope: Float
  public var activation: Activation { .leakyReLU(negativeSlope: negativeSlope) }

  /// - Precondition: the slope is not negative.
  public init(negativeSlope: Float = 0.01) {
    precondition(negativeSlope >= 0, "a leaky ReLU's slope of \(negativeSlope) must not be negative")
    self.negativeSlope = negativeSlope
  }

  public init(attributes: inout AttributeReader) throws {
    _ = try attributes.flag("inplace", default: false)
    negativeSlope = try attributes.number("negative_slope", default: 0.01, in: 0...1e30)
  }

  public var attributes: JSON.Members { ["negative_slope": .float(negativeSlope)] }

  public func export(to graph: inout ONNXGraph) {
    graph.append("LeakyRelu", [graph.input], [("alpha", .number(negativeSlope))])
  }
}

/// 1 / (1 + e^-x): `torch.nn.Sigmoid`.
public struct Sigmoid: ActivationLayer {
  public static var moduleName: String { "Sigmoid" }
  public var activation: Activation { .sigmoid }

  public init() {}

  public init(attributes: inout AttributeReader) throws {}

  public func export(to graph: inout ONNXGraph) { graph.append("Sigmoid", [graph.input]) }
}

/// The hyperbolic tangent: `torch.nn.Tanh`.
public struct Tanh: ActivationLayer {
  public static var moduleName: String { "Tanh" }
  public var activation: Activation { .tanh }

  public init() {}

  public init(attributes: inout AttributeReader) throws {}

  public func export(to graph: inout ONNXGraph) { graph.append("Tanh", [graph.input]) }
}

extension JSON {
  /// A float as the shortest decimal that is read back as the same float: 0.2, not 0.20000000298.
  public static func float(_ value: Float) -> JSON { .number(Double(value.description) ?? Double(value)) }
}

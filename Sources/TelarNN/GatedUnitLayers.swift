/// x / (1 + e⁻ˣ): `torch.nn.SiLU`, also known as swish.
///
/// - Shapes: any → the same
public struct SiLU: Layer {
  public static var moduleName: String { "SiLU" }

  public init() {}

  public init(attributes: inout AttributeReader) throws { _ = try attributes.flag("inplace", default: false) }

  public var attributes: JSON.Members { [:] }

  public func outputShape(of shape: [Int]) throws -> [Int] { shape }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try silu(x)
  }

  public func export(to graph: inout ONNXGraph) {
    let gate = graph.append("Sigmoid", [graph.input], name: "gate")
    graph.append("Mul", [graph.input, gate])
  }
}

/// x · Φ(x), where Φ is the distribution function of the normal distribution: `torch.nn.GELU`.
///
/// - Shapes: any → the same
public struct GELU: Layer {
  public static var moduleName: String { "GELU" }

  /// Whether Φ is approximated by tanh: PyTorch's `approximate="tanh"`.
  public var approximates: Bool

  public init(approximates: Bool = false) { self.approximates = approximates }

  public init(attributes: inout AttributeReader) throws {
    switch try attributes.string("approximate", default: "none") {
    case "none": approximates = false
    case "tanh": approximates = true
    case let other: throw attributes.error("approximate", other, noneOf: ["none", "tanh"])
    }
  }

  public var attributes: JSON.Members { ["approximate": .string(approximates ? "tanh" : "none")] }

  public func outputShape(of shape: [Int]) throws -> [Int] { shape }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try gelu(x, approximates: approximates)
  }

  /// Operator set 13 has no Gelu, so the formula is written out.
  public func export(to graph: inout ONNXGraph) {
    let x = graph.input, one = graph.constant("one", [1])
    var inner = x
    if approximates {
      let square = graph.append("Mul", [x, x], name: "square")
      let scaled = graph.append("Mul", [square, graph.constant("cubic", [0.044715])], name: "scaled")
      inner = graph.append("Mul", [x, graph.append("Add", [scaled, one], name: "polynomial")], name: "inner")
    }
    let scale: Float = approximates ? (2 / Float.pi).squareRoot() : Float(0.5).squareRoot()
    let argument = graph.append("Mul", [inner, graph.constant("scale", [scale])], name: "argument")
    let function = graph.append(approximates ? "Tanh" : "Erf", [argument], name: "function")
    let gate = graph.append("Add", [function, one], name: "gate")
    let product = graph.append("Mul", [x, gate], name: "product")
    graph.append("Mul", [product, graph.constant("half", [0.5])])
  }
}

/// A fully connected layer: `torch.nn.Linear`.
///
/// - Shapes: `[inputFeatures]` → `[outputFeatures]`
public struct Linear: ProductLayer {
  public static var moduleName: String { "Linear" }

  public var inputFeatures: Int
  public var outputFeatures: Int
  public var hasBias: Bool

  public init(_ inputFeatures: Int, _ outputFeatures: Int, bias: Bool = true) {
    self.inputFeatures = inputFeatures
    self.outputFeatures = outputFeatures
    hasBias = bias
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      try attributes.integer("in_features"), try attributes.integer("out_features"),
      bias: try attributes.flag("bias", default: true))
  }

  public var attributes: JSON.Members {
    [
      "in_features": .integer(inputFeatures), "out_features": .integer(outputFeatures), "bias": .boolean(hasBias),
    ]
  }

  public var parameters: [ParameterSpec] {
    let initializer = Initializer.pyTorchDefault(fanIn: inputFeatures)
    let weight = ParameterSpec(
      "weight", shape: [outputFeatures, inputFeatures], layout: .linear, initializer: initializer)
    return hasBias ? [weight, ParameterSpec("bias", shape: [outputFeatures], initializer: initializer)] : [weight]
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    guard inputFeatures > 0, outputFeatures > 0 else {
      throw ShapeError(Self.moduleName, "\(inputFeatures) to \(outputFeatures) features make no layer")
    }
    guard shape == [inputFeatures] else {
      let count = try checkedCount(Self.moduleName, shape)
      let hint = shape.count == 3 && count == inputFeatures ? "; put a Flatten() in front of it" : ""
      throw ShapeError(Self.moduleName, "expects \(inputFeatures) features and is given \(describe(shape))\(hint)")
    }
    return try bounded(Self.moduleName, [outputFeatures])
  }

  public func cost(from input: [Int], to output: [Int]) -> LayerCost {
    .perOutput(output, operations: Double(inputFeatures))
  }

  package func callAsFunction(_ x: Tensor, _ state: LayerState, epilogue: Epilogue) throws -> Tensor {
    try linear(x, weight: state["weight"]!, bias: state["bias"], epilogue: epilogue)
  }

  public func export(to graph: inout ONNXGraph) {
    // Weights are [out, in], as in PyTorch.
    graph.append("Gemm", [graph.input] + graph.parameters(), [("transB", .integer(1))])
  }
}

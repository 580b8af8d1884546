/// Convolution of images: `torch.nn.Conv2d`.
///
/// - Shapes: `[H, W, inputChannels]` → `[Ho, Wo, outputChannels]`, by ``ConvGeometry/outputSize(of:)``
public struct Conv2d: ProductLayer {
  public static var moduleName: String { "Conv2d" }

  public var inputChannels: Int
  public var outputChannels: Int
  public var geometry: ConvGeometry
  public var hasBias: Bool

  public init(
    _ inputChannels: Int, _ outputChannels: Int, kernelSize: Pair, stride: Pair = 1, padding: Pair = 0,
    dilation: Pair = 1, groups: Int = 1, bias: Bool = true
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    geometry = ConvGeometry(
      kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups)
    hasBias = bias
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("padding_mode", .string("zeros"))
    self.init(
      try attributes.integer("in_channels"), try attributes.integer("out_channels"),
      kernelSize: try attributes.pair("kernel_size"), stride: try attributes.pair("stride", default: 1),
      padding: try attributes.pair("padding", default: 0, atLeast: 0),
      dilation: try attributes.pair("dilation", default: 1), groups: try attributes.integer("groups", default: 1),
      bias: try attributes.flag("bias", default: true))
  }

  public var attributes: JSON.Members {
    JSON.Members(
      dictionaryLiteral: ("in_channels", .integer(inputChannels)), ("out_channels", .integer(outputChannels))
    )
    .adding(geometry.attributes).adding(["bias": .boolean(hasBias)])
  }

  public var parameters: [ParameterSpec] {
    let shape = [
      outputChannels, inputChannels / geometry.groups, geometry.kernelSize.height, geometry.kernelSize.width,
    ]
    return filterParameters(shape: shape, outputChannels: outputChannels, hasBias: hasBias)
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    try checkChannels(Self.moduleName, inputChannels, outputChannels, geometry, of: shape, transposed: false)
    let size = geometry.outputSize(of: Pair(shape[0], shape[1]))
    guard size.height > 0, size.width > 0 else {
      throw ShapeError(
        Self.moduleName,
        "kernelSize \(geometry.kernelSize) with dilation \(geometry.dilation) does not fit an image of \(shape[0])×\(shape[1])"
      )
    }
    return try bounded(Self.moduleName, [size.height, size.width, outputChannels])
  }

  public func cost(from input: [Int], to output: [Int]) -> LayerCost {
    .perOutput(
      output, operations: geometry.taps * Double(inputChannels / geometry.groups), workspace: geometry.padded(input))
  }

  package func callAsFunction(_ x: Tensor, _ state: LayerState, epilogue: Epilogue) throws -> Tensor {
    try conv2d(x, weight: state["weight"]!, bias: state["bias"], geometry, epilogue: epilogue)
  }

  public func export(to graph: inout ONNXGraph) {
    graph.append("Conv", [graph.input] + graph.parameters(), geometry.exported())
  }
}

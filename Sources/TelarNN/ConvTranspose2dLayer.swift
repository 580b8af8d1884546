/// Transposed convolution of images: `torch.nn.ConvTranspose2d`.
///
/// - Shapes: `[H, W, inputChannels]` → `[Ho, Wo, outputChannels]`, by ``ConvGeometry/transposedOutputSize(of:)``
public struct ConvTranspose2d: ProductLayer {
  public static var moduleName: String { "ConvTranspose2d" }

  public var inputChannels: Int
  public var outputChannels: Int
  public var geometry: ConvGeometry
  public var hasBias: Bool

  public init(
    _ inputChannels: Int, _ outputChannels: Int, kernelSize: Pair, stride: Pair = 1, padding: Pair = 0,
    outputPadding: Pair = 0, dilation: Pair = 1, groups: Int = 1, bias: Bool = true
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    geometry = ConvGeometry(
      kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups,
      outputPadding: outputPadding)
    hasBias = bias
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("padding_mode", .string("zeros"))
    self.init(
      try attributes.integer("in_channels"), try attributes.integer("out_channels"),
      kernelSize: try attributes.pair("kernel_size"), stride: try attributes.pair("stride", default: 1),
      padding: try attributes.pair("padding", default: 0, atLeast: 0),
      outputPadding: try attributes.pair("output_padding", default: 0, atLeast: 0),
      dilation: try attributes.pair("dilation", default: 1), groups: try attributes.integer("groups", default: 1),
      bias: try attributes.flag("bias", default: true))
  }

  public var attributes: JSON.Members {
    JSON.Members(
      dictionaryLiteral: ("in_channels", .integer(inputChannels)), ("out_channels", .integer(outputChannels))
    )
    .adding(geometry.attributes).adding(["output_padding": geometry.outputPadding.json, "bias": .boolean(hasBias)])
  }

  public var parameters: [ParameterSpec] {
    let shape = [
      inputChannels, outputChannels / geometry.groups, geometry.kernelSize.height, geometry.kernelSize.width,
    ]
    return filterParameters(shape: shape, outputChannels: outputChannels, hasBias: hasBias)
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    try checkChannels(Self.moduleName, inputChannels, outputChannels, geometry, of: shape, transposed: true)
    let size = geometry.transposedOutputSize(of: Pair(shape[0], shape[1]))
    guard size.height > 0, size.width > 0 else {
      throw ShapeError(
        Self.moduleName, "padding \(geometry.padding) leaves nothing of an image of \(shape[0])×\(shape[1])")
    }
    return try bounded(Self.moduleName, [size.height, size.width, outputChannels])
  }

  public func cost(from input: [Int], to output: [Int]) -> LayerCost {
    .perOutput(
      input, operations: geometry.taps * Double(outputChannels / geometry.groups), workspace: geometry.padded(output))
  }

  package func callAsFunction(_ x: Tensor, _ state: LayerState, epilogue: Epilogue) throws -> Tensor {
    try convTranspose2d(x, weight: state["weight"]!, bias: state["bias"], geometry, epilogue: epilogue)
  }

  /// ONNX Runtime refuses an output padding that is not below the stride. Such rows and columns at the end come from
  /// less padding there and, where that is not enough, from zeros behind the image, which add no more than room.
  public func export(to graph: inout ONNXGraph) {
    var outputPadding = geometry.outputPadding.list
    var endPadding = geometry.padding.list
    var zeros = [0, 0]
    for (axis, stride) in geometry.stride.list.enumerated() where outputPadding[axis] >= stride {
      zeros[axis] = max(0, outputPadding[axis] - endPadding[axis]).dividedUp(by: stride)
      endPadding[axis] += zeros[axis] * stride - outputPadding[axis]
      outputPadding[axis] = 0
    }
    var x = graph.input
    if zeros != [0, 0] {
      x = graph.append("Pad", [x, graph.integers("pads", [0, 0, 0, 0, 0, 0] + zeros)], name: "pad")
    }
    graph.append(
      "ConvTranspose", [x] + graph.parameters(),
      geometry.exported(endPadding: endPadding) + [("output_padding", .integers(outputPadding))])
  }
}

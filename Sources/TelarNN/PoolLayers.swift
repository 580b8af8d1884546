/// A layer that pools windows.
protocol PoolLayer: Layer {
  var pooling: Pooling { get }
  var geometry: PoolGeometry { get }
}

extension PoolLayer {
  public func cost(from input: [Int], to output: [Int]) -> LayerCost {
    let window = geometry.kernelSize
    return .perOutput(output, operations: Double(min(window.height, input[0])) * Double(min(window.width, input[1])))
  }
}

/// The largest value of each window: `torch.nn.MaxPool2d`.
///
/// - Shapes: `[H, W, C]` → `[Ho, Wo, C]`, by ``PoolGeometry/outputSize(of:)``
public struct MaxPool2d: PoolLayer {
  public static var moduleName: String { "MaxPool2d" }
  var pooling: Pooling { .max }

  public var geometry: PoolGeometry

  /// - Parameter stride: by default the kernel size.
  public init(_ kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0) {
    geometry = PoolGeometry(kernelSize: kernelSize, stride: stride, padding: padding)
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("dilation", .integer(1))
    try attributes.only("return_indices", .boolean(false))
    try attributes.only("ceil_mode", .boolean(false))
    geometry = try PoolGeometry(attributes: &attributes)
  }

  public var attributes: JSON.Members { geometry.attributes }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    try geometry.outputShape(ofSample: shape, Self.moduleName)
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try maxPool2d(x, geometry)
  }

  public func export(to graph: inout ONNXGraph) {
    graph.append("MaxPool", [graph.input], geometry.exported)
  }
}

/// The mean of each window: `torch.nn.AvgPool2d`.
///
/// - Shapes: `[H, W, C]` → `[Ho, Wo, C]`, by ``PoolGeometry/outputSize(of:)``
public struct AvgPool2d: PoolLayer {
  public static var moduleName: String { "AvgPool2d" }
  var pooling: Pooling { .average }

  public var geometry: PoolGeometry

  /// - Parameters:
  ///   - stride: by default the kernel size.
  ///   - countIncludePad: whether the zeros of the padding count.
  public init(_ kernelSize: Pair, stride: Pair? = nil, padding: Pair = 0, countIncludePad: Bool = true) {
    geometry = PoolGeometry(
      kernelSize: kernelSize, stride: stride, padding: padding, countIncludePad: countIncludePad)
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("ceil_mode", .boolean(false))
    try attributes.only("divisor_override", .null)
    geometry = try PoolGeometry(attributes: &attributes)
    geometry.countIncludePad = try attributes.flag("count_include_pad", default: true)
  }

  public var attributes: JSON.Members {
    geometry.attributes.adding(["count_include_pad": .boolean(geometry.countIncludePad)])
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    try geometry.outputShape(ofSample: shape, Self.moduleName)
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try avgPool2d(x, geometry)
  }

  public func export(to graph: inout ONNXGraph) {
    graph.append(
      "AveragePool", [graph.input],
      geometry.exported + [("count_include_pad", .integer(geometry.countIncludePad ? 1 : 0))])
  }
}

extension PoolGeometry {
  fileprivate init(attributes: inout AttributeReader) throws {
    let kernelSize = try attributes.pair("kernel_size")
    self.init(
      kernelSize: kernelSize, stride: try attributes.pair("stride", default: kernelSize),
      padding: try attributes.pair("padding", default: 0, atLeast: 0))
  }

  fileprivate var attributes: JSON.Members {
    ["kernel_size": kernelSize.json, "stride": stride.json, "padding": padding.json]
  }

  fileprivate func outputShape(ofSample shape: [Int], _ place: String) throws -> [Int] {
    guard shape.count == 3 else { throw ShapeError(place, "expects an image and is given \(describe(shape))") }
    try checkedCount(place, shape)
    return try bounded(place, Array(outputShape(of: [1] + shape, place).dropFirst()))
  }

  /// The attributes of ONNX's operators.
  fileprivate var exported: [(String, ONNXAttribute)] {
    [
      ("kernel_shape", .integers(kernelSize.list)), ("strides", .integers(stride.list)),
      ("pads", .integers(padding.list + padding.list)),
    ]
  }
}

/// The mean of each channel over the whole image, whatever its size: `torch.nn.AdaptiveAvgPool2d(1)`.
///
/// - Shapes: `[H, W, C]` → `[1, 1, C]`
public struct AdaptiveAvgPool2d: Layer {
  public static var moduleName: String { "AdaptiveAvgPool2d" }

  public init() {}

  public init(attributes: inout AttributeReader) throws {
    let size = try attributes.pair("output_size")
    guard size == 1 else { throw attributes.error("output_size", "\(size) is not supported; only 1 is") }
  }

  public var attributes: JSON.Members { ["output_size": .integer(1)] }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape.count == 3 else {
      throw ShapeError(Self.moduleName, "expects an image and is given \(describe(shape))")
    }
    try checkedCount(Self.moduleName, shape)
    guard max(shape[0], shape[1]) <= Pair.largest else {
      throw ShapeError(Self.moduleName, "averages over at most \(Pair.largest) pixels a side, not \(describe(shape))")
    }
    return [1, 1, shape[2]]
  }

  public func cost(from input: [Int], to output: [Int]) -> LayerCost { .perOutput(input) }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard x.shape.count == 4 else {
      throw ShapeError(Self.moduleName, "the input must be [N, H, W, C], not \(x.shape)")
    }
    return try avgPool2d(x, PoolGeometry(kernelSize: Pair(x.shape[1], x.shape[2])))
  }

  public func export(to graph: inout ONNXGraph) { graph.append("GlobalAveragePool", [graph.input]) }
}

/// An image as features in PyTorch's order, channel by channel: `torch.nn.Flatten`.
///
/// - Shapes: `[H, W, C]` → `[C · H · W]`; features stay as they are.
public struct Flatten: Layer {
  public static var moduleName: String { "Flatten" }

  public init() {}

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("start_dim", .integer(1))
    try attributes.only("end_dim", .integer(-1))
  }

  public var attributes: JSON.Members { [:] }

  public func outputShape(of shape: [Int]) throws -> [Int] { [try checkedCount(Self.moduleName, shape)] }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    x.shape.count == 2 ? x : try flatten(x)
  }

  public func export(to graph: inout ONNXGraph) {
    graph.append("Flatten", [graph.input], [("axis", .integer(1))])
  }
}

/// Features in PyTorch's order as an image: `torch.nn.Unflatten(1, (channels, height, width))`.
///
/// - Shapes: `[C · H · W]` → `[H, W, C]`
public struct Unflatten: Layer {
  public static var moduleName: String { "Unflatten" }

  public var channels: Int
  public var height: Int
  public var width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  public init(attributes: inout AttributeReader) throws {
    try attributes.only("dim", .integer(1))
    let size = try attributes.integers("unflattened_size", count: 3)
    self.init(channels: size[0], height: size[1], width: size[2])
  }

  public var attributes: JSON.Members {
    ["dim": .integer(1), "unflattened_size": .array([.integer(channels), .integer(height), .integer(width)])]
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    let image = [height, width, channels]
    guard shape == [try checkedCount(Self.moduleName, image)] else {
      throw ShapeError(Self.moduleName, "\(describe(shape)) do not make \(describe(image))")
    }
    return image
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try unflatten(x, channels: channels, height: height, width: width)
  }

  public func export(to graph: inout ONNXGraph) {
    // A zero keeps the size that is there: N.
    graph.append("Reshape", [graph.input, graph.integers("shape", [0, channels, height, width])])
  }
}

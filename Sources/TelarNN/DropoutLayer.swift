/// Sets elements to zero with a probability while training, and scales the others up for it: `torch.nn.Dropout`.
///
/// The mask is a function of the network's seed, the layer's place in it, and the step: the same on every device.
/// It is active while training in a frozen part too.
///
/// - Shapes: any → the same
public struct Dropout: Layer {
  public static var moduleName: String { "Dropout" }

  public var probability: Float

  /// - Precondition: the probability is in 0 ..< 1.
  public init(_ probability: Float) {
    precondition(0 <= probability && probability < 1, "a dropout probability of \(probability) is not in 0 ..< 1")
    self.probability = probability
  }

  public init(attributes: inout AttributeReader) throws {
    _ = try attributes.flag("inplace", default: false)
    probability = try attributes.number("p", default: 0.5, in: 0...0.999999)
  }

  public var attributes: JSON.Members { ["p": .float(probability)] }

  public func outputShape(of shape: [Int]) throws -> [Int] { shape }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard probability > 0, let key = context.dropoutKey else { return x }
    return try dropout(x, probability: probability, key: key)
  }

  /// Whether it does anything.
  func isActive(_ isTraining: Bool) -> Bool { isTraining && probability > 0 }

  /// Adds no node: dropout is the identity in evaluation mode.
  public func export(to graph: inout ONNXGraph) {}
}

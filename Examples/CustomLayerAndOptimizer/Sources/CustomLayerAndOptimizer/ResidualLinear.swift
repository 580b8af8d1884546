import Telar

/// x + silu(x · Wᵀ + b): a layer made of Telar's operators, whose gradients come with them.
struct ResidualLinear: Layer {
  /// Its name in recipes and checkpoints.
  static var moduleName: String { "ResidualLinear" }

  var features: Int

  init(_ features: Int) { self.features = features }

  /// The settings by their keywords, and the layer that they describe.
  var attributes: JSON.Members { ["features": .integer(features)] }

  init(attributes: inout AttributeReader) throws { features = try attributes.integer("features") }

  /// What the network is to keep for the layer: shapes are PyTorch's, and the layout says how they lie here.
  var parameters: [ParameterSpec] {
    let initializer = Initializer.pyTorchDefault(fanIn: features)
    return [
      ParameterSpec("weight", shape: [features, features], layout: .linear, initializer: initializer),
      ParameterSpec("bias", shape: [features], initializer: initializer),
    ]
  }

  /// Shapes are those of one sample, without the batch.
  func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape == [features] else { throw ShapeError(Self.moduleName, "expects \(features) features, not \(shape)") }
    return shape
  }

  /// Multiply-adds of a sample; the protocol's default counts one operation an output.
  func cost(from input: [Int], to output: [Int]) -> LayerCost {
    LayerCost(operations: Double(features) * Double(features))
  }

  /// The layer launches the same in every step, so a device may record a step and repeat it.
  static var repeatsLaunches: Bool { true }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try add(x, silu(linear(x, weight: state["weight"]!, bias: state["bias"])))
  }
}

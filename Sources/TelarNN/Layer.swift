@_exported import Tensors

/// A layer as a value: what it is, not its parameters, which a ``Network`` makes and keeps.
///
/// Shapes here are of one sample, without the batch: `[H, W, C]` for an image, `[F]` for features.
///
/// Registered with ``LayerRegistry``, a layer can be named in recipes and read from checkpoints.
public protocol Layer: Sendable {
  /// The name of the equivalent PyTorch module, `Conv2d`, or a name of its own.
  static var moduleName: String { get }

  /// Keywords and values of the module's constructor. The keyword `layer` is reserved for ``moduleName``.
  var attributes: JSON.Members { get }

  /// The layer that the keywords of PyTorch's constructor describe.
  ///
  /// - Throws: ``AttributeError`` for values that the constructor or Telar does not take.
  init(attributes: inout AttributeReader) throws

  /// The tensors that the layer needs, in PyTorch's order.
  var parameters: [ParameterSpec] { get }

  /// The shape that a sample has behind the layer.
  ///
  /// - Throws: ``ShapeError`` when the layer does not fit the shape.
  func outputShape(of shape: [Int]) throws -> [Int]

  /// The cost of a forward pass for one sample, given its shape before and after the layer.
  ///
  /// It is shown in summaries of networks, and networks from files are rejected above a limit.
  func cost(from input: [Int], to output: [Int]) -> LayerCost

  /// Whether checkpoints store ``LayerState/batchesTracked`` of the layer, as PyTorch's `num_batches_tracked`.
  var tracksBatches: Bool { get }

  /// Adds ONNX nodes that compute the layer in evaluation mode, on images `[N, C, H, W]` or features `[N, F]`. Without
  /// nodes the layer is the identity.
  ///
  /// - Throws: ``ONNXError`` for a layer that cannot be exported; the default.
  func export(to graph: inout ONNXGraph) throws

  /// Whether the layer launches the same kernels with the same settings in each training step, so that a device may record
  /// a step and repeat it without calling the layer. What it draws at random it takes from
  /// ``ForwardContext/dropoutKey``. False by default for layers that are not Telar's own.
  static var repeatsLaunches: Bool { get }

  /// The layer's output for a batch x.
  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor
}

extension Layer {
  public var parameters: [ParameterSpec] { [] }
  public var tracksBatches: Bool { false }
  public static var repeatsLaunches: Bool { LayerRegistry.isBuiltIn(Self.self) }
  public func cost(from input: [Int], to output: [Int]) -> LayerCost { .perOutput(output) }
  public func export(to graph: inout ONNXGraph) throws {
    throw ONNXError("\(graph.key) (\(Self.moduleName))", "has no form in ONNX that Telar knows")
  }
}

/// A layer whose operator can apply an activation to its result.
package protocol ActivatingLayer: Layer {
  /// The activation of the layer's output for a batch x.
  func callAsFunction(
    _ x: Tensor, _ state: LayerState, _ context: ForwardContext, activation: Activation
  ) throws -> Tensor
}

extension ActivatingLayer {
  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try self(x, state, context, activation: .none)
  }
}

/// A layer whose operator is a matrix product or a convolution, to whose result any epilogue can be applied.
package protocol ProductLayer: ActivatingLayer {
  func callAsFunction(_ x: Tensor, _ state: LayerState, epilogue: Epilogue) throws -> Tensor
}

extension ProductLayer {
  package func callAsFunction(
    _ x: Tensor, _ state: LayerState, _ context: ForwardContext, activation: Activation
  ) throws -> Tensor {
    try self(x, state, epilogue: .activation(activation))
  }
}

/// The cost of a layer's forward pass for one sample.
public struct LayerCost: Sendable, Hashable {
  /// Multiply-adds, or additions or comparisons where there are no products.
  public var operations: Double
  /// The shape of a temporary array, such as a padded image; `nil` for none.
  public var workspace: [Int]?

  public init(operations: Double, workspace: [Int]? = nil) {
    self.operations = operations
    self.workspace = workspace
  }

  /// A fixed number of operations per output element.
  public static func perOutput(_ output: [Int], operations: Double = 1, workspace: [Int]? = nil) -> LayerCost {
    LayerCost(operations: output.reduce(operations) { $0 * Double($1) }, workspace: workspace)
  }
}

/// Whether a network trains or is used.
public enum Mode: Sendable, Hashable {
  /// Running statistics, no dropout.
  case evaluation
  /// Batch statistics, and dropout drawn for this step.
  case training(step: Int)
}

/// What a layer knows when it runs, besides its parameters.
public struct ForwardContext: Sendable {
  public var mode: Mode
  /// The network's seed and the layer's place in the network, which dropout is keyed by.
  public var seed: UInt64
  public var layerIndex: Int
  /// Whether the layer stands in a part that does not train.
  public var isFrozen: Bool

  /// What the layer's dropout is drawn from; `nil` in evaluation.
  public var dropoutKey: DropoutKey? {
    guard case .training(let step) = mode else { return nil }
    return DropoutKey(seed: seed, layer: UInt32(layerIndex), step: UInt32(truncatingIfNeeded: step))
  }
}

/// The tensors of one layer in a network.
public final class LayerState {
  private let tensors: [String: Tensor]
  /// Batches that running statistics were updated with, for layers that keep some.
  public var batchesTracked: Int64 = 0
  /// Those of a ``ContainerLayer``.
  var chains: [LayerChain] = []

  init(tensors: [String: Tensor]) { self.tensors = tensors }

  /// Counts batches, up to the largest count that there is.
  func count(batches: Int64 = 1) {
    let (sum, isOver) = batchesTracked.addingReportingOverflow(batches)
    batchesTracked = isOver ? .max : sum
  }

  /// The tensor of a name among ``Layer/parameters``; `nil` where the layer has none, as without a bias.
  public subscript(name: String) -> Tensor? { tensors[name] }

  /// The tensors of a layer within this one, by its place: `shortcut.0`.
  func tensors(of place: String) -> [String: Tensor] {
    tensors.reduce(into: [:]) { found, tensor in
      if tensor.key.hasPrefix(place + ".") { found[String(tensor.key.dropFirst(place.count + 1))] = tensor.value }
    }
  }
}

/// A network on a device: an architecture with its parameters.
///
/// All parameters lie in one piece of memory, those that train in front, and their gradients in another, so that an
/// optimizer takes one launch. Starting values follow PyTorch's defaults and depend on the seed only.
///
/// ```swift
/// let network = try Network(on: device, inputShape: [28, 28, 1], seed: 1) {
///   Part("encoder") { Conv2d(1, 16, kernelSize: 3); ReLU(); MaxPool2d(2); Flatten() }
///   Part("classifier") { Linear(2704, 10) }
/// }
/// let logits = try network(images)
/// ```
public final class Network {
  public let architecture: Architecture
  public let device: any Device
  /// What the starting values and the dropout are drawn from.
  public let seed: UInt64
  /// A sample's shape, when the parts run one after another.
  public let inputShape: [Int]?
  public let outputShape: [Int]?
  /// The parts in order, for networks that run them otherwise than one after another.
  public let parts: [NetworkPart]
  let arena: ParameterArena

  /// - Parameters:
  ///   - inputShape: a sample's shape, `[H, W, C]` or `[F]`; `nil` when the parts do not run one after another, and
  ///     their shapes are checked when they run.
  ///   - seed: what the starting values and the dropout are drawn from.
  /// - Throws: ``ShapeError`` that names the layer which does not fit, before anything is made on the device.
  public init(_ architecture: Architecture, on device: any Device, inputShape: [Int]?, seed: UInt64) throws {
    precondition(
      Set(architecture.parts.map(\.name)).count == architecture.parts.count, "parts of a network need different names")
    self.architecture = architecture
    self.device = device
    self.seed = seed
    self.inputShape = inputShape
    outputShape = try inputShape.map(architecture.outputShape)
    let arena = try ParameterArena(architecture, on: device, seed: seed)
    self.arena = arena
    var firstIndex = 0
    parts = architecture.parts.map { part in
      defer { firstIndex += part.layers.count }
      return NetworkPart(part, arena: arena, seed: seed, firstIndex: firstIndex, device: device)
    }
  }

  /// A network of the parts that are listed.
  public convenience init(
    on device: any Device, inputShape: [Int]?, seed: UInt64, @PartBuilder _ parts: () -> [Part]
  ) throws {
    try self.init(Architecture(parts()), on: device, inputShape: inputShape, seed: seed)
  }

  /// The part of a name.
  ///
  /// - Precondition: there is one.
  public subscript(part name: String) -> NetworkPart {
    guard let part = parts.first(where: { $0.name == name }) else {
      preconditionFailure("the network has no part \(name), only \(parts.map(\.name).joined(separator: ", "))")
    }
    return part
  }

  /// The output for a batch, the parts run one after another.
  ///
  /// - Shapes: x `[N] + inputShape` → `[N] + outputShape`
  /// - Throws: ``ShapeError`` that names the layer which does not fit, before anything is launched.
  public func callAsFunction(_ x: Tensor, _ mode: Mode = .evaluation) throws -> Tensor {
    if let inputShape, Array(x.shape.dropFirst()) != inputShape || x.shape[0] == 0 {
      throw ShapeError("network", "expects a batch of \(describe(inputShape)) and is given \(x.shape)")
    }
    return try parts.reduce(x) { try $1($0, mode) }
  }

  /// All tensors with their names, in the order of the architecture.
  public var parameters: [Parameter] { arena.parameters }

  /// How many numbers are trained.
  public var trainableCount: Int { parameters.reduce(0) { $0 + ($1.isTrainable ? $1.spec.count : 0) } }

  /// Forgets the gradients of the step before. Touches no memory.
  public func clearGradients() { arena.clearGradients() }
}

/// A part of a network, to be called on its own.
public final class NetworkPart {
  public let name: String
  public let isFrozen: Bool
  private let chain: LayerChain

  init(_ part: Part, arena: ParameterArena, seed: UInt64, firstIndex: Int, device: any Device) {
    name = part.name
    isFrozen = part.isFrozen
    let context = ForwardContext(mode: .evaluation, seed: seed, layerIndex: firstIndex, isFrozen: part.isFrozen)
    chain = LayerChain(part.name, part.layers, context: context, on: device) {
      arena.tensors(ofLayer: "\(part.name).\($0)")
    }
  }

  /// The batches that each layer has counted.
  var batchCounts: [Int64] { chain.allStates.map(\.batchesTracked) }

  /// Adds the first of `batches`, one a layer, to what the layers have counted, and takes them away.
  func count(_ batches: inout ArraySlice<Int64>) {
    for state in chain.allStates { state.count(batches: batches.removeFirst()) }
  }

  /// The part's output for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit, before anything is launched.
  public func callAsFunction(_ x: Tensor, _ mode: Mode = .evaluation) throws -> Tensor { try chain(x, mode) }

  /// The steps that the part runs for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit.
  package func plan(for x: Tensor, _ mode: Mode) throws -> Plan { try chain.plan(for: x, mode) }

  /// What messages call the layers: `encoder.4 (Linear)`.
  package var layerNames: [String] { chain.layerNames }

  /// The output of one layer by itself, fused with nothing: for whoever looks into a network.
  package func runLayer(_ index: Int, on x: Tensor, _ mode: Mode) throws -> Tensor {
    try chain.runLayer(index, on: x, mode)
  }

  /// The layers that keep running statistics: their names, `encoder.1`, and states.
  var trackingLayers: [(key: String, state: LayerState)] { chain.trackingLayers }
}

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
      defer { firstIndex += part.layers.layers.count }
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

  private let part: Part
  private let states: [LayerState]
  private let device: any Device
  /// That of the part's first layer.
  private let context: ForwardContext
  /// The plans of the shapes and modes that the part was called with.
  private var plans: [Plan.Key: Plan] = [:]
  /// Plans that are kept: batches of many sizes would otherwise fill the memory.
  private static let mostPlans = 64

  init(_ part: Part, arena: ParameterArena, seed: UInt64, firstIndex: Int, device: any Device) {
    self.part = part
    self.device = device
    name = part.name
    isFrozen = part.isFrozen
    states = part.layers.layers.indices.map { LayerState(tensors: arena.tensors(ofLayer: "\(part.name).\($0)")) }
    context = ForwardContext(mode: .evaluation, seed: seed, layerIndex: firstIndex, isFrozen: part.isFrozen)
  }

  /// The batches that each layer has counted.
  var batchCounts: [Int64] { states.map(\.batchesTracked) }

  /// Adds the first of `batches`, one a layer, to what the layers have counted, and takes them away.
  func count(_ batches: inout ArraySlice<Int64>) {
    for state in states { state.count(batches: batches.removeFirst()) }
  }

  /// The part's output for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit, before anything is launched.
  public func callAsFunction(_ x: Tensor, _ mode: Mode = .evaluation) throws -> Tensor {
    let plan = try plan(for: x, mode)
    return try plan.steps.reduce(x) { try run($1, on: $0, mode) }
  }

  /// The steps that the part runs for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit.
  package func plan(for x: Tensor, _ mode: Mode) throws -> Plan {
    let isRecording = Tape.current != nil
    let key = Plan.Key(
      isTraining: mode != .evaluation, shape: x.shape, isRecording: isRecording,
      wantsInputGradient: isRecording && x.requiresGradient)
    if let plan = plans[key] { return plan }
    guard let batch = x.shape.first, batch > 0 else { throw ShapeError(name, "is given the empty batch \(x.shape)") }
    let shapes = try part.shapes(from: Array(x.shape.dropFirst())).map { [batch] + $0 }
    let plan = Plan(part.layers.layers, key, shapes: shapes, isTrainable: !isFrozen, on: device.traits)
    if plans.count >= Self.mostPlans { plans.removeAll() }
    plans[key] = plan
    return plan
  }

  private func run(_ step: Plan.Step, on x: Tensor, _ mode: Mode) throws -> Tensor {
    guard let pattern = step.pattern else { return try run(step.places[0], on: x, mode) }
    return try named(step.places) {
      try pattern.run(PlannedStep(match: step.match, states: states, context: context(mode), x: x))
    }
  }

  private func run(_ index: Int, on x: Tensor, _ mode: Mode) throws -> Tensor {
    var context = context(mode)
    context.layerIndex += index
    return try named([index]) { try part.layers.layers[index](x, states[index], context) }
  }

  private func context(_ mode: Mode) -> ForwardContext {
    var context = context
    context.mode = mode
    return context
  }

  /// Sizes that depend on the batch are the operators' to check: their errors are given the layer's name.
  private func named(_ places: [Int], _ body: () throws -> Tensor) throws -> Tensor {
    let profiler = device.profiler
    profiler?.context.step = places.map { "\(name).\($0)" }.joined(separator: " ")
    defer { profiler?.context.step = nil }
    do { return try body() } catch let error as ShapeError {
      throw ShapeError("\(name).\(places[0]) (\(type(of: part.layers.layers[places[0]]).moduleName))", error.problem)
    }
  }

  /// What messages call the layers: `encoder.4 (Linear)`.
  package var layerNames: [String] {
    part.layers.layers.enumerated().map { "\(name).\($0) (\(type(of: $1).moduleName))" }
  }

  /// The output of one layer by itself, fused with nothing: for whoever looks into a network.
  package func runLayer(_ index: Int, on x: Tensor, _ mode: Mode) throws -> Tensor {
    try run(index, on: x, mode)
  }

  /// The layers that keep running statistics: their places in the part, and their states.
  var trackingLayers: [(index: Int, state: LayerState)] {
    part.layers.layers.indices.filter { part.layers.layers[$0].tracksBatches }.map { ($0, states[$0]) }
  }
}

/// Layers that run one after another, by plans: those of a part, or within a ``ContainerLayer``.
final class LayerChain {
  /// `encoder`, or for layers within another one its name: `encoder.3`.
  let name: String
  private let layers: Sequential
  let states: [LayerState]
  /// What stands behind the chain's name in the names of its layers' tensors.
  private let prefix: String
  /// The places of the layers in the whole network, which dropout is keyed by.
  private let indices: [Int]
  private let context: ForwardContext
  private let device: any Device
  /// The plans of the shapes and modes that the chain was called with.
  private var plans: [Plan.Key: Plan] = [:]
  /// Plans that are kept: batches of many sizes would otherwise fill the memory.
  private static let mostPlans = 64

  /// - Parameters:
  ///   - context: that of the first layer.
  ///   - tensors: those of a layer, by its place and their names.
  init(
    _ name: String, _ layers: Sequential, prefix: String = "", context: ForwardContext, on device: any Device,
    tensors: (Int) -> [String: Tensor]
  ) {
    self.name = name
    self.layers = layers
    self.prefix = prefix
    self.context = context
    self.device = device
    var next = context.layerIndex
    var indices: [Int] = []
    var states: [LayerState] = []
    for (place, layer) in layers.layers.enumerated() {
      let state = LayerState(tensors: tensors(place))
      indices.append(next)
      next += 1
      for chain in (layer as? any ContainerLayer)?.chains ?? [] {
        var inner = context
        inner.layerIndex = next
        state.chains.append(
          LayerChain("\(name).\(prefix)\(place)", chain.layers, prefix: chain.prefix, context: inner, on: device) {
            state.tensors(of: "\(chain.prefix)\($0)")
          })
        next += chain.layers.count
      }
      states.append(state)
    }
    self.indices = indices
    self.states = states
  }

  /// The output for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit, before anything is launched.
  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let plan = try plan(for: x, mode)
    return try plan.steps.reduce(x) { try run($1, on: $0, mode) }
  }

  /// The steps that the chain runs for a batch.
  ///
  /// - Throws: ``ShapeError`` that names the layer which does not fit.
  func plan(for x: Tensor, _ mode: Mode) throws -> Plan {
    let isRecording = Tape.current != nil
    let key = Plan.Key(
      isTraining: mode != .evaluation, shape: x.shape, isRecording: isRecording,
      wantsInputGradient: isRecording && x.requiresGradient)
    if let plan = plans[key] { return plan }
    guard let batch = x.shape.first, batch > 0 else { throw ShapeError(name, "is given the empty batch \(x.shape)") }
    let shapes = try shapes(from: Array(x.shape.dropFirst())).map { [batch] + $0 }
    let plan = Plan(layers.layers, key, shapes: shapes, isTrainable: !context.isFrozen, on: device.traits)
    if plans.count >= Self.mostPlans { plans.removeAll() }
    plans[key] = plan
    return plan
  }

  private func shapes(from shape: [Int]) throws -> [[Int]] {
    do { return try layers.shapes(from: shape) } catch let error as ShapeError {
      throw ShapeError("\(name).\(prefix)\(error.place)", error.problem)
    }
  }

  private func run(_ step: Plan.Step, on x: Tensor, _ mode: Mode) throws -> Tensor {
    guard let pattern = step.pattern else { return try runLayer(step.places[0], on: x, mode) }
    return try named(step.places) {
      try pattern.run(PlannedStep(match: step.match, states: states, indices: indices, context: context(mode), x: x))
    }
  }

  /// The output of one layer by itself, fused with nothing.
  func runLayer(_ place: Int, on x: Tensor, _ mode: Mode) throws -> Tensor {
    var context = context(mode)
    context.layerIndex = indices[place]
    return try named([place]) { try layers.layers[place](x, states[place], context) }
  }

  private func context(_ mode: Mode) -> ForwardContext {
    var context = context
    context.mode = mode
    return context
  }

  /// Sizes that depend on the batch are the operators' to check: their errors are given the layer's name.
  private func named(_ places: [Int], _ body: () throws -> Tensor) throws -> Tensor {
    let profiler = device.profiler, outer = profiler?.context.step
    profiler?.context.step = places.map(key).joined(separator: " ")
    defer { profiler?.context.step = outer }
    do { return try body() } catch let error as ShapeError {
      // A layer within this one has said where it is.
      if error.place.hasPrefix(key(places[0]) + ".") { throw error }
      throw ShapeError(layerNames[places[0]], error.problem)
    }
  }

  private func key(_ place: Int) -> String { "\(name).\(prefix)\(place)" }

  /// What messages call the layers: `encoder.4 (Linear)`.
  var layerNames: [String] {
    layers.layers.enumerated().map { "\(key($0)) (\(type(of: $1).moduleName))" }
  }

  /// The states of all layers, each in front of those of the layers within it.
  var allStates: [LayerState] { states.flatMap { [$0] + $0.chains.flatMap(\.allStates) } }

  /// The layers that keep running statistics: their names, `encoder.1`, and states.
  var trackingLayers: [(key: String, state: LayerState)] {
    layers.layers.enumerated().flatMap { place, layer in
      (layer.tracksBatches ? [(key(place), states[place])] : []) + states[place].chains.flatMap(\.trackingLayers)
    }
  }
}

extension Sequential {
  /// The layers, those within others too.
  package var count: Int {
    layers.reduce(0) { count, layer in
      count + 1 + ((layer as? any ContainerLayer)?.chains.reduce(0) { $0 + $1.layers.count } ?? 0)
    }
  }

  /// Whether a training step launches the same each time.
  var repeatsLaunches: Bool {
    layers.allSatisfy { layer in
      type(of: layer).repeatsLaunches
        && (layer as? any ContainerLayer)?.chains.allSatisfy { $0.layers.repeatsLaunches } ?? true
    }
  }
}

extension Architecture {
  /// The layers of all parts, those within others too.
  package var layerCount: Int { parts.reduce(0) { $0 + $1.layers.count } }
}

/// What a network is, and what a device runs for it: layer by layer the sizes, and step by step the routes and kernels.
///
/// The network runs once on a ``RecordingDevice``, which computes nothing and takes no memory, so a device that this machine
/// does not have can be asked for as well.
public struct Explanation: Sendable {
  /// One layer.
  public struct Layer: Sendable, Equatable {
    /// Its name in the network: `encoder.0`.
    public var name: String
    /// The name of PyTorch's module: `Conv2d`.
    public var module: String
    public var attributes: JSON.Members
    /// A sample's shape behind the layer.
    public var outputShape: [Int]
    /// Numbers that are trained, also where the part is frozen.
    public var parameters: Int
    public var isFrozen: Bool
    /// Multiply-adds of a sample's forward pass; of layers without products, what they add or compare.
    public var multiplyAdds: Double
    /// The step that it went into, by its place in ``Explanation/steps``; `nil` where it does nothing in this mode.
    public var step: Int?
  }

  /// One operator, or a few that follow one another: the work of one layer or, by a pattern, of several.
  public struct Step: Sendable, Equatable {
    /// The pattern's name; `nil` for a layer by itself.
    public var pattern: String?
    /// The layers, by their names.
    public var layers: [String]
    /// In order: the forward pass, then the gradients.
    public var passes: [Pass]
  }

  /// The launches of a forward pass or of a gradient.
  public struct Pass: Sendable, Equatable {
    /// `forward`, `gradient`, `input gradient`, `weight gradient`, `bias gradient`.
    public var role: String
    /// The route's name; `nil` for operators that have one way only.
    public var route: String?
    /// The kernels, in the order of their first launches, and how often each is launched.
    public var kernels: [Kernel]

    public var launches: Int { kernels.reduce(0) { $0 + $1.launches } }
  }

  /// A kernel of a pass.
  public struct Kernel: Sendable, Equatable {
    public var name: String
    public var launches: Int
  }

  public var layers: [Layer]
  public var steps: [Step]
  /// The launches that belong to no layer: the loss, the optimizer.
  public var rest: [Pass]
  /// All launches of a step of training, or of an evaluation.
  public var launches: Int {
    steps.flatMap(\.passes).reduce(0) { $0 + $1.launches } + rest.reduce(0) { $0 + $1.launches }
  }
  /// Numbers that are trained.
  public var trainableParameters: Int
  public var parameters: Int { layers.reduce(0) { $0 + $1.parameters } }
  /// Multiply-adds of a sample's forward pass.
  public var multiplyAdds: Double { layers.reduce(0) { $0 + $1.multiplyAdds } }
  /// Bytes that a step of training, or an evaluation, takes at once on the device, parameters included.
  public var peakBytes: Int

  /// Runs the network on a device of these properties.
  ///
  /// - Parameters:
  ///   - inputShape: a sample's shape.
  ///   - batch: samples in a batch.
  ///   - loss: what it is trained for; `nil` to explain its evaluation.
  ///   - optimizer: what it is trained with.
  ///   - tuning: what the device's kernels are chosen by, where that is not their sizes.
  /// - Throws: ``ShapeError`` that names the layer which does not fit.
  public init(
    _ architecture: Architecture, inputShape: [Int], batch: Int, loss: Loss?, optimizer: any Optimizer = Adam(),
    on properties: DeviceProperties, tuning: Tuning = Tuning()
  ) throws {
    let device = RecordingDevice(properties)
    device.tuning = tuning
    let network = try Network(architecture, on: device, inputShape: inputShape, seed: 0)
    let x = try device.tensor([batch] + inputShape)
    let mode: Mode = loss == nil ? .evaluation : .training(step: 0)
    if let loss {
      let step = try TrainingStep(network, optimizer)
      _ = device.takeLaunches()
      let labels = try device.labels([Int32](repeating: 0, count: batch))
      try step(repeating: 0) { mode in try loss(network(x, mode), images: x, labels: labels) }
    } else {
      // What is prepared once for a network is there at the second batch.
      _ = try network(x)
      _ = device.takeLaunches()
      _ = try network(x)
    }
    var passes = Passes(device.takeLaunches())
    peakBytes = device.counters.peakBytesAllocated
    trainableParameters = network.trainableCount

    var steps: [Step] = []
    var stepOfLayer: [String: Int] = [:]
    var shape = [batch] + inputShape
    var wantsInputGradient = false
    func add(_ part: Part, prefix: String, _ shape: [Int], wantsInputGradient: Bool) throws {
      let plan = try Plan(
        part, shape, isTraining: mode != .evaluation, wantsInputGradient: wantsInputGradient, on: device.traits)
      let shapes = try part.shapes(from: Array(shape.dropFirst()))
      for step in plan.steps {
        let names = step.places.map { "\(prefix)\($0)" }
        if let place = step.places.first, let container = part.layers.layers[place] as? any ContainerLayer {
          let trains = !part.isFrozen && part.layers.layers[..<place].contains(where: \.hasParameters)
          for chain in container.chains {
            try add(
              Part(part.name, chain.layers, isFrozen: part.isFrozen), prefix: "\(names[0]).\(chain.prefix)",
              [batch] + shapes[place], wantsInputGradient: wantsInputGradient || trains)
          }
        }
        for name in names { stepOfLayer[name] = steps.count }
        steps.append(
          Step(pattern: step.pattern?.name, layers: names, passes: passes.take(names.joined(separator: " "))))
      }
    }
    for part in architecture.parts {
      try add(part, prefix: "\(part.name).", shape, wantsInputGradient: wantsInputGradient)
      wantsInputGradient = wantsInputGradient || !part.isFrozen && part.layers.layers.contains(where: \.hasParameters)
      shape = [batch] + (try part.outputShape(of: Array(shape.dropFirst())))
    }
    self.steps = steps
    rest = passes.rest
    layers = try Self.layers(architecture, inputShape, stepOfLayer)
  }

  private static func layers(
    _ architecture: Architecture, _ inputShape: [Int], _ stepOfLayer: [String: Int]
  ) throws -> [Layer] {
    var layers: [Layer] = []
    var extent = try Extent(inputShape: inputShape)
    /// The layers of a chain, those within a layer in front of it.
    func add(_ chain: Sequential, prefix: String, isFrozen: Bool, _ extent: inout Extent) throws {
      for (index, layer) in chain.layers.enumerated() {
        let name = "\(prefix)\(index)", before = extent.operations
        let chains = (layer as? any ContainerLayer)?.chains ?? []
        var within = 0.0
        for (inner, layers) in chains {
          var extent = try Extent(inputShape: extent.outputShape)
          try add(layers, prefix: "\(name).\(inner)", isFrozen: isFrozen, &extent)
          within += extent.operations
        }
        try extent.pass(layer)
        let parameters = chains.isEmpty ? layer.parameters.filter { $0.role == .parameter } : []
        layers.append(
          Layer(
            name: name, module: type(of: layer).moduleName, attributes: chains.isEmpty ? layer.attributes : [:],
            outputShape: extent.outputShape, parameters: parameters.reduce(0) { $0 + $1.count },
            isFrozen: isFrozen, multiplyAdds: extent.operations - before - within, step: stepOfLayer[name]))
      }
    }
    for part in architecture.parts {
      try add(part.layers, prefix: "\(part.name).", isFrozen: part.isFrozen, &extent)
    }
    return layers
  }
}

/// The launches of a recording, by the steps that they belong to.
private struct Passes {
  private var byStep: [String: [Explanation.Pass]] = [:]
  private(set) var rest: [Explanation.Pass] = []

  init(_ launches: [RecordingDevice.Launch]) {
    for launch in launches {
      if let step = launch.context.step {
        Self.add(launch, to: &byStep[step, default: []])
      } else {
        Self.add(launch, to: &rest)
      }
    }
  }

  mutating func take(_ step: String) -> [Explanation.Pass] { byStep.removeValue(forKey: step) ?? [] }

  private static func add(_ launch: RecordingDevice.Launch, to passes: inout [Explanation.Pass]) {
    let (role, route) = (launch.context.role.rawValue, launch.context.route)
    let index =
      passes.firstIndex { $0.role == role && $0.route == route }
      ?? {
        passes.append(Explanation.Pass(role: role, route: route, kernels: []))
        return passes.count - 1
      }()
    if let kernel = passes[index].kernels.firstIndex(where: { $0.name == launch.kernel }) {
      passes[index].kernels[kernel].launches += 1
    } else {
      passes[index].kernels.append(Explanation.Kernel(name: launch.kernel, launches: 1))
    }
  }
}

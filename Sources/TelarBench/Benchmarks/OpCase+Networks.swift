import TelarNN
import TelarStudies

extension OpCase {
  /// All operators in training steps of the networks, each shape once, grouped by operator.
  ///
  /// They follow from the networks' layers, joined as in the plan of a training step on a full batch. A convolution is
  /// also listed as the matrix product with the same operations (`gemm`), which has odd sizes. The gradient of an
  /// activation is listed by itself, although a step may apply it in the following product or loss.
  ///
  /// - Parameter traits: the traits of the device, by default of the processor.
  /// - Precondition: the layers of each network fit one another.
  public static func list(
    of networks: [BenchmarkNetwork] = BenchmarkNetwork.all, on traits: DeviceTraits = CPUDevice.hostTraits
  ) -> [OpCase] {
    var list = OpCaseList(traits: traits)
    for network in networks { list.add(network) }
    var ops: [String] = []
    for test in list.cases where !ops.contains(test.op) { ops.append(test.op) }
    return ops.flatMap { op in list.cases.filter { $0.op == op } }
  }
}

/// Distinct cases in the order in which they were added.
private struct OpCaseList {
  let traits: DeviceTraits
  var cases: [OpCase] = []
  private var places: [String: Int] = [:]
  /// The images of a batch that is large enough for the routes of full batches.
  private static let fullBatch = 100

  init(traits: DeviceTraits) { self.traits = traits }

  mutating func add(_ network: BenchmarkNetwork) {
    var shape = BenchmarkNetwork.inputShape
    var parameters = 0
    add(OpCase(op: "gather", work: .gatherImages, input: shape, output: shape), network)
    if network.loss == .classification {
      add(OpCase(op: "gather_labels", work: .gatherLabels, input: [], output: []), network)
    }
    for part in network.architecture.parts {
      let batch = [Self.fullBatch] + shape
      let trains = parameters > 0
      guard let plan = try? Plan(part, batch, isTraining: true, wantsInputGradient: trains, on: traits) else {
        preconditionFailure("\(network.name): the layers of \(part.name) do not fit \(shape)")
      }
      for step in plan.steps {
        let layers = step.places.map { part.layers.layers[$0] }
        guard let output = try? Sequential(layers).outputShape(of: shape) else {
          preconditionFailure("\(network.name): \(type(of: layers[0]).moduleName) does not fit \(shape)")
        }
        // The layers before the first parameter have data as input, whose gradient is not needed.
        add(layers, from: shape, to: output, network, needsInputGradient: parameters > 0)
        parameters += layers.flatMap(\.parameters).filter { $0.role == .parameter }.reduce(0) { $0 + $1.count }
        shape = output
      }
    }
    add(OpCase(op: network.loss.rawValue, work: .loss(network.loss), input: shape, output: shape), network)
    add(OpCase(op: "adam", work: .adam, rowsPerImage: 0, input: [parameters], output: [parameters]), network)
  }

  /// Adds a step of a plan, and the operators that it contains.
  private mutating func add(
    _ layers: [any Layer], from input: [Int], to output: [Int], _ network: BenchmarkNetwork, needsInputGradient: Bool
  ) {
    let layer = layers[0] as? any ProductLayer
    if layer == nil || layers.count > 2 {
      let test = OpCase(
        op: layers.map { type(of: $0).functionName }.joined(separator: "+"), work: .layers(layers), input: input,
        output: output,
        attributes: layers.compactMap(\.geometryText).joined())
      add(test, network, needsInputGradient: needsInputGradient)
    }
    guard let layer else { return }
    // A product that is joined with more than an activation is also listed by itself.
    let activation = layers.count == 2 ? layers[1] as? any ActivationLayer : nil
    guard let output = try? layer.outputShape(of: input) else { preconditionFailure("\(layer) does not fit \(input)") }
    add(
      OpCase(
        op: type(of: layer).functionName, work: .product(layer, activation: activation), input: input, output: output,
        attributes: (layer.geometryText ?? "") + (activation.map { " " + type(of: $0).functionName } ?? "")),
      network, needsInputGradient: needsInputGradient)
    if let product = layer.matrixProduct {
      add(
        OpCase(
          op: "gemm", work: .product(product, activation: nil), rowsPerImage: layer.places(from: input, to: output),
          input: [product.inputFeatures], output: [product.outputFeatures]),
        network, needsInputGradient: needsInputGradient)
    }
    if layer.hasBias, layers.count <= 2 { add(OpCase(op: "bias", work: .bias, input: output, output: output), network) }
    if let activation {
      add(
        OpCase(
          op: type(of: activation).functionName, work: .activationGradient(activation.activation), input: output,
          output: output),
        network)
    }
  }

  private mutating func add(_ test: OpCase, _ network: BenchmarkNetwork, needsInputGradient: Bool = false) {
    let key = "\(test.op) \(test.shape(batch: 1))"
    let place = places[key] ?? cases.count
    if place == cases.count {
      places[key] = place
      cases.append(test)
    }
    if cases[place].networks.last != network.name { cases[place].networks.append(network.name) }
    if needsInputGradient, cases[place].inputGradientNetworks.last != network.name {
      cases[place].inputGradientNetworks.append(network.name)
    }
  }
}

extension Layer {
  /// Kernel size, stride and the like, of a layer that has them.
  fileprivate var geometryText: String? {
    switch self {
    case let layer as Conv2d: layer.geometry.text
    case let layer as ConvTranspose2d: layer.geometry.text
    case let layer as MaxPool2d: layer.geometry.text
    case let layer as AvgPool2d: layer.geometry.text
    default: nil
    }
  }
}

extension ProductLayer {
  /// The matrix product with the same operations as an ungrouped convolution, with one row per output pixel.
  fileprivate var matrixProduct: Linear? {
    switch self {
    case let layer as Conv2d where layer.geometry.groups == 1:
      Linear(weightCount / layer.outputChannels, layer.outputChannels, bias: false)
    case let layer as ConvTranspose2d where layer.geometry.groups == 1:
      Linear(layer.inputChannels, weightCount / layer.inputChannels, bias: false)
    default: nil
    }
  }
}

extension ConvGeometry {
  fileprivate var text: String {
    " k\(kernelSize) s\(stride) p\(padding) d\(dilation)" + (groups == 1 ? "" : " g\(groups)")
  }
}

extension PoolGeometry {
  fileprivate var text: String { " k\(kernelSize) s\(stride) p\(padding)" }
}

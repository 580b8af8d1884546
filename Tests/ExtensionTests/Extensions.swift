import Telar
import TelarStudies

// What a package that depends on Telar may add: this target sees the public interface only.

/// x · factor, a factor for each feature: a layer with an operator of its own.
struct FeatureScale: Layer {
  static var moduleName: String { "FeatureScale" }
  var features: Int

  init(_ features: Int) { self.features = features }

  init(attributes: inout AttributeReader) throws { features = try attributes.integer("features") }

  var attributes: JSON.Members { ["features": .integer(features)] }

  var parameters: [ParameterSpec] { [ParameterSpec("factor", shape: [features], initializer: .constant(0.5))] }

  func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape == [features] else { throw ShapeError(Self.moduleName, "expects \(features) features, not \(shape)") }
    return shape
  }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    let factor = state["factor"]!
    let (values, factors) = try (x.values(), factor.values())
    let y = try x.device.tensor(x.shape, values.indices.map { values[$0] * factors[$0 % features] })
    guard let tape = Tape.of(x, factor) else { return y }
    tape.record(y) { dy in
      let gradient = try dy.values()
      if x.requiresGradient {
        try tape.accumulate(
          x.device.tensor(x.shape, gradient.indices.map { gradient[$0] * factors[$0 % features] }), into: x)
      }
      if factor.requiresGradient {
        var sums = [Float](repeating: 0, count: features)
        for index in gradient.indices { sums[index % features] += gradient[index] * values[index] }
        try tape.accumulate(x.device.tensor([features], sums), into: factor)
      }
    }
    return y
  }

  func export(to graph: inout ONNXGraph) { graph.append("Mul", [graph.input, graph.parameter("factor")]) }
}

/// x + tanh(x · W + b): a layer of Telar's operators. It says that it costs more than it does, and has no form in ONNX.
struct SkipLinear: Layer {
  static var moduleName: String { "SkipLinear" }
  var features: Int
  /// So many operations a sample.
  var claimedCost: Float

  init(_ features: Int, claimedCost: Float = 1) {
    self.features = features
    self.claimedCost = claimedCost
  }

  init(attributes: inout AttributeReader) throws {
    self.init(
      try attributes.integer("features"), claimedCost: try attributes.number("claimed_cost", default: 1, in: 0...1e30))
  }

  var attributes: JSON.Members { ["features": .integer(features), "claimed_cost": .float(claimedCost)] }

  var parameters: [ParameterSpec] {
    let initializer = Initializer.pyTorchDefault(fanIn: features)
    return [
      ParameterSpec("weight", shape: [features, features], layout: .linear, initializer: initializer),
      ParameterSpec("bias", shape: [features], initializer: initializer),
    ]
  }

  var tracksBatches: Bool { true }

  func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape == [features] else { throw ShapeError(Self.moduleName, "expects \(features) features, not \(shape)") }
    return shape
  }

  func cost(from input: [Int], to output: [Int]) -> LayerCost { LayerCost(operations: Double(claimedCost)) }

  func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    if context.mode != .evaluation { state.batchesTracked += 1 }
    return try add(x, activation(linear(x, weight: state["weight"]!, bias: state["bias"]), .tanh))
  }
}

/// Gradients divided by the root of their running mean square, computed on the host.
struct RootMeanSquare: Optimizer {
  static var name: String { "RootMeanSquare" }
  var learningRate: Double
  var smoothing: Double

  init(learningRate: Double = 0.01, smoothing: Double = 0.9) {
    self.learningRate = learningRate
    self.smoothing = smoothing
  }

  init(attributes: inout AttributeReader) throws {
    self.init(
      learningRate: try attributes.double("learning_rate", default: 0.01, .positive),
      smoothing: try attributes.double("smoothing", default: 0.9, .share))
  }

  var attributes: JSON.Members { ["learning_rate": .number(learningRate), "smoothing": .number(smoothing)] }

  var stateNames: [String] { ["square_avg"] }

  func update(parameters: Tensor, gradients: Tensor, state: [Tensor], learningRate: Double, step: Int) throws {
    var (values, squares) = try (parameters.values(), state[0].values())
    let (rate, kept) = (Float(learningRate), Float(smoothing))
    for (index, gradient) in try gradients.values().enumerated() {
      squares[index] = kept * squares[index] + (1 - kept) * gradient * gradient
      values[index] -= rate * gradient / (squares[index].squareRoot() + 1e-8)
    }
    try parameters.buffer.write(values)
    try state[0].buffer.write(squares)
  }
}

/// A straight line from the optimizer's rate to a share of it at the end.
struct LinearDecay: ScheduleShape {
  static var kind: String { "linear-decay" }
  var endFactor: Double

  init(attributes: inout AttributeReader) throws {
    endFactor = try attributes.double("end_factor", default: 0, .zeroToOne)
  }

  var attributes: JSON.Members { ["end_factor": .number(endFactor)] }

  func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    base * (1 - (1 - endFactor) * Double(step) / Double(stepsPerEpoch * epochs))
  }
}

/// Registers all of them. Tests run in any order and at once, so that each asks for it.
func registerExtensions() throws {
  try LayerRegistry.register(FeatureScale.self)
  try LayerRegistry.register(SkipLinear.self)
  try OptimizerRegistry.register(RootMeanSquare.self)
  try ScheduleRegistry.register(LinearDecay.self)
}

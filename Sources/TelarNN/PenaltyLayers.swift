import Tensors

/// Passes on what it is given, and while training adds a penalty on its size to the loss, which makes it sparse: l1 · Σ |x| / N
/// for a batch of N. A layer of Keras by this name; PyTorch has none.
///
/// The penalty is in the loss of training, not in what a network is measured by.
/// - Shapes: any → the same
public struct ActivityRegularization: Layer {
  public static var moduleName: String { "ActivityRegularization" }

  public var l1: Float

  public init(l1: Float) { self.l1 = l1 }

  public init(attributes: inout AttributeReader) throws {
    l1 = try attributes.number("l1", in: 0...1e6)
  }

  public var attributes: JSON.Members { ["l1": .float(l1)] }

  public func outputShape(of shape: [Int]) throws -> [Int] { shape }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard l1 > 0, case .training = context.mode else { return x }
    return try penalizeAbsoluteValues(of: x, weight: l1)
  }

  /// Adds no node: it is the identity in evaluation mode.
  public func export(to graph: inout ONNXGraph) {}
}

/// The bottleneck of a variational autoencoder: its input is half means, half logarithms of variances, of normal distributions
/// that its output is drawn from while training; in evaluation its output is the means. PyTorch has no such module.
///
/// While training, kl_weight times the Kullback–Leibler divergence from the standard normal distribution, summed over features
/// and averaged over the batch, is added to the loss. With a loss that is the mean over P pixels, the sum is the evidence
/// lower bound, divided by P, for a weight of 1 / P.
/// - Shapes: `[2 F]` → `[F]`
public struct Sampling: Layer {
  public static var moduleName: String { "Sampling" }

  public var klWeight: Float

  public init(klWeight: Float) { self.klWeight = klWeight }

  public init(attributes: inout AttributeReader) throws {
    klWeight = try attributes.number("kl_weight", in: 0...1e6)
  }

  public var attributes: JSON.Members { ["kl_weight": .float(klWeight)] }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    guard shape.count == 1, shape[0] % 2 == 0 else {
      throw ShapeError(
        Self.moduleName,
        "takes a mean and a variance for each feature, an even number of features, not \(describe(shape))")
    }
    return [shape[0] / 2]
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    guard let key = context.dropoutKey else { return try means(of: x) }
    return try sampleNormal(x, divergenceWeight: klWeight, key: key)
  }

  /// The first half of the features, whose number the graph computes.
  public func export(to graph: inout ONNXGraph) {
    let shape = graph.append("Shape", [graph.input], name: "shape")
    let end = graph.append("Div", [shape, graph.integers("parts", [1, 2])], name: "end")
    graph.append("Slice", [graph.input, graph.integers("start", [0, 0]), end])
  }
}

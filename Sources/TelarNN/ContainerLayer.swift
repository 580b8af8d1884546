import Tensors

/// A layer made of chains of layers, which run by plans of their own as the chains of parts do.
package protocol ContainerLayer: Layer {
  /// The chains, each with what stands in front of its layers' places in the names of tensors: with `shortcut.`, a tensor of
  /// the layer `encoder.3` is `encoder.3.shortcut.0.weight`.
  var chains: [(prefix: String, layers: Sequential)] { get }

  /// The layer's output for a batch x; `run` runs a chain, given by its place.
  func callAsFunction(_ x: Tensor, _ run: (_ chain: Int, _ x: Tensor) throws -> Tensor) throws -> Tensor
}

extension ContainerLayer {
  public var parameters: [ParameterSpec] {
    chains.flatMap { prefix, layers in
      layers.layers.enumerated().flatMap { place, layer in
        layer.parameters.map { spec in
          var spec = spec
          spec.name = "\(prefix)\(place).\(spec.name)"
          return spec
        }
      }
    }
  }

  public func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
    try self(x) { chain, x in try state.chains[chain](x, context.mode) }
  }

  /// The shape behind a chain.
  ///
  /// - Throws: ``ShapeError`` whose problem names the layer which does not fit.
  func shape(behind chain: Int, _ shape: [Int]) throws -> [Int] {
    let (prefix, layers) = chains[chain]
    do { return try layers.outputShape(of: shape) } catch let error as ShapeError {
      throw ShapeError(Self.moduleName, "\(prefix)\(error.place): \(error.problem)")
    }
  }

  /// A chain as JSON.
  func json(_ layers: Sequential) -> JSON { .array(layers.layers.map(Architecture.layerJSON)) }
}

extension AttributeReader {
  /// A list of layers, each a table or a name. Without a default it must be there.
  mutating func layers(_ name: String, default fallback: Sequential? = nil) throws -> Sequential {
    try take(name, default: fallback, example: Sequential([ReLU()])) { [self] in try chain($0, name) }
  }

  /// A list of lists of layers.
  mutating func branches(_ name: String) throws -> [Sequential] {
    try take(name, default: nil, example: [Sequential([ReLU()])]) { [self] value in
      guard case .array(let branches) = value, !branches.isEmpty else {
        throw error(name, "must be a list of lists of layers, not \(value.text.prefix(60))")
      }
      return try branches.enumerated().map { try chain($1, "\(name).\($0)") }
    }
  }

  private func chain(_ value: JSON, _ name: String) throws -> Sequential {
    guard case .array(let elements) = value else {
      throw error(name, "must be a list of layers, not \(value.text.prefix(60))")
    }
    return Sequential(
      try elements.enumerated().map { place, element in
        let json = element.string == nil ? element : .object(["layer": element])
        return try Architecture.layer(json: json, place: "\(self.place), \(name).\(place)")
      })
  }
}

/// x and what layers make of it, added up: x + layers(x), or shortcut(x) + layers(x) where layers change the shape. A layer of
/// PyTorch would be a subclass of `nn.Sequential` whose forward is `x + super().forward(x)`, or with a module `shortcut`.
///
/// - Shapes: that behind the layers, which must be that behind the shortcut, or in front of the layers without one
/// - Source: He et al., arXiv:1512.03385.
public struct Residual: ContainerLayer {
  public static var moduleName: String { "Residual" }

  public var layers: Sequential
  /// Empty where x itself is added.
  public var shortcut: Sequential

  public init(_ layers: Sequential, shortcut: Sequential = Sequential()) {
    self.layers = layers
    self.shortcut = shortcut
  }

  public init(@LayerBuilder _ layers: () -> [any Layer], @LayerBuilder shortcut: () -> [any Layer] = { [] }) {
    self.init(Sequential(layers()), shortcut: Sequential(shortcut()))
  }

  public init(attributes: inout AttributeReader) throws {
    layers = try attributes.layers("layers")
    shortcut = try attributes.layers("shortcut", default: Sequential())
  }

  public var attributes: JSON.Members {
    var members: JSON.Members = ["layers": json(layers)]
    if !shortcut.layers.isEmpty { members["shortcut"] = json(shortcut) }
    return members
  }

  public var chains: [(prefix: String, layers: Sequential)] { [("", layers), ("shortcut.", shortcut)] }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    let (inner, beside) = (try self.shape(behind: 0, shape), try self.shape(behind: 1, shape))
    guard inner == beside else {
      throw ShapeError(
        Self.moduleName,
        "adds \(describe(inner)) to \(describe(beside)); a shortcut of layers, such as a 1×1 convolution, would fit them"
      )
    }
    return inner
  }

  public func callAsFunction(_ x: Tensor, _ run: (_ chain: Int, _ x: Tensor) throws -> Tensor) throws -> Tensor {
    try add(shortcut.layers.isEmpty ? x : run(1, x), run(0, x))
  }

  public func export(to graph: inout ONNXGraph) throws {
    let x = graph.input
    let inner = try graph.append(layers, prefix: "", behind: x)
    let beside = try graph.append(shortcut, prefix: "shortcut.", behind: x)
    graph.append("Add", [beside, inner])
  }
}

/// What several chains of layers make of x, side by side in the channels or features: an inception block, or, with one of them
/// empty, a skip connection that keeps x beside what the others make of it.
///
/// - Shapes: images of one height and width, or features
/// - Source: Szegedy et al., arXiv:1409.4842; Ronneberger et al., arXiv:1505.04597.
public struct Concat: ContainerLayer {
  public static var moduleName: String { "Concat" }

  public var branches: [Sequential]

  /// - Precondition: there is a branch.
  public init(_ branches: [Sequential]) {
    precondition(!branches.isEmpty, "a concatenation of nothing")
    self.branches = branches
  }

  public init(attributes: inout AttributeReader) throws {
    branches = try attributes.branches("branches")
  }

  public var attributes: JSON.Members { ["branches": .array(branches.map(json))] }

  public var chains: [(prefix: String, layers: Sequential)] {
    branches.enumerated().map { ("\($0).", $1) }
  }

  public func outputShape(of shape: [Int]) throws -> [Int] {
    let shapes = try branches.indices.map { try self.shape(behind: $0, shape) }
    for other in shapes.dropFirst() where other.dropLast() != shapes[0].dropLast() {
      throw ShapeError(Self.moduleName, "puts \(describe(other)) beside \(describe(shapes[0]))")
    }
    return try bounded(Self.moduleName, shapes[0].dropLast() + [shapes.reduce(0) { $0 + $1.last! }])
  }

  public func callAsFunction(_ x: Tensor, _ run: (_ chain: Int, _ x: Tensor) throws -> Tensor) throws -> Tensor {
    try concatenate(branches.indices.map { branches[$0].layers.isEmpty ? x : try run($0, x) })
  }

  public func export(to graph: inout ONNXGraph) throws {
    let x = graph.input
    let parts = try branches.enumerated().map { try graph.append($1, prefix: "\($0).", behind: x) }
    graph.append("Concat", parts, [("axis", .integer(1))])
  }
}

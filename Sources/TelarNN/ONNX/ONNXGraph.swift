/// A network in evaluation mode as a graph of ONNX operators. Layers add their nodes in order; each reads the output of the
/// one before it.
public struct ONNXGraph {
  package static let inputName = "input"
  package static let outputName = "output"

  /// An operator with its inputs and its output.
  package struct Node {
    package var name: String
    package var type: String
    package var inputs: [String]
    package var output: String
    package var attributes: [(name: String, value: ONNXAttribute)]
  }

  /// A constant array.
  package struct Constant {
    package enum Values {
      case floats([Float])
      case integers([Int])
    }

    package var name: String
    package var shape: [Int]
    package var values: Values
  }

  package private(set) var nodes: [Node] = []
  package private(set) var constants: [Constant] = []
  /// The input of the layer being added.
  public private(set) var input = ONNXValue(name: Self.inputName)
  /// The output of the last node.
  private var output = ONNXValue(name: Self.inputName)
  /// The key of the layer being added, `encoder.0`: the name of its node and the prefix of its tensors.
  private(set) var key = ""
  /// The layer's tensors with their values in PyTorch's layout.
  private var tensors: [(spec: ParameterSpec, values: [Float])] = []

  package init() {}

  /// Adds a layer in evaluation mode.
  ///
  /// - Parameters:
  ///   - key: of the layer, `encoder.0`.
  ///   - values: the values of a tensor in PyTorch's layout by its key.
  /// - Throws: ``ONNXError`` for a layer that cannot be exported; errors of `values`.
  package mutating func add(_ layer: any Layer, key: String, values: (String) throws -> [Float]) throws {
    (self.key, input) = (key, output)
    tensors = try layer.parameters.map { ($0, try values("\(key).\($0.name)")) }
    try layer.export(to: &self)
  }

  /// Adds layers within the layer being added.
  ///
  /// - Parameters:
  ///   - prefix: what stands in front of their places in the names of the layer's tensors.
  ///   - start: what the first of them reads.
  /// - Returns: what the last of them gives; `start` where there are none, or none that adds a node.
  /// - Throws: ``ONNXError`` for a layer that cannot be exported.
  public mutating func append(_ layers: Sequential, prefix: String, behind start: ONNXValue) throws -> ONNXValue {
    let outer = (key: key, input: input, tensors: tensors)
    defer { (key, input, tensors) = outer }
    output = start
    for (place, layer) in layers.layers.enumerated() {
      let name = "\(prefix)\(place)"
      (key, input) = ("\(outer.key).\(name)", output)
      tensors = outer.tensors.compactMap { spec, values in
        guard spec.name.hasPrefix(name + ".") else { return nil }
        var spec = spec
        spec.name.removeFirst(name.count + 1)
        return (spec, values)
      }
      try layer.export(to: &self)
    }
    return output
  }

  /// Renames the last output to that of the graph. A graph without nodes gets an Identity.
  package mutating func end() {
    if nodes.isEmpty {
      key = "copy"
      append("Identity", [input])
    }
    nodes[nodes.count - 1].output = Self.outputName
  }

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - type: an operator of ONNX's operator set 13.
  ///   - name: the node's name within the layer; `nil` for one node of the layer.
  /// - Returns: the node's output; that of the last node is the layer's output.
  @discardableResult
  public mutating func append(
    _ type: String, _ inputs: [ONNXValue], _ attributes: [(name: String, value: ONNXAttribute)] = [],
    name: String? = nil
  ) -> ONNXValue {
    let node = key + (name.map { "." + $0 } ?? "")
    output = ONNXValue(name: "\(node).output")
    nodes.append(
      Node(name: node, type: type, inputs: inputs.map(\.name), output: output.name, attributes: attributes))
    return output
  }

  /// A tensor of the layer with its shape and values in PyTorch's layout.
  ///
  /// - Precondition: the layer has a tensor of this name.
  public mutating func parameter(_ name: String) -> ONNXValue {
    guard let tensor = tensors.first(where: { $0.spec.name == name }) else {
      preconditionFailure("\(key) has no tensor \(name), only \(tensors.map(\.spec.name).joined(separator: ", "))")
    }
    return constant(name, tensor.spec.shape, .floats(tensor.values))
  }

  /// The layer's tensors in the order of ``Layer/parameters``.
  public mutating func parameters() -> [ONNXValue] { tensors.map { parameter($0.spec.name) } }

  /// A constant scalar or array.
  public mutating func constant(_ name: String, shape: [Int] = [], _ values: [Float]) -> ONNXValue {
    constant(name, shape, .floats(values))
  }

  /// A constant list of integers.
  public mutating func integers(_ name: String, _ values: [Int]) -> ONNXValue {
    constant(name, [values.count], .integers(values))
  }

  private mutating func constant(_ name: String, _ shape: [Int], _ values: Constant.Values) -> ONNXValue {
    let value = ONNXValue(name: "\(key).\(name)")
    // A constant with several readers is added once.
    if !constants.contains(where: { $0.name == value.name }) {
      constants.append(Constant(name: value.name, shape: shape, values: values))
    }
    return value
  }
}

/// An input or output of nodes in an ``ONNXGraph``.
public struct ONNXValue: Sendable {
  fileprivate let name: String
}

/// An attribute of a node in an ``ONNXGraph``.
public enum ONNXAttribute: Sendable {
  case integer(Int)
  case number(Float)
  case integers([Int])
}

/// What a network computes in evaluation mode in ONNX's operators: layers add themselves one after another, each of
/// which reads what the one before it wrote.
public struct ONNXGraph {
  package static let inputName = "input"
  package static let outputName = "output"

  /// A node: an operator, what it reads and what it writes.
  package struct Node {
    package var name: String
    package var type: String
    package var inputs: [String]
    package var output: String
    package var attributes: [(name: String, value: ONNXAttribute)]
  }

  /// An array with values.
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
  /// What the layer reads that is being added.
  public private(set) var input = ONNXValue(name: Self.inputName)
  /// What the last node wrote.
  private var output = ONNXValue(name: Self.inputName)
  /// The key of the layer that is being added, `encoder.0`, which names its nodes and stands in front of the names of its
  /// tensors.
  private(set) var key = ""
  /// The layer's tensors with their values in PyTorch's layout.
  private var tensors: [(spec: ParameterSpec, values: [Float])] = []

  package init() {}

  /// Adds what a layer computes in evaluation mode.
  ///
  /// - Parameters:
  ///   - key: the layer's, `encoder.0`.
  ///   - values: the values of a tensor in PyTorch's layout by its key.
  /// - Throws: ``ONNXError`` for a layer without a form in ONNX, and what `values` throws.
  package mutating func add(_ layer: any Layer, key: String, values: (String) throws -> [Float]) throws {
    (self.key, input) = (key, output)
    tensors = try layer.parameters.map { ($0, try values("\(key).\($0.name)")) }
    try layer.export(to: &self)
  }

  /// Gives the last node's output the graph's name for it. A graph needs a node, so one without layers copies.
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
  ///   - type: the operator, of version 13 of ONNX's standard operators.
  ///   - name: what sets the node apart from the layer's others; `nil` for one node.
  /// - Returns: what it writes. Of the last node that is the layer's output.
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

  /// The layer's tensors in the order in which it lists them.
  public mutating func parameters() -> [ONNXValue] { tensors.map { parameter($0.spec.name) } }

  /// A constant number, or an array of a shape.
  public mutating func constant(_ name: String, shape: [Int] = [], _ values: [Float]) -> ONNXValue {
    constant(name, shape, .floats(values))
  }

  /// A constant list of integers.
  public mutating func integers(_ name: String, _ values: [Int]) -> ONNXValue {
    constant(name, [values.count], .integers(values))
  }

  private mutating func constant(_ name: String, _ shape: [Int], _ values: Constant.Values) -> ONNXValue {
    let value = ONNXValue(name: "\(key).\(name)")
    // One that several nodes read is there once.
    if !constants.contains(where: { $0.name == value.name }) {
      constants.append(Constant(name: value.name, shape: shape, values: values))
    }
    return value
  }
}

/// A value that nodes of an ``ONNXGraph`` read.
public struct ONNXValue: Sendable {
  fileprivate let name: String
}

/// An attribute of a node of an ``ONNXGraph``.
public enum ONNXAttribute: Sendable {
  case integer(Int)
  case number(Float)
  case integers([Int])
}

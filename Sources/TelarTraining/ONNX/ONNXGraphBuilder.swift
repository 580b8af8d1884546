import Foundation
import SwiftProtobuf
import TelarNN

/// A layer that an ONNX model can have: it says by which of ONNX's operators it is computed.
///
/// A layer of another package conforms so that networks with it can be exported:
///
/// ```swift
/// extension Scale: ONNXLayer {
///   public func export(to graph: inout ONNXGraphBuilder) throws {
///     graph.append("Mul", [graph.input, graph.parameter("factor")])
///   }
/// }
/// ```
public protocol ONNXLayer: Layer {
  /// Adds the nodes that compute in evaluation mode what the layer does. Images are `[N, C, H, W]`, features `[N, F]`.
  ///
  /// The value that the last node writes is the layer's output; where none is added, the layer's input is.
  func export(to graph: inout ONNXGraphBuilder) throws
}

/// A value that nodes of a graph read.
public struct ONNXValue: Sendable {
  fileprivate let name: String
}

/// An attribute of a node.
public enum ONNXAttribute: Sendable {
  case integer(Int)
  case number(Float)
  case integers([Int])
}

/// A graph to which layers are added one after another, each of which reads what the one before it wrote.
public struct ONNXGraphBuilder {
  static let inputName = "input"
  static let outputName = "output"

  private(set) var graph = ONNXGraphProto()
  /// What the layer reads that is being added.
  public private(set) var input = ONNXValue(name: Self.inputName)
  /// What the last node wrote.
  private var output = ONNXValue(name: Self.inputName)
  /// The key of the layer that is being added, `encoder.0`, which names its nodes and stands in front of the names of its
  /// tensors.
  private var key = ""
  /// Its tensors with their values in PyTorch's layout.
  private var tensors: [(spec: ParameterSpec, values: [Float])] = []

  /// Adds what a layer computes in evaluation mode.
  ///
  /// - Parameters:
  ///   - key: the layer's, `encoder.0`.
  ///   - values: the values of a tensor in PyTorch's layout by its key.
  /// - Throws: ``ONNXError`` for a layer that is no ``ONNXLayer``, and what `values` throws.
  mutating func add(_ layer: any Layer, key: String, values: (String) throws -> [Float]) throws {
    guard let exported = layer as? any ONNXLayer else {
      throw ONNXError("\(key) (\(type(of: layer).moduleName))", "has no form in ONNX that Telar knows")
    }
    (self.key, input) = (key, output)
    tensors = try layer.parameters.map { ($0, try values("\(key).\($0.name)")) }
    try exported.export(to: &self)
  }

  /// Gives the last node's output the graph's name for it. A graph needs a node, so one without layers copies.
  mutating func end() {
    if graph.node.isEmpty {
      key = "copy"
      append("Identity", [input])
    }
    graph.node[graph.node.count - 1].output = [Self.outputName]
  }

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - type: the operator of version 13 of ONNX's standard operators.
  ///   - name: what sets the node apart from the layer's others; `nil` for one node.
  /// - Returns: what it writes.
  @discardableResult
  public mutating func append(
    _ type: String, _ inputs: [ONNXValue], _ attributes: [(name: String, value: ONNXAttribute)] = [],
    name: String? = nil
  ) -> ONNXValue {
    let node = key + (name.map { "." + $0 } ?? "")
    output = ONNXValue(name: "\(node).output")
    graph.node.append(
      .with {
        $0.name = node
        $0.opType = type
        $0.input = inputs.map(\.name)
        $0.output = [output.name]
        $0.attribute = attributes.map { .of($0.name, $0.value) }
      })
    return output
  }

  /// A tensor of the layer with its shape and values in PyTorch's layout.
  ///
  /// - Precondition: the layer has a tensor of this name.
  public mutating func parameter(_ name: String) -> ONNXValue {
    guard let tensor = tensors.first(where: { $0.spec.name == name }) else {
      preconditionFailure("\(key) has no tensor \(name), only \(tensors.map(\.spec.name).joined(separator: ", "))")
    }
    return constant(name, shape: tensor.spec.shape, tensor.values)
  }

  /// The layer's tensors in the order in which it lists them.
  public mutating func parameters() -> [ONNXValue] { tensors.map { parameter($0.spec.name) } }

  /// A constant array of single-precision numbers; one number where the shape is empty.
  public mutating func constant(_ name: String, shape: [Int] = [], _ values: [Float]) -> ONNXValue {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    return constant(name, shape: shape, .float, values.withUnsafeBytes { Data($0) })
  }

  /// A constant list of integers.
  public mutating func constant(_ name: String, _ values: [Int]) -> ONNXValue {
    constant(name, shape: [values.count], .int64, values.map(Int64.init).withUnsafeBytes { Data($0) })
  }

  private mutating func constant(
    _ name: String, shape: [Int], _ type: ONNXTensorProto.DataType, _ data: Data
  ) -> ONNXValue {
    let value = ONNXValue(name: "\(key).\(name)")
    // A tensor that several nodes read is there once.
    if graph.initializer.contains(where: { $0.name == value.name }) { return value }
    graph.initializer.append(
      .with {
        $0.name = value.name
        $0.dims = shape.map(Int64.init)
        $0.dataType = Int32(type.rawValue)
        $0.rawData = data
      })
    return value
  }
}

extension ONNXAttributeProto {
  fileprivate static func of(_ name: String, _ value: ONNXAttribute) -> ONNXAttributeProto {
    .with {
      $0.name = name
      switch value {
      case .integer(let value):
        $0.type = .int
        $0.i = Int64(value)
      case .number(let value):
        $0.type = .float
        $0.f = value
      case .integers(let values):
        $0.type = .ints
        $0.ints = values.map(Int64.init)
      }
    }
  }
}

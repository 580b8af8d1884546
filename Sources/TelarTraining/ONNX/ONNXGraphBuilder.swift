import Foundation
import SwiftProtobuf
import TelarNN

/// Builds an ONNX graph from a chain of layers.
struct ONNXGraphBuilder {
  static let inputName = "input"
  static let outputName = "output"

  private(set) var graph = ONNXGraphProto()
  /// The name of the last node's output.
  private var current = Self.inputName

  /// Adds a layer in evaluation mode.
  ///
  /// - Parameters:
  ///   - key: the layer's key, `encoder.0`, which names its node and prefixes the names of its tensors.
  ///   - values: the values of a tensor by its key.
  /// - Throws: ``ONNXError`` for a layer that is not one of Telar's own, and the errors of `values`.
  mutating func add(_ layer: any Layer, key: String, values: (String) throws -> [Float]) throws {
    let specs = layer.parameters
    func initializer(_ spec: ParameterSpec) throws -> ONNXTensorProto {
      .floats("\(key).\(spec.name)", shape: spec.shape, try values("\(key).\(spec.name)"))
    }
    switch layer {
    case let layer as Conv2d:
      append("Conv", key, try specs.map(initializer), layer.geometry.attributes())
    case let layer as ConvTranspose2d:
      try addTransposed(layer.geometry, key, specs.map(initializer))
    case is Linear:
      // Weights are [out, in], as in PyTorch.
      append("Gemm", key, try specs.map(initializer), [.integer("transB", 1)])
    case let layer as BatchNorm2d:
      append("BatchNormalization", key, try specs.map(initializer), [.number("epsilon", layer.epsilon)])
    case let layer as MaxPool2d:
      append("MaxPool", key, [], layer.geometry.attributes)
    case let layer as AvgPool2d:
      append(
        "AveragePool", key, [],
        layer.geometry.attributes + [.integer("count_include_pad", layer.geometry.countIncludePad ? 1 : 0)])
    case is ReLU: append("Relu", key)
    case let layer as LeakyReLU: append("LeakyRelu", key, [], [.number("alpha", layer.negativeSlope)])
    case is Sigmoid: append("Sigmoid", key)
    case is Tanh: append("Tanh", key)
    case is Flatten: append("Flatten", key, [], [.integer("axis", 1)])
    case let layer as Unflatten:
      // A zero keeps the dimension: N.
      append("Reshape", key, [.integers("\(key).shape", [0, layer.channels, layer.height, layer.width])])
    case is Dropout: break
    default:
      throw ONNXError("\(key) (\(type(of: layer).moduleName))", "has no form in ONNX that Telar knows")
    }
  }

  /// Adds a transposed convolution.
  ///
  /// ONNX Runtime requires an output padding below the stride. Larger ones are expressed by less padding at the end
  /// and, where that does not suffice, by zeros behind the image.
  private mutating func addTransposed(
    _ geometry: ConvGeometry, _ key: String, _ initializers: [ONNXTensorProto]
  ) {
    var outputPadding = geometry.outputPadding.list
    var endPadding = geometry.padding.list
    var zeros = [0, 0]
    for (axis, stride) in geometry.stride.list.enumerated() where outputPadding[axis] >= stride {
      zeros[axis] = max(0, outputPadding[axis] - endPadding[axis]).dividedUp(by: stride)
      endPadding[axis] += zeros[axis] * stride - outputPadding[axis]
      outputPadding[axis] = 0
    }
    if zeros != [0, 0] {
      append("Pad", "\(key).pad", [.integers("\(key).pads", [0, 0, 0, 0, 0, 0] + zeros)])
    }
    append(
      "ConvTranspose", key, initializers,
      geometry.attributes(endPadding: endPadding) + [.integers("output_padding", outputPadding)])
  }

  /// Names the last node's output. A graph needs at least one node, so a network without layers becomes an identity.
  mutating func end() {
    if graph.node.isEmpty { append("Identity", "copy") }
    graph.node[graph.node.count - 1].output = [Self.outputName]
  }

  private mutating func append(
    _ type: String, _ key: String, _ initializers: [ONNXTensorProto] = [], _ attributes: [ONNXAttributeProto] = []
  ) {
    let output = "\(key).output"
    graph.node.append(
      .with {
        $0.name = key
        $0.opType = type
        $0.input = [current] + initializers.map(\.name)
        $0.output = [output]
        $0.attribute = attributes
      })
    graph.initializer += initializers
    current = output
  }
}

extension ONNXAttributeProto {
  fileprivate static func integer(_ name: String, _ value: Int) -> ONNXAttributeProto {
    .with {
      $0.name = name
      $0.type = .int
      $0.i = Int64(value)
    }
  }

  fileprivate static func number(_ name: String, _ value: Float) -> ONNXAttributeProto {
    .with {
      $0.name = name
      $0.type = .float
      $0.f = value
    }
  }

  fileprivate static func integers(_ name: String, _ values: [Int]) -> ONNXAttributeProto {
    .with {
      $0.name = name
      $0.type = .ints
      $0.ints = values.map(Int64.init)
    }
  }
}

extension ONNXTensorProto {
  fileprivate static func floats(_ name: String, shape: [Int], _ values: [Float]) -> ONNXTensorProto {
    .with {
      $0.name = name
      $0.dims = shape.map(Int64.init)
      $0.dataType = Int32(DataType.float.rawValue)
      $0.rawData = values.withUnsafeBytes { Data($0) }
    }
  }

  fileprivate static func integers(_ name: String, _ values: [Int]) -> ONNXTensorProto {
    .with {
      $0.name = name
      $0.dims = [Int64(values.count)]
      $0.dataType = Int32(DataType.int64.rawValue)
      $0.rawData = values.map(Int64.init).withUnsafeBytes { Data($0) }
    }
  }
}

extension ConvGeometry {
  /// - Parameter endPadding: the padding at the end of each axis, where it differs from that at the start.
  fileprivate func attributes(endPadding: [Int]? = nil) -> [ONNXAttributeProto] {
    [
      .integers("kernel_shape", kernelSize.list), .integers("strides", stride.list),
      .integers("pads", padding.list + (endPadding ?? padding.list)), .integers("dilations", dilation.list),
      .integer("group", groups),
    ]
  }
}

extension PoolGeometry {
  fileprivate var attributes: [ONNXAttributeProto] {
    [
      .integers("kernel_shape", kernelSize.list), .integers("strides", stride.list),
      .integers("pads", padding.list + padding.list),
    ]
  }
}

extension Pair {
  fileprivate var list: [Int] { [height, width] }
}

import Foundation
import SwiftProtobuf
import TelarIO
import TelarNN

/// A trained network as an ONNX model in evaluation mode, in the standard operators of version 13.
///
/// ONNX stores images channels first, so the input is `[N, C, H, W]` (or `[N, F]`) with N left open, and so is an
/// output that is an image. Input and output are named `input` and `output`; tensors have the names and layouts of
/// checkpoints (`encoder.0.weight`). Dropout is omitted. The same network gives the same bytes.
public struct ONNXModel: Sendable {
  /// The version of the operator set.
  public static let operatorSet = 13
  /// The IR version that was released with the operator set.
  private static let formVersion = 7
  /// The most bytes of tensor values: a protocol buffer is limited to 2³¹ bytes, graph included.
  private static let mostValueBytes = 2_000_000_000

  /// Shapes of input and output without N.
  public let inputShape: [Int]
  public let outputShape: [Int]
  package let proto: ONNXModelProto

  public var nodeCount: Int { proto.graph.node.count }

  /// - Parameters:
  ///   - inputShape: the shape of a sample in Telar, `[H, W, C]` or `[F]`.
  ///   - metadata: properties of the model, in this order.
  ///   - description: a text for people who open the file.
  ///   - version: the version of the program.
  ///   - values: the values of a tensor in PyTorch's layout, by its key.
  /// - Throws: `ShapeError` when the layers do not fit the shape, ``ONNXError`` when there is no such model, and the
  ///   errors of `values`.
  public init(
    _ architecture: Architecture, inputShape: [Int], metadata: OrderedMembers<String> = [:], description: String = "",
    version: String = "", values: (_ key: String) throws -> [Float]
  ) throws {
    // Checked before the size of the tensors, which requires layers that fit.
    let outputShape = try architecture.outputShape(of: inputShape)
    var layers = ONNXGraph()
    var valueBytes = 0.0
    for part in architecture.parts {
      for (index, layer) in part.layers.layers.enumerated() {
        let key = "\(part.name).\(index)"
        for parameter in layer.parameters {
          valueBytes += parameter.shape.reduce(4.0) { $0 * Double($1) }
          guard valueBytes <= Double(Self.mostValueBytes) else {
            throw ONNXError("network", "more than \(Self.mostValueBytes) bytes of values do not fit an ONNX file")
          }
        }
        try layers.add(layer, key: key, values: values)
      }
    }
    layers.end()

    self.inputShape = Self.channelsFirst(inputShape)
    self.outputShape = Self.channelsFirst(outputShape)
    var graph = ONNXGraphProto(layers)
    graph.name = "telar"
    graph.input = [.tensor(ONNXGraph.inputName, self.inputShape)]
    graph.output = [.tensor(ONNXGraph.outputName, self.outputShape)]
    proto = ONNXModelProto.with {
      $0.irVersion = Int64(Self.formVersion)
      $0.producerName = "telar"
      $0.producerVersion = version
      $0.docString = description
      $0.opsetImport = [.with { $0.version = Int64(Self.operatorSet) }]
      $0.graph = graph
      $0.metadataProps = metadata.map { name, value in
        .with {
          $0.key = name
          $0.value = value
        }
      }
    }
  }

  /// The model of a network with its present values. Waits for the device.
  ///
  /// - Throws: ``ONNXError``, also for a network whose parts are not a chain.
  public init(_ network: Network, metadata: OrderedMembers<String> = [:], version: String = "") throws {
    guard let inputShape = network.inputShape else {
      throw ONNXError("network", "its parts do not run one after another; export a network with an input shape")
    }
    let parameters = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.key, $0) })
    try self.init(network.architecture, inputShape: inputShape, metadata: metadata, version: version) { key in
      guard let parameter = parameters[key] else { throw ONNXError(key, "the network has no such tensor") }
      return try parameter.values()
    }
  }

  /// The bytes of the file.
  public func bytes() throws -> [UInt8] { try proto.serializedBytes() }

  /// Writes the file atomically.
  ///
  /// - Throws: `OutputError`.
  public func write(to path: String) throws { try AtomicFile.write(bytes(), to: path) }

  private static func channelsFirst(_ shape: [Int]) -> [Int] {
    shape.count == 3 ? [shape[2], shape[0], shape[1]] : shape
  }
}

extension ONNXValueInfoProto {
  /// The description of a batch of samples; its size is left open.
  fileprivate static func tensor(_ name: String, _ shape: [Int]) -> ONNXValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
      $0.type.tensorType.shape.dim =
        [.with { $0.dimParam = "N" }] + shape.map { size in .with { $0.dimValue = Int64(size) } }
    }
  }
}

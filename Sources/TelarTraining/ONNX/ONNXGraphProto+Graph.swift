import Foundation
import SwiftProtobuf
import TelarNN

extension ONNXGraphProto {
  /// The nodes and constants of a graph.
  init(_ graph: ONNXGraph) {
    self.init()
    node = graph.nodes.map { node in
      .with {
        $0.name = node.name
        $0.opType = node.type
        $0.input = node.inputs
        $0.output = [node.output]
        $0.attribute = node.attributes.map(ONNXAttributeProto.init)
      }
    }
    initializer = graph.constants.map(ONNXTensorProto.init)
  }
}

extension ONNXAttributeProto {
  fileprivate init(_ attribute: (name: String, value: ONNXAttribute)) {
    self.init()
    name = attribute.name
    switch attribute.value {
    case .integer(let value): (type, i) = (.int, Int64(value))
    case .number(let value): (type, f) = (.float, value)
    case .integers(let values): (type, ints) = (.ints, values.map(Int64.init))
    }
  }
}

extension ONNXTensorProto {
  fileprivate init(_ constant: ONNXGraph.Constant) {
    self.init()
    name = constant.name
    dims = constant.shape.map(Int64.init)
    switch constant.values {
    case .floats(let values):
      (dataType, rawData) = (Int32(DataType.float.rawValue), values.withUnsafeBytes { Data($0) })
    case .integers(let values):
      (dataType, rawData) = (Int32(DataType.int64.rawValue), values.map(Int64.init).withUnsafeBytes { Data($0) })
    }
  }
}

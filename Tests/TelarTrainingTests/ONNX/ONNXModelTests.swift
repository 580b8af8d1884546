import Foundation
import SwiftProtobuf
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("ONNX models")
struct ONNXModelTests {
  /// The largest difference, infinite where shapes differ or a value is not finite.
  private func difference(_ a: ONNXInterpreter.Array4, _ b: OracleTensor) -> Double {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.values, b.values).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isFinite ? max(largest, difference) : .infinity
    }
  }

  @Test(arguments: ExportedNetwork.all) func `a file computes what the network does`(exported: ExportedNetwork) throws {
    try exported.computed { model, input, output in
      let interpreter = try ONNXInterpreter(model.bytes())
      let found = try interpreter(.init(shape: input.shape, values: input.values))
      let worst = difference(found, output)
      #expect(worst <= 1e-4, "\(found.shape) for \(output.shape), off by \(worst)")
      #expect(output.values.contains { abs($0) > 0.01 })
      #expect(model.inputShape == Array(input.shape.dropFirst()))
      #expect(model.outputShape == Array(output.shape.dropFirst()))
    }
  }

  private static let small = Architecture {
    Part("encoder") {
      Conv2d(1, 2, kernelSize: 3)
      ReLU()
      Dropout(0.2)
      Flatten()
    }
    Part("classifier") { Linear(8, 3, bias: false) }
  }

  private func model(metadata: OrderedMembers<String> = [:]) throws -> ONNXModel {
    try ONNXModel(
      Self.small, inputShape: [4, 4, 1], metadata: metadata, description: "A classifier.", version: "1.2.3"
    ) { key in [Float](repeating: 0.5, count: ["encoder.0.weight": 18, "encoder.0.bias": 2][key] ?? 24) }
  }

  @Test func `a file says what it is`() throws {
    let proto = try ONNXModelProto(serializedBytes: model(metadata: ["b": "1", "a": "2"]).bytes())
    #expect(proto.irVersion == 7 && proto.producerName == "telar" && proto.producerVersion == "1.2.3")
    #expect(proto.docString == "A classifier.")
    #expect(proto.opsetImport.map(\.domain) == [""] && proto.opsetImport.map(\.version) == [13])
    #expect(proto.metadataProps.map { "\($0.key)=\($0.value)" } == ["b=1", "a=2"])
    let graph = proto.graph
    #expect(graph.node.map(\.opType) == ["Conv", "Relu", "Flatten", "Gemm"])
    #expect(graph.node.map(\.name) == ["encoder.0", "encoder.1", "encoder.3", "classifier.0"])
    #expect(graph.node[0].input == ["input", "encoder.0.weight", "encoder.0.bias"])
    #expect(graph.node[3].input == ["encoder.3.output", "classifier.0.weight"] && graph.node[3].output == ["output"])
    #expect(graph.initializer.map(\.name) == ["encoder.0.weight", "encoder.0.bias", "classifier.0.weight"])
    #expect(graph.initializer.map(\.dims) == [[2, 1, 3, 3], [2], [3, 8]])
    func sizes(_ value: ONNXValueInfoProto) -> [String] {
      value.type.tensorType.shape.dim.map { dimension in
        if case .dimParam(let name) = dimension.value { return name }
        return "\(dimension.dimValue)"
      }
    }
    #expect(graph.input.map(\.name) == ["input"] && sizes(graph.input[0]) == ["N", "1", "4", "4"])
    #expect(graph.output.map(\.name) == ["output"] && sizes(graph.output[0]) == ["N", "3"])
    #expect(graph.input[0].type.tensorType.elemType == 1 && graph.output[0].type.tensorType.elemType == 1)
    #expect(proto.unknownFields.data.isEmpty)
  }

  @Test func `the same network gives the same bytes`() throws {
    let folder = try TemporaryFolder()
    let bytes = try model(metadata: ["a": "1"]).bytes()
    for _ in 0..<5 { #expect(try model(metadata: ["a": "1"]).bytes() == bytes) }
    try model(metadata: ["a": "1"]).write(to: folder.path + "/a.onnx")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/a.onnx")) == Data(bytes))
    #expect(folder.contents() == ["a.onnx"])
  }

  /// A layer of someone else's.
  private struct Doubling: Layer {
    static var moduleName: String { "Doubling" }
    init() {}
    init(attributes: inout AttributeReader) throws {}
    var attributes: JSON.Members { [:] }
    func outputShape(of shape: [Int]) throws -> [Int] { shape }
    func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor { try add(x, x) }
  }

  @Test func `what cannot be exported is named`() throws {
    func error(_ architecture: Architecture, _ shape: [Int]) -> (any Error)? {
      #expect(throws: (any Error).self) { try ONNXModel(architecture, inputShape: shape) { _ in [] } }
    }
    let unknown = Architecture { Part("a") { Doubling() } }
    #expect(error(unknown, [3]) as? ONNXError == ONNXError("a.0 (Doubling)", "has no form in ONNX that Telar knows"))
    #expect(error(Self.small, [5, 5, 1]) is ShapeError)
    let huge = Architecture { Part("a") { Linear(30_000, 30_000) } }
    #expect((error(huge, [30_000]) as? ONNXError)?.problem.contains("do not fit an ONNX file") == true)
    try TestDevices.cpu.use { device in
      let parts = try Network(Self.small, on: device, inputShape: nil, seed: 1)
      #expect(throws: ONNXError.self) { try ONNXModel(parts) }
    }
    #expect(throws: OutputError.self) { try model().write(to: "/nonexistent/a.onnx") }
  }
}

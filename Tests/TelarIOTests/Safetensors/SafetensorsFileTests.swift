import Foundation
import TelarIO
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A small file with two types, an empty tensor, a scalar and metadata.
  static var sample: SafetensorsWriter {
    var writer = SafetensorsWriter()
    writer.metadata = ["zebra": "1", "ape": "two \"quoted\"\n", "network": "{}"]
    writer.add("labels", shape: [3], [UInt8](arrayLiteral: 7, 8, 255))
    writer.add("weight", shape: [2, 2], [Float](arrayLiteral: 1, -2, .pi, 0x1p-130))
    writer.add("empty", shape: [0, 5], [Float]())
    writer.add("count", shape: [], [Int64](arrayLiteral: -9))
    return writer
  }

  @Test func whatIsWrittenIsRead() throws {
    let path = folder.path + "/a.safetensors"
    try Self.sample.write(to: path)
    let file = try SafetensorsFile(path)
    #expect(file.metadata.keys == ["zebra", "ape", "network"])
    #expect(file.metadata["ape"] == "two \"quoted\"\n")
    #expect(Set(file.tensors.keys) == ["labels", "weight", "empty", "count"])
    #expect(try file.values("weight", as: Float.self) == [1, -2, .pi, 0x1p-130])
    #expect(try file.values("labels", as: UInt8.self) == [7, 8, 255])
    #expect(try file.floats("labels") == [7, 8, 255])
    #expect(try file.values("count", as: Int64.self) == [-9])
    #expect(try file.values("empty", as: Float.self) == [])
    #expect(try file.info("weight").shape == [2, 2])
    #expect(try file.info("count").shape == [])
  }

  @Test func bytesAreDeterministicAndAligned() throws {
    let bytes = Self.sample.bytes
    #expect(bytes == Self.sample.bytes)
    let headerLength = bytes[..<8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    #expect(headerLength % 8 == 0)
    #expect(bytes[8] == UInt8(ascii: "{"))
  }

  @Test func aTensorOfAnotherTypeOrNameIsAnError() throws {
    let file = try SafetensorsFile(folder.file(Self.sample.bytes))
    let type = #expect(throws: SafetensorsError.self) { try file.values("weight", as: Double.self) }
    #expect(type?.kind == .mismatch)
    #expect(type?.description.contains("\"weight\" is F32, not F64") == true)
    let name = #expect(throws: SafetensorsError.self) { try file.values("wait", as: Float.self) }
    #expect(name?.description.contains("no tensor \"wait\"") == true)
  }

  @Test func floatsComeFromHalvesAndBrainFloats() throws {
    let halves: [UInt16] = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555]
    let header = """
      {"h":{"dtype":"F16","shape":[7],"data_offsets":[0,14]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[14,18]}}
      """
    let data = (halves + [0x3fc0, 0xc049]).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let file = try SafetensorsFile(folder.file(header: header, data: data))
    #expect(try file.floats("h") == [1, -2, 0x1p-24, 65504, .infinity, 0, 0.333251953125])
    #expect(try file.floats("b") == [1.5, -3.140625])
  }

  @Test func theOrderOfTheHeaderIsFree() throws {
    let header = """
      {"b":{"shape":[1],"data_offsets":[4,8],"dtype":"F32"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
      """
    let file = try SafetensorsFile(folder.file(header: header + "   ", data: [0, 0, 128, 63, 0, 0, 0, 64]))
    #expect(file.tensors.keys == ["a", "b"])
    #expect(try file.values("b", as: Float.self) == [2])
  }

  /// Twice as many tensors take twice as long: a square of their number would pass the limit.
  @Test(.timeLimit(.minutes(1))) func manyTensorsAreRead() throws {
    let count = 20_000
    let members = (0..<count).map { #""layer.\#($0)":{"dtype":"U8","shape":[1],"data_offsets":[\#($0),\#($0 + 1)]}"# }
    let file = try SafetensorsFile(
      folder.file(header: "{\(members.joined(separator: ","))}", data: [UInt8](repeating: 7, count: count)))
    #expect(file.tensors.count == count)
    #expect(try file.values("layer.19999", as: UInt8.self) == [7])
  }

  @Test func whatIsNotAFileIsAnError() throws {
    func kind(_ path: String) -> SafetensorsError.Kind? {
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }?.kind
    }
    #expect(kind(folder.path + "/nowhere") == .missing)
    #expect(kind(folder.path) == .unreadable)
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(kind(pipe) == .unreadable)
  }

  @Test func writingWhereNothingCanBeWrittenLeavesNothing() throws {
    #expect(throws: (any Error).self) { try Self.sample.write(to: folder.path + "/no/such/folder/a") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}

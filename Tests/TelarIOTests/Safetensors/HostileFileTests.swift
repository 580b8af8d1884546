import Foundation
import TelarIO
import TestSupport
import Testing

/// Files that break a rule of the format, or that chance has broken.
@Suite struct HostileFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let a = #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

  @Test(arguments: [
    // What is wrong, the header, bytes of data, and a part of the message.
    ("no object", "[]", 0, "does not start with '{'"),
    ("space in front", " {}", 0, "does not start with '{'"),
    ("text behind", "{}x", 0, "something follows"),
    ("not closed", "{", 0, "expected"),
    ("trailing comma", "{\(a),}", 8, "expected"),
    ("name twice", "{\(a),\(a)}", 8, "\"a\" stands there twice"),
    ("name twice, once escaped", "{\(a),\(a.replacing("\"a\"", with: "\"\\u0061\""))}", 8, "twice"),
    ("metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#, 0, "twice"),
    ("metadata's key twice", #"{"__metadata__":{"k":"1","k":"2"}}"#, 0, "twice"),
    ("metadata not a string", #"{"__metadata__":{"k":1}}"#, 0, "not a string"),
    ("metadata not an object", #"{"__metadata__":"k"}"#, 0, "'{' is expected"),
    ("unknown type", #"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype \"F31\""),
    ("unknown member", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, 8, "unknown or repeated"),
    ("member twice", #"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#, 8, "repeated"),
    ("no shape", #"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, 8, "lacks"),
    ("one offset", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "lacks"),
    ("three offsets", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, 8, "more than 2"),
    ("negative offset", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "not an integer"),
    ("negative zero", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-0,8]}}"#, 8, "not an integer"),
    ("fraction", #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "not an integer"),
    ("leading zero", #"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, "starts with a zero"),
    ("number over 64 bits", #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "not an"),
    ("shape overflows", #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8, "too large"),
    ("shape and offsets differ", #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "needs 12 bytes"),
    ("offsets backwards", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "needs 8 bytes"),
    (
      "offsets at the end of Int",
      #"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#, 8, "ends at"
    ),
    ("data past the file", "{\(a)}", 7, "ends at 8 and the file's at 7"),
    ("bytes at the end", "{\(a)}", 9, "belong to no tensor"),
    ("hole", #"{\#(a),"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#, 16, "starts at 12, not at 8"),
    ("overlap", #"{\#(a),"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "starts at 4, not at 8"),
    ("lone surrogate", #"{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "surrogate"),
    ("deep", String(repeating: "{\"a\":", count: 1000), 0, "unknown or repeated"),
  ])
  func isRefused(what: String, header: String, dataLength: Int, message: String) throws {
    let path = try folder.file(header: header, data: [UInt8](repeating: 0, count: dataLength))
    let error = #expect(throws: SafetensorsError.self, "\(what)") { try SafetensorsFile(path) }
    #expect(error?.kind == .malformed)
    #expect(error?.description.contains(path) == true)
    #expect(error?.description.contains("\n") == false)
    #expect(error?.description.contains(message) == true, "\(what): \(error?.description ?? "no error")")
  }

  @Test func lengthsOfTheHeaderAreBounded() throws {
    func error(_ bytes: [UInt8]) throws -> String? {
      let path = try folder.file(bytes)
      return #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }?.problem
    }
    #expect(try error([])?.contains("0 bytes") == true)
    #expect(try error([1, 0, 0, 0, 0, 0, 0])?.contains("7 bytes") == true)
    #expect(try error([0, 0, 0, 0, 0, 0, 0, 0])?.contains("does not start") == true)
    #expect(try error([3, 0, 0, 0, 0, 0, 0, 0, 123, 125])?.contains("truncated") == true)
    #expect(try error([UInt8](repeating: 255, count: 64))?.contains("above the limit") == true)
    // 100 000 001: one over the limit.
    #expect(try error([0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, 123, 125])?.contains("above the limit") == true)
  }

  /// No cut of a file is a file.
  @Test func everyTruncationIsRefused() throws {
    let bytes = SafetensorsFileTests.sample.bytes
    for length in 0..<bytes.count {
      let path = try folder.file(Array(bytes[..<length]))
      #expect(throws: SafetensorsError.self, "cut to \(length) bytes") { try SafetensorsFile(path) }
    }
  }

  /// Without a check sum a flipped bit gives an error or another well-formed file, whose tensors can be read; never a
  /// crash.
  @Test func everyBitFlipIsAnErrorOrReadable() throws {
    let header = #"{"__metadata__":{"network":"{}"},\#(Self.a),"b":{"dtype":"U8","shape":[3,1],"data_offsets":[8,11]}}"#
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.file(header: header, data: [UInt8](1...11)))))
    let headerEnd = 8 + header.utf8.count
    var refused = 0
    for bit in 0..<(headerEnd * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      let path = try folder.file(flipped)
      do {
        let file = try SafetensorsFile(path)
        for (name, info) in file.tensors where info.type != .complex64 {
          #expect(try file.floats(name).count == info.count)
        }
      } catch {
        refused += 1
      }
    }
    #expect(refused > headerEnd * 8 / 2)
  }

  /// A header of many megabytes of brackets is refused without a deep recursion.
  @Test func nestingIsBounded() throws {
    let path = try folder.file(header: "{\"a\":" + String(repeating: "[", count: 3_000_000))
    #expect(throws: SafetensorsError.self) { try SafetensorsFile(path) }
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 3_000_000)) }
  }
}

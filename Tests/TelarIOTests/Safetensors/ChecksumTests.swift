import Foundation
import TelarIO
import TestSupport
import Testing

/// Files that Telar wrote hold their own check sum, and those of other programs none.
@Suite struct ChecksumTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func problem(_ bytes: [UInt8], requiringChecksum: Bool = false) throws -> String? {
    let path = try folder.file(bytes)
    do {
      _ = try SafetensorsFile(path, requiringChecksum: requiringChecksum)
      return nil
    } catch {
      #expect(error.kind == .malformed && error.path == path)
      return error.problem
    }
  }

  @Test func everyFlippedBitIsNoticed() throws {
    let bytes = SafetensorsFileTests.sample.bytes
    #expect(try problem(bytes, requiringChecksum: true) == nil)
    for bit in 0..<(bytes.count * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(try problem(flipped) != nil, "bit \(bit % 8) of byte \(bit / 8)")
    }
  }

  @Test func damageIsCalledSo() throws {
    var bytes = SafetensorsFileTests.sample.bytes
    bytes[bytes.count - 1] ^= 1
    #expect(try problem(bytes)?.contains("is damaged") == true)
    // A sector that the disk lost, in a file of several pieces.
    var writer = SafetensorsWriter()
    writer.add("a", shape: [300_000], (0..<300_000).map { Float($0) })
    bytes = writer.bytes
    #expect(try problem(bytes) == nil)
    for place in stride(from: 700_000, to: 700_512, by: 1) { bytes[place] = 0 }
    #expect(try problem(bytes)?.contains("is damaged") == true)
  }

  /// A program that writes a file's tensors and metadata anew knows nothing of the check sum, and its file is read.
  @Test func aFileWrittenAnewHasNone() throws {
    let bytes = SafetensorsFileTests.sample.bytes
    let headerEnd = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: bytes[8..<headerEnd], as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let data = [UInt8](bytes[headerEnd...].reversed())
    let path = try folder.file(header: header, data: data)
    #expect(try SafetensorsFile(path).metadata["network"] == "{}")
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path, requiringChecksum: true) }
    #expect(error?.kind == .malformed && error?.problem.contains("no check sum") == true)
  }
}

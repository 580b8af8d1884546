import Foundation
import TelarData
import TestSupport
import Testing

@Suite("IDX files")
struct IDXFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func problem(_ bytes: [UInt8], rank: Int = 1, limit: Int = 1000) throws -> String {
    let path = try folder.write("file", bytes)
    let error = #expect(throws: DataError.self) { try IDXFile(path: path, rank: rank, maximumByteCount: limit) }
    guard case .malformed(path, let problem) = error else { return "\(String(describing: error))" }
    return problem
  }

  @Test func `reads plain and compressed alike, in one and in two members`() throws {
    let content = SmallDataSet.idx([2, 3], [1, 2, 3, 4, 5, 255])
    for (name, bytes) in [
      ("plain", content), ("gzip", gzip(content)), ("members", gzip(Array(content[..<7])) + gzip(Array(content[7...]))),
    ] {
      let file = try IDXFile(path: folder.write(name, bytes), rank: 2, maximumByteCount: 6)
      #expect(file.dimensions == [2, 3])
      #expect(file.bytes == [1, 2, 3, 4, 5, 255])
      // printf '\0\0\10\2\0\0\0\2\0\0\0\3\1\2\3\4\5\377' | sha256sum
      #expect(file.sum == "4a458d8d9d265f97b5961d75fa67666b79fe6766e5136efa2589f7f2dc77053b")
    }
  }

  @Test func `reads across the blocks of both streams`() throws {
    // As good as random to gzip: the low bytes of a permutation.
    let bytes = Permutation(count: 3_000_001, seed: 1, epoch: 1).indices.map { UInt8(truncatingIfNeeded: $0) }
    let content = SmallDataSet.idx([3_000_001], bytes)
    for encoded in [content, gzip(content)] {
      let file = try IDXFile(path: folder.write("large", encoded), rank: 1, maximumByteCount: 4_000_000)
      #expect(file.bytes == bytes)
    }
  }

  @Test func `refuses what is not IDX`() throws {
    #expect(try problem([]) == "0 bytes are too few for an IDX file")
    #expect(try problem([0, 0, 8]) == "3 bytes are too few for an IDX file")
    #expect(try problem(Array("hello world".utf8)).contains("it begins with 68 65 6c 6c, not 00 00 08 01"))
    #expect(try problem(SmallDataSet.idx([1], [1], type: 13)).contains("not an IDX file"))
    #expect(try problem(SmallDataSet.idx([1, 1], [1])).contains("not an IDX file of 1-dimensional bytes"))
    #expect(try problem([0, 0, 8, 1, 0, 0]) == "the IDX header is cut short")
  }

  @Test func `refuses sizes that do not fit`() throws {
    #expect(try problem(SmallDataSet.idx([5], [1, 2])) == "it ends after 2 of the 5 values that its header announces")
    #expect(try problem(SmallDataSet.idx([2], [1, 2, 3])) == "it goes on after the 2 values that its header announces")
    #expect(try problem(SmallDataSet.idx([0], [])).contains("which is nothing"))
    #expect(try problem(SmallDataSet.idx([1001], [1])).contains("1001 bytes, more than the 1000 allowed"))
    let huge = UInt32.max
    #expect(try problem(SmallDataSet.idx([huge, huge, huge], [1]), rank: 3).contains("more than the 1000 allowed"))
  }

  @Test func `refuses damaged compression`() throws {
    let good = gzip(SmallDataSet.idx([500], (0..<500).map { UInt8($0 % 251) }))
    #expect(try problem(Array(good.dropLast(20))) == "the gzip stream is cut short")
    #expect(try problem(Array(good.dropLast(4))).contains("cut short"))
    #expect(try problem(good + [1, 2, 3, 4]).contains("damaged"))
    var flipped = good
    flipped[good.count - 6] ^= 1  // in the check sum
    #expect(try problem(flipped).contains("damaged"))
    // The compressed form of far more than the header announces: refused at the first byte too many.
    #expect(
      try problem(gzip(SmallDataSet.idx([10], [UInt8](repeating: 0, count: 5_000_000)))).contains("goes on after"))
  }

  @Test func `refuses what cannot be read as a file`() throws {
    let pipe = folder.path + "/pipe"
    mkfifo(pipe, 0o600)
    for path in [folder.path, pipe, folder.path + "/nothing"] {
      #expect(throws: DataError.self) { try IDXFile(path: path, rank: 1, maximumByteCount: 10) }
    }
  }
}

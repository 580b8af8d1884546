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

  @Test func `zeros behind a gzip member are padding`() throws {
    let content = SmallDataSet.idx([6], [1, 2, 3, 4, 5, 255])
    let zeros = [UInt8](repeating: 0, count: 100_000)
    let two = gzip(Array(content[..<9])) + zeros + gzip(Array(content[9...])) + [0]
    for bytes in [gzip(content) + [0], gzip(content) + zeros, two] {
      #expect(try IDXFile(path: folder.write("padded", bytes), rank: 1, maximumByteCount: 6).bytes == content.suffix(6))
    }
    #expect(try problem(gzip(content) + zeros + [1, 2, 3, 4]).contains("damaged"))
    #expect(try problem(gzip(content) + [0, 0x1f, 0x8b]) == "the gzip stream is cut short")
    // Uncompressed, zeros are values.
    #expect(try problem(content + [0]).contains("goes on after"))
  }

  @Test func `lengths are checked before anything is read`() throws {
    func problem(_ path: String, limit: Int) -> String {
      let error = #expect(throws: DataError.self) { try IDXFile(path: path, rank: 1, maximumByteCount: limit) }
      guard case .malformed(_, let problem)? = error else { return "\(String(describing: error))" }
      return problem
    }
    let sparse = try folder.writeSparse("sparse", length: 3 << 30)
    #expect(problem(sparse, limit: .max).contains("not an IDX file"))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: sparse))
    try file.write(contentsOf: Data([0, 0, 8, 1, 0, 1, 0, 0]))
    #expect(problem(sparse, limit: 1 << 20) == "it goes on after the 65536 values that its header announces")
    try file.seek(toOffset: 4)
    try file.write(contentsOf: Data([0xff, 0xff, 0xff, 0xff]))
    let values = (3 << 30) - 8
    #expect(
      problem(sparse, limit: .max) == "it ends after \(values) of the 4294967295 values that its header announces")
    #expect(problem(sparse, limit: 1 << 30).contains("more than the 1073741824 allowed"))
    let packed = try folder.write("packed", gzip(SmallDataSet.idx([4_000_000_000], [1, 2, 3])))
    #expect(problem(packed, limit: .max).hasSuffix("values, more than a gzip file of its length can hold"))
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

import Foundation

/// An IDX file whose values are read on demand.
///
/// The format: two zero bytes, a type (8 for unsigned bytes, the only one supported), the number of dimensions, each
/// dimension as a big-endian 32-bit number, then the values.
///
/// - Source: yann.lecun.com/exdb/mnist.
struct IDXStream: ~Copyable {
  let path: String
  /// The dimensions, slowest first.
  let dimensions: [Int]
  /// The number of values, by the header.
  let count: Int
  private let headerLength: Int
  private let stream: ByteStream
  private let digest = SHA256()
  /// Values read or skipped so far.
  private var place = 0

  /// Opens a file, gzip or plain, and reads its header.
  ///
  /// - Throws: ``DataError``.
  init(path: String, rank: Int) throws {
    let stream = try ByteStream(path: path)
    func fail(_ problem: String) -> DataError { .malformed(path: path, problem: problem) }
    var header = [UInt8](repeating: 0, count: 4 + 4 * rank)
    let headerCount = try header.withUnsafeMutableBytes { try stream.read(into: $0) }
    guard headerCount >= 4 else { throw fail("\(headerCount) bytes are too few for an IDX file") }
    guard header[0] == 0, header[1] == 0, header[2] == 8, header[3] == rank else {
      let found = header.prefix(4).map { String(format: "%02x", $0) }.joined(separator: " ")
      throw fail("not an IDX file of \(rank)-dimensional bytes (it begins with \(found), not 00 00 08 0\(rank))")
    }
    guard headerCount == header.count else { throw fail("the IDX header is cut short") }
    let dimensions = (1...rank).map { d in header[(4 * d)..<(4 * d + 4)].reduce(0) { $0 << 8 | Int($1) } }
    let text = dimensions.map(String.init).joined(separator: " × ")
    guard !dimensions.contains(0) else { throw fail("its header announces \(text) bytes, which is nothing") }
    // A product that overflows is larger than any file.
    count = dimensions.reduce(1) { product, size in
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow ? .max : next
    }
    self.path = path
    self.dimensions = dimensions
    self.stream = stream
    headerLength = header.count
    header.withUnsafeBytes { digest.update($0) }
  }

  /// - Throws: ``DataError`` when the header announces more than `limit` values.
  func checkCount(atMost limit: Int) throws {
    guard count <= limit else {
      let text = dimensions.map(String.init).joined(separator: " × ")
      throw DataError.malformed(
        path: path, problem: "its header announces \(text) bytes, more than the \(limit) allowed")
    }
  }

  /// - Throws: ``DataError`` when the file is too short for the values that its header announces.
  func checkLength() throws {
    func fail(_ problem: String) -> DataError { .malformed(path: path, problem: problem) }
    if let length = stream.plainLength {
      let values = length - headerLength
      guard values >= count else {
        throw fail("it ends after \(values) of the \(count) values that its header announces")
      }
      guard values == count else { throw fail("it goes on after the \(count) values that its header announces") }
    } else if count > stream.mostBytes {
      throw fail("its header announces \(count) values, more than a gzip file of its length can hold")
    }
  }

  /// Reads the next values.
  ///
  /// - Throws: ``DataError`` at the end of the file.
  mutating func read(_ wanted: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(wanted)
    while bytes.count < wanted {
      let blockLength = min(1 << 20, wanted - bytes.count)
      let block = try [UInt8](unsafeUninitializedCapacity: blockLength) { memory, count in
        count = try stream.read(into: UnsafeMutableRawBufferPointer(memory))
      }
      block.withUnsafeBytes { digest.update($0) }
      bytes += block
      place += block.count
      guard block.count == blockLength else { throw ending() }
    }
    return bytes
  }

  /// Skips values, which the check sum then does not include.
  mutating func skip(_ unwanted: Int) throws {
    let skipped = try stream.skip(unwanted)
    place += skipped
    guard skipped == unwanted else { throw ending() }
  }

  /// Checks that the file ends behind the last value. Returns the SHA-256 of header and values, in hexadecimal.
  consuming func finish() throws -> String {
    guard try stream.skip(1) == 0 else {
      throw DataError.malformed(path: path, problem: "it goes on after the \(count) values that its header announces")
    }
    return digest.finish()
  }

  private func ending() -> DataError {
    .malformed(path: path, problem: "it ends after \(place) of the \(count) values that its header announces")
  }
}

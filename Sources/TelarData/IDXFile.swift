import Foundation

/// An IDX file of bytes: a magic number, sizes, and the values in row-major order.
///
/// The format: two zero bytes, a type (8 for unsigned bytes, the only one read here), the number of dimensions, each
/// dimension as a big-endian 32-bit number, then the values. Source: yann.lecun.com/exdb/mnist.
public struct IDXFile: Sendable {
  /// Sizes, the slowest first: `[count]` of labels, `[count, height, width]` of images.
  public let dimensions: [Int]
  public let bytes: [UInt8]
  /// SHA-256 of the whole file, uncompressed, in hexadecimal.
  public let sum: String

  /// Reads a file, gzip or plain.
  ///
  /// A hostile file cannot exhaust memory: what the header announces is checked against `maximumByteCount` first, and
  /// memory grows with what is really there.
  ///
  /// - Throws: ``DataError``, also for a file that is shorter or longer than its header says.
  public init(path: String, rank: Int, maximumByteCount: Int) throws {
    let stream = try ByteStream(path: path)
    let digest = SHA256()
    func fail(_ problem: String) -> DataError { .malformed(path: path, problem: problem) }

    var header = [UInt8](repeating: 0, count: 4 + 4 * rank)
    let headerCount = try header.withUnsafeMutableBytes { try stream.read(into: $0) }
    guard headerCount >= 4 else { throw fail("\(headerCount) bytes are too few for an IDX file") }
    guard header[0] == 0, header[1] == 0, header[2] == 8, header[3] == rank else {
      let found = header.prefix(4).map { String(format: "%02x", $0) }.joined(separator: " ")
      throw fail("not an IDX file of \(rank)-dimensional bytes (it begins with \(found), not 00 00 08 0\(rank))")
    }
    guard headerCount == header.count else { throw fail("the IDX header is cut short") }
    header.withUnsafeBytes { digest.update($0) }

    let dimensions = (1...rank).map { d in header[(4 * d)..<(4 * d + 4)].reduce(0) { $0 << 8 | Int($1) } }
    var byteCount = 1
    for dimension in dimensions {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
      let text = dimensions.map(String.init).joined(separator: " × ")
      guard dimension > 0 else { throw fail("its header announces \(text) bytes, which is nothing") }
      guard !overflow, product <= maximumByteCount else {
        throw fail("its header announces \(text) bytes, more than the \(maximumByteCount) allowed")
      }
      byteCount = product
    }

    var bytes: [UInt8] = []
    while bytes.count < byteCount {
      let wanted = min(1 << 20, byteCount - bytes.count)
      let block = try [UInt8](unsafeUninitializedCapacity: wanted) { memory, count in
        count = try stream.read(into: UnsafeMutableRawBufferPointer(memory))
      }
      block.withUnsafeBytes { digest.update($0) }
      bytes += block
      guard block.count == wanted else {
        throw fail("it ends after \(bytes.count) of the \(byteCount) values that its header announces")
      }
    }
    var beyond: UInt8 = 0
    guard try withUnsafeMutableBytes(of: &beyond, { try stream.read(into: $0) }) == 0 else {
      throw fail("it goes on after the \(byteCount) values that its header announces")
    }
    self.dimensions = dimensions
    self.bytes = bytes
    self.sum = digest.finish()
  }
}

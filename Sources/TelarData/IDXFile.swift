/// An IDX file of bytes: a magic number, sizes, and the values in row-major order.
public struct IDXFile: Sendable {
  /// Sizes, the slowest first: `[count]` of labels, `[count, height, width]` of images.
  public let dimensions: [Int]
  public let bytes: [UInt8]
  /// SHA-256 of the whole file, uncompressed, in hexadecimal.
  public let sum: String

  /// Reads a file, gzip or plain.
  ///
  /// A hostile file cannot exhaust memory: what the header announces is held against `maximumByteCount` and the file's
  /// length before there is memory for it.
  ///
  /// - Parameter problem: what is wrong with these dimensions, if anything; asked before any value is read.
  /// - Throws: ``DataError``, also for a file that is shorter or longer than its header says.
  public init(
    path: String, rank: Int, maximumByteCount: Int, problem: (_ dimensions: [Int]) -> String? = { _ in nil }
  ) throws {
    var stream = try IDXStream(path: path, rank: rank)
    try stream.checkCount(atMost: maximumByteCount)
    if let problem = problem(stream.dimensions) { throw DataError.malformed(path: path, problem: problem) }
    try stream.checkLength()
    dimensions = stream.dimensions
    bytes = try stream.read(stream.count)
    sum = try stream.finish()
  }
}

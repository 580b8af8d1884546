/// An IDX file of bytes: a magic number, the dimensions, and the values in row-major order.
public struct IDXFile: Sendable {
  /// The dimensions, slowest first: `[count]` for labels, `[count, height, width]` for images.
  public let dimensions: [Int]
  public let bytes: [UInt8]
  /// SHA-256 of the whole file, uncompressed, in hexadecimal.
  public let sum: String

  /// Reads a file, gzip or plain.
  ///
  /// The size in the header is checked against `maximumByteCount` and the file's length before memory is allocated.
  ///
  /// - Parameters:
  ///   - problem: describes what is wrong with the dimensions, if anything; called before any value is read.
  ///   - checked: called with the number of values before memory for them is allocated.
  /// - Throws: ``DataError``, also for a file that is shorter or longer than its header says.
  public init(
    path: String, rank: Int, maximumByteCount: Int, problem: (_ dimensions: [Int]) -> String? = { _ in nil },
    checked: (_ count: Int) throws -> Void = { _ in }
  ) throws {
    var stream = try IDXStream(path: path, rank: rank)
    try stream.checkCount(atMost: maximumByteCount)
    if let problem = problem(stream.dimensions) { throw DataError.malformed(path: path, problem: problem) }
    try stream.checkLength()
    try checked(stream.count)
    dimensions = stream.dimensions
    bytes = try stream.read(stream.count)
    sum = try stream.finish()
  }
}

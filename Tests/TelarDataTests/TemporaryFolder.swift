import CZlib
import Foundation

/// A folder that goes with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "telar-data-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}

/// An IDX file of unsigned bytes.
func idx(_ dimensions: [UInt32], _ bytes: [UInt8], type: UInt8 = 8) -> [UInt8] {
  [0, 0, type, UInt8(dimensions.count)]
    + dimensions.flatMap { d in (0..<4).reversed().map { UInt8(truncatingIfNeeded: d >> (8 * UInt32($0))) } } + bytes
}

/// One gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, 0, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = bytes
  var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 100)
  input.withUnsafeMutableBufferPointer { source in
    output.withUnsafeMutableBufferPointer { target in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      stream.next_out = target.baseAddress
      stream.avail_out = UInt32(target.count)
      deflate(&stream, Z_FINISH)
    }
  }
  return Array(output.prefix(Int(stream.total_out)))
}

/// Writes a small data set with the four names: class c has a bright row at 2 · c.
func writeSmallDataSet(into folder: TemporaryFolder, trainingCount: Int = 40, validationCount: Int = 20) throws {
  for (name, count) in [("train", trainingCount), ("t10k", validationCount)] {
    let labels = (0..<count).map { UInt8($0 % 10) }
    let pixels = labels.flatMap { label in (0..<784).map { UInt8($0 / 28 == 2 * Int(label) ? 200 : 10) } }
    try folder.write("\(name)-labels-idx1-ubyte", idx([UInt32(count)], labels))
    try folder.write("\(name)-images-idx3-ubyte", idx([UInt32(count), 28, 28], pixels))
  }
}

import TestSupport

extension TemporaryFolder {
  /// Writes a file and returns its path.
  func file(_ bytes: [UInt8], named name: String = "x.safetensors") throws -> String { try write(name, bytes) }

  /// Writes a safetensors file from its header's text and its data.
  func file(header: String, data: [UInt8] = []) throws -> String {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    return try file(length + header.utf8 + data)
  }
}

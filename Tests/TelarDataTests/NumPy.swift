import CZlib

/// Files in NumPy's formats, put together by hand.
enum NumPy {
  /// An `.npy` file.
  static func array(_ kind: String, _ shape: [Int], _ values: [UInt8], order: String = "False") -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(kind)', 'fortran_order': \(order), 'shape': (\(sizes)), }"
    header += String(repeating: " ", count: 64 - (header.utf8.count + 11) % 64) + "\n"
    let length = UInt16(header.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(header.utf8) + values
  }

  /// A ZIP archive, as an `.npz` file is one.
  static func archive(_ files: [(name: String, contents: [UInt8])], isDeflated: Bool = false) -> [UInt8] {
    var (archive, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, contents) in files {
      // Of a gzip member, what is between header and check sum.
      let packed = isDeflated ? Array(gzip(contents).dropFirst(10).dropLast(8)) : contents
      let sum = contents.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
      let common: [UInt8] =
        [20, 0, 0, 0, isDeflated ? 8 : 0, 0, 0, 0, 0, 0] + littleEndian(sum) + littleEndian(UInt32(packed.count))
        + littleEndian(UInt32(contents.count)) + littleEndian(UInt16(name.utf8.count)) + [0, 0]
      directory += [0x50, 0x4b, 1, 2, 20, 0] + common + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      directory += littleEndian(UInt32(archive.count)) + Array(name.utf8)
      archive += [0x50, 0x4b, 3, 4] + common + Array(name.utf8) + packed
    }
    let count = littleEndian(UInt16(files.count))
    return archive + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count
      + littleEndian(UInt32(directory.count)) + littleEndian(UInt32(archive.count)) + [0, 0]
  }
}

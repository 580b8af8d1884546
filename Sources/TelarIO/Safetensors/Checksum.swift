import CZlib

/// The check sum of a file, in white space behind the header's JSON: two line feeds and 32 digits, the highest first, a
/// tab for 1 and a space for 0.
///
/// It is the CRC-32 of all bytes of the file but these digits, so that no bit of the file can change unnoticed. Readers
/// of JSON skip white space. A program that writes the tensors and metadata of one file into another leaves it out, as
/// it must: a check sum among the metadata would go with them, and be wrong.
struct Checksum: Equatable {
  private(set) var value: UInt32 = 0

  /// Digits at the end of a header.
  static let digitCount = 32
  private static let mark: [UInt8] = [0x0a, 0x0a]

  init() {}

  /// The check sum that a header ends in; `nil` where it ends otherwise.
  init?(endOf header: [UInt8]) {
    let digits = header.suffix(Self.digitCount)
    guard digits.count == Self.digitCount, header[..<digits.startIndex].suffix(2) == Self.mark[...] else { return nil }
    value = digits.reduce(0) { $0 << 1 | ($1 == 0x09 ? 1 : 0) }
  }

  /// Goes on with these bytes.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start, bytes.count))
  }

  /// Spaces, the mark and a place for the digits, which make a header's length a multiple of 8.
  static func place(behind length: Int) -> [UInt8] {
    let end = length + mark.count + digitCount
    return [UInt8](repeating: 0x20, count: (8 - end % 8) % 8) + mark + [UInt8](repeating: 0x20, count: digitCount)
  }

  /// Writes the sum of a whole file's bytes into its place, which is at the end of the header.
  static func seal(_ bytes: inout [UInt8], headerEnd: Int) {
    let digits = (headerEnd - digitCount)..<headerEnd
    var sum = Checksum()
    bytes.withUnsafeBytes { all in
      sum.update(UnsafeRawBufferPointer(rebasing: all[..<digits.lowerBound]))
      sum.update(UnsafeRawBufferPointer(rebasing: all[digits.upperBound...]))
    }
    for (index, place) in digits.enumerated() where sum.value >> (31 - index) & 1 == 1 { bytes[place] = 0x09 }
  }
}

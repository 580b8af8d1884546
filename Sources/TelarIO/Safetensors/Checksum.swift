import CZlib

/// The check sum of a safetensors file, stored in white space behind the header's JSON: two line feeds and 32 binary
/// digits, highest first, a tab for 1 and a space for 0.
///
/// It is the CRC-32 of all bytes of the file except these digits. JSON readers skip white space. It is not stored in
/// the metadata, because a program that copies the metadata into another file would copy a check sum that is wrong
/// there.
struct Checksum: Equatable {
  private(set) var value: UInt32 = 0

  /// Digits at the end of a header.
  static let digitCount = 32
  private static let mark: [UInt8] = [0x0a, 0x0a]

  init() {}

  /// The check sum at the end of a header; `nil` where there is none.
  init?(endOf header: [UInt8]) {
    let digits = header.suffix(Self.digitCount)
    guard digits.count == Self.digitCount, header[..<digits.startIndex].suffix(2) == Self.mark[...] else { return nil }
    value = digits.reduce(0) { $0 << 1 | ($1 == 0x09 ? 1 : 0) }
  }

  /// Adds bytes to the sum.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start, bytes.count))
  }

  /// The mark and room for the digits, preceded by spaces that make the header's length a multiple of 8.
  static func place(behind length: Int) -> [UInt8] {
    let end = length + mark.count + digitCount
    return [UInt8](repeating: 0x20, count: (8 - end % 8) % 8) + mark + [UInt8](repeating: 0x20, count: digitCount)
  }

  /// Computes the sum of a whole file and writes it to its place at the end of the header.
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

/// The framing of TensorFlow record files: the data's length in eight bytes, the masked check sum of those in four, the
/// data, its masked check sum in four; numbers are little-endian.
///
/// - Source: tensorflow.org/tutorials/load_data/tfrecord.
enum Record {
  private static let headLength = 12
  private static let tailLength = 4

  /// The data as a record.
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = bytes(of: UInt64(data.count))
    return length + bytes(of: CRC32C.masked(length)) + data + bytes(of: CRC32C.masked(data))
  }

  /// The data of the first record in `bytes`, and the remaining bytes.
  ///
  /// - Returns: `nil` when no complete record follows: at the end, or after an interrupted write.
  static func first(of bytes: ArraySlice<UInt8>) -> (data: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
    guard bytes.count >= headLength + tailLength else { return nil }
    let length = bytes.prefix(8)
    guard number(bytes.dropFirst(8).prefix(4)) == UInt64(CRC32C.masked(length)),
      let count = Int(exactly: number(length)), count <= bytes.count - headLength - tailLength
    else { return nil }
    let data = bytes.dropFirst(headLength).prefix(count)
    let rest = bytes.dropFirst(headLength + count)
    guard number(rest.prefix(tailLength)) == UInt64(CRC32C.masked(data)) else { return nil }
    return (data, rest.dropFirst(tailLength))
  }

  private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

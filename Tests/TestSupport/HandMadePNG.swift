/// PNG files put together by hand, whole and broken: chunks, and a zlib stream of stored blocks.
public enum HandMadePNG {
  public enum ColourType: UInt8, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6
  }

  /// A file with the samples of each row packed as the format has them.
  ///
  /// - Parameter chunks: what stands between header and data.
  public static func file(
    width: UInt32, height: UInt32, depth: UInt8 = 8, _ type: ColourType = .grey, rows: [[UInt8]],
    chunks: [UInt8] = []
  ) -> [UInt8] {
    // Each row has the filter "none" in front.
    signature + header(width: width, height: height, depth: depth, type) + chunks
      + chunk("IDAT", zlib(rows.flatMap { [0] + $0 })) + chunk("IEND", [])
  }

  public static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  public static func header(width: UInt32, height: UInt32, depth: UInt8 = 8, _ type: ColourType = .grey) -> [UInt8] {
    chunk("IHDR", bigEndian(width) + bigEndian(height) + [depth, type.rawValue, 0, 0, 0])
  }

  public static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
  }

  /// A zlib stream that holds bytes as they are.
  public static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(0xffff)
      rest = rest.dropFirst(block.count)
      let count = UInt16(block.count)
      stream += [
        rest.isEmpty ? 1 : 0, UInt8(count & 0xff), UInt8(count >> 8), UInt8(~count & 0xff), UInt8(~count >> 8),
      ]
      stream += block
    } while !rest.isEmpty
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return stream + bigEndian(b << 16 | a)
  }

  public static func bigEndian(_ number: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(number >> $0 & 0xff) } }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
  }
}

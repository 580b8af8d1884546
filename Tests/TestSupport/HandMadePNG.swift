/// PNG files put together by hand, whole and broken: chunks, and a zlib stream of stored blocks.
public enum HandMadePNG {
  public enum ColourType: UInt8, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    public var channelCount: Int { [.rgb: 3, .greyAlpha: 2, .rgba: 4][self] ?? 1 }

    /// The bits that a sample may have.
    public var depths: [UInt8] {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .greyAlpha, .rgba: [8, 16]
      }
    }
  }

  /// A file of samples, `[height][width · channels]`, each of `depth` bits.
  ///
  /// - Parameter isInterlaced: whether pixels come in the seven passes of Adam7.
  public static func file(
    depth: UInt8, _ type: ColourType, isInterlaced: Bool, samples: [[Int]], chunks: [UInt8] = []
  ) -> [UInt8] {
    let channelCount = type.channelCount
    let (height, width) = (samples.count, samples[0].count / channelCount)
    // Where the passes begin, and how far apart their pixels are: x, y, dx, dy.
    let adam7 = [
      (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]
    let rows = (isInterlaced ? adam7 : [(0, 0, 1, 1)]).flatMap { x, y, dx, dy in
      // A pass without columns has no rows either.
      stride(from: y, to: x < width ? height : 0, by: dy).map { y in
        packed(
          stride(from: x, to: width, by: dx).flatMap { samples[y][($0 * channelCount)..<(($0 + 1) * channelCount)] },
          depth)
      }
    }
    return signature
      + header(width: UInt32(width), height: UInt32(height), depth: depth, type, isInterlaced: isInterlaced)
      + chunks + chunk("IDAT", zlib(rows.flatMap { [0] + $0 })) + chunk("IEND", [])
  }

  /// Samples in as few bytes as they take, the first in the highest bits.
  private static func packed(_ samples: [Int], _ depth: UInt8) -> [UInt8] {
    if depth == 16 { return samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }
    let perByte = 8 / Int(depth)
    return stride(from: 0, to: samples.count, by: perByte).map { first in
      samples[first..<min(first + perByte, samples.count)].enumerated().reduce(0) { byte, sample in
        byte | UInt8(sample.element << (8 - Int(depth) * (sample.offset + 1)))
      }
    }
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

  public static func header(
    width: UInt32, height: UInt32, depth: UInt8 = 8, _ type: ColourType = .grey, isInterlaced: Bool = false
  ) -> [UInt8] {
    chunk("IHDR", bigEndian(width) + bigEndian(height) + [depth, type.rawValue, 0, 0, isInterlaced ? 1 : 0])
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

import Foundation
import TelarData
import TestSupport
import Testing

/// PNG files of every kind against pixels that are computed here from the format's definition.
@Suite("PNG files")
struct PNGTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A colour type at a depth.
  struct Kind: CustomTestStringConvertible {
    var type: HandMadePNG.ColourType
    var depth: UInt8
    var isInterlaced: Bool
    var hasTransparency: Bool

    var testDescription: String {
      "\(type) \(depth) bits\(isInterlaced ? " interlaced" : "")\(hasTransparency ? " tRNS" : "")"
    }

    static let all = [HandMadePNG.ColourType.grey, .rgb, .palette, .greyAlpha, .rgba].flatMap { type in
      type.depths.flatMap { depth in
        [false, true].flatMap { isInterlaced in
          [false, true].filter { !$0 || type.channelCount % 2 == 1 }.map {
            Kind(type: type, depth: depth, isInterlaced: isInterlaced, hasTransparency: $0)
          }
        }
      }
    }
  }

  /// Red, green, blue and alpha of the palette's entries; those from the third to last are opaque, as tRNS may be short.
  private func palette(_ depth: UInt8, _ generator: inout SeededGenerator) -> [[Int]] {
    let count = 1 << Int(depth)
    return (0..<count).map { index in
      (0..<4).map { $0 == 3 && index >= count - 2 ? 255 : Int.random(in: 0...255, using: &generator) }
    }
  }

  /// The grey of a pixel over a background, as Pillow's `alpha_composite` and `convert("L")` have it.
  private func grey(_ colours: [Int], alpha: Int, background: Int) -> UInt8 {
    let shown = colours.map { Int((Double($0 * alpha + background * (255 - alpha)) / 255).rounded()) }
    if shown.count == 1 { return UInt8(shown[0]) }
    return UInt8((19_595 * shown[0] + 38_470 * shown[1] + 7_471 * shown[2] + 32_768) / 65_536)
  }

  /// Random pixels of a kind: the file, and what it shows over a background.
  private func example(_ kind: Kind, height: Int, width: Int, background: Int, _ generator: inout SeededGenerator) -> (
    file: [UInt8], pixels: [UInt8]
  ) {
    let (channelCount, depth) = (kind.type.channelCount, Int(kind.depth))
    let largest = 1 << depth - 1
    var samples = (0..<height).map { _ in
      (0..<(width * channelCount)).map { _ in Int.random(in: 0...largest, using: &generator) }
    }
    // One colour that is transparent: that of the last pixel. One beside it differs in the lowest bit only.
    let key = Array(samples[height - 1].suffix(channelCount))
    samples[0].replaceSubrange(0..<channelCount, with: height * width > 1 ? key.map { $0 ^ 1 } : key)
    let palette = kind.type == .palette ? palette(kind.depth, &generator) : []
    var chunks: [UInt8] = []
    if kind.type == .palette {
      chunks = HandMadePNG.chunk("PLTE", palette.flatMap { $0.prefix(3) }.map { UInt8($0) })
      if kind.hasTransparency { chunks += HandMadePNG.chunk("tRNS", palette.dropLast(2).map { UInt8($0[3]) }) }
    } else if kind.hasTransparency {
      chunks = HandMadePNG.chunk("tRNS", key.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] })
    }
    let pixels = samples.flatMap { row in
      stride(from: 0, to: row.count, by: channelCount).map { first in
        let pixel = Array(row[first..<(first + channelCount)])
        if kind.type == .palette {
          let entry = palette[pixel[0]]
          return grey(Array(entry.prefix(3)), alpha: kind.hasTransparency ? entry[3] : 255, background: background)
        }
        // Of 16 bits the high byte; fewer bits cover 0 to 255.
        let bytes = pixel.map { depth == 16 ? $0 / 256 : $0 * 255 / largest }
        if channelCount % 2 == 0 { return grey(bytes.dropLast(), alpha: bytes.last!, background: background) }
        return grey(bytes, alpha: kind.hasTransparency && pixel == key ? 0 : 255, background: background)
      }
    }
    let file = HandMadePNG.file(
      depth: kind.depth, kind.type, isInterlaced: kind.isInterlaced, samples: samples, chunks: chunks)
    return (file, pixels)
  }

  @Test(arguments: Kind.all) func `every kind gives its pixels`(kind: Kind) throws {
    var generator = SeededGenerator(seed: 7)
    // Sizes that leave some of the seven passes without pixels, and the ends of rows with unused bits.
    for (height, width, isInverted) in [(1, 1, false), (2, 3, true), (5, 4, false), (4, 5, true), (9, 17, false)] {
      let (file, pixels) = example(kind, height: height, width: width, background: isInverted ? 255 : 0, &generator)
      let reader = ImageReader(ImageSize(height: height, width: width, channels: 1), isInverted: isInverted)
      let found = try reader.read([folder.write("image", file)])[0].pixels
      #expect(found == (isInverted ? pixels.map { 255 - $0 } : pixels), "\(height) × \(width)")
    }
  }

  @Test func `an interlaced ramp of 16 bits stays a ramp`() throws {
    let ramp = (0..<4).map { y in (0..<4).map { x in 0x1111 * (4 * y + x) } }
    for isInterlaced in [false, true] {
      let file = HandMadePNG.file(depth: 16, .grey, isInterlaced: isInterlaced, samples: ramp)
      let pixels = try ImageReader(ImageSize(height: 4, width: 4, channels: 1)).read([folder.write("ramp", file)])[0]
        .pixels
      #expect(pixels == (0..<16).map { 17 * $0 })
    }
  }

  @Test func `gamma and colour spaces change nothing`() throws {
    let samples = [[200, 10, 30, 0, 128, 255]]
    let plain = HandMadePNG.file(depth: 8, .rgb, isInterlaced: false, samples: samples)
    let chunks =
      HandMadePNG.chunk("gAMA", HandMadePNG.bigEndian(100_000)) + HandMadePNG.chunk("sRGB", [0])
      + HandMadePNG.chunk("sBIT", [3, 3, 3]) + HandMadePNG.chunk("bKGD", [0, 9, 0, 9, 0, 9])
      + HandMadePNG.chunk("iCCP", [0x61, 0, 0, 1, 2, 3])
    let marked = HandMadePNG.file(depth: 8, .rgb, isInterlaced: false, samples: samples, chunks: chunks)
    let reader = ImageReader(ImageSize(height: 1, width: 2, channels: 1))
    let pixels = try [plain, marked].map { try reader.read([folder.write("image", $0)])[0].pixels }
    #expect(pixels[0] == pixels[1] && pixels[0] == [69, 104])
  }

  @Test func `interlaced files that are cut or damaged are refused`() throws {
    var generator = SeededGenerator(seed: 1)
    let kind = Kind(type: .grey, depth: 16, isInterlaced: true, hasTransparency: false)
    let (file, _) = example(kind, height: 3, width: 3, background: 0, &generator)
    let reader = ImageReader(ImageSize(height: 3, width: 3, channels: 1))
    for place in file.indices {
      var changed = file
      changed[place] ^= 0x10
      for bytes in [Array(file.prefix(place)), changed] {
        #expect(throws: ImageFileError.self, "byte \(place)") { try reader.read([folder.write("broken", bytes)]) }
      }
    }
  }
}

import Foundation
import TelarData
import TestSupport
import Testing

@Suite("Image files")
struct ImageReaderTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func pixels(_ bytes: [UInt8], height: Int = 2, width: Int = 3, isInverted: Bool = false) throws -> [UInt8] {
    let path = try folder.write("image", bytes)
    let images = try ImageReader(ImageSize(height: height, width: width, channels: 1), isInverted: isInverted).read([
      path
    ])
    #expect(images.count == 1 && images[0].name == path)
    return images[0].pixels
  }

  private func problem(_ bytes: [UInt8], height: Int = 2, width: Int = 3, kind: ImageFileError.Kind = .malformed) throws
    -> String
  {
    let path = try folder.write("broken", bytes)
    let error = #expect(throws: ImageFileError.self) {
      try ImageReader(ImageSize(height: height, width: width, channels: 1)).read([path])
    }
    #expect(error?.kind == kind && error?.path == path)
    return error?.problem ?? ""
  }

  private let rows: [[UInt8]] = [[0, 1, 128], [254, 255, 77]]

  @Test func `grey stays what it is`() throws {
    #expect(try pixels(HandMadePNG.file(width: 3, height: 2, rows: rows)) == rows.flatMap { $0 })
    #expect(
      try pixels(HandMadePNG.file(width: 3, height: 2, rows: rows), isInverted: true) == [255, 254, 127, 1, 0, 178])
    // 16 bits a sample, 4, and 1.
    let wide = rows.map { $0.flatMap { [$0, $0] } }
    #expect(try pixels(HandMadePNG.file(width: 3, height: 2, depth: 16, rows: wide)) == rows.flatMap { $0 })
    #expect(
      try pixels(HandMadePNG.file(width: 3, height: 2, depth: 4, rows: [[0x0f, 0x80], [0x12, 0x30]]))
        == [0, 255, 136, 17, 34, 51])
    #expect(
      try pixels(HandMadePNG.file(width: 3, height: 2, depth: 1, rows: [[0b1010_0000], [0b0110_0000]]))
        == [255, 0, 255, 0, 255, 255])
  }

  @Test func `colours become grey by the weights of ITU-R 601`() throws {
    let grey = rows.map { $0.flatMap { [$0, $0, $0] } }
    #expect(try pixels(HandMadePNG.file(width: 3, height: 2, .rgb, rows: grey)) == rows.flatMap { $0 })
    #expect(
      try pixels(HandMadePNG.file(width: 3, height: 1, .rgb, rows: [[255, 0, 0, 0, 255, 0, 0, 0, 255]]), height: 1)
        == [76, 150, 29])
    let palette = HandMadePNG.chunk("PLTE", [0, 0, 0, 9, 9, 9, 200, 200, 200])
    #expect(
      try pixels(
        HandMadePNG.file(width: 3, height: 2, .palette, rows: [[0, 1, 2], [2, 2, 1]], chunks: palette))
        == [0, 9, 200, 200, 200, 9])
  }

  @Test func `what is transparent becomes the background of the data set`() throws {
    let rows: [[UInt8]] = [[80, 255, 80, 0], [10, 255, 200, 0]]
    let file = HandMadePNG.file(width: 2, height: 2, .greyAlpha, rows: rows)
    #expect(try pixels(file, width: 2) == [80, 0, 10, 0])
    #expect(try pixels(file, width: 2, isInverted: true) == [175, 0, 245, 0])
    let colours = rows.map { row in [0, 2].flatMap { [row[$0], row[$0], row[$0], row[$0 + 1]] } }
    #expect(try pixels(HandMadePNG.file(width: 2, height: 2, .rgba, rows: colours), width: 2) == [80, 0, 10, 0])
  }

  @Test func `a PNG of another size is refused by its header`() throws {
    #expect(
      try problem(HandMadePNG.file(width: 3, height: 2, rows: rows), height: 28, width: 28, kind: .mismatch)
        == "is 3 × 2 pixels, and the network takes 28 × 28")
    let huge = HandMadePNG.signature + HandMadePNG.header(width: 1_000_000, height: 1_000_000)
    #expect(
      try problem(huge + HandMadePNG.chunk("IDAT", []), kind: .mismatch)
        == "is 1000000 × 1000000 pixels, and the network takes 3 × 2")
    let beyond = HandMadePNG.signature + HandMadePNG.header(width: 0x7fff_ffff, height: 0x7fff_ffff)
    #expect(try problem(beyond + HandMadePNG.chunk("IDAT", [])).contains("damaged PNG"))
  }

  @Test func `a PNG cut anywhere is refused`() throws {
    let file = HandMadePNG.file(width: 3, height: 2, rows: rows)
    for count in 0..<file.count {
      #expect(throws: ImageFileError.self) {
        try ImageReader(ImageSize(height: 2, width: 3, channels: 1)).read([
          folder.write("cut", Array(file.prefix(count)))
        ])
      }
    }
  }

  @Test func `a PNG with any byte changed is refused`() throws {
    // Also one in a chunk that is not used: its check sum is wrong too.
    let file = HandMadePNG.file(
      width: 3, height: 2, .rgb, rows: rows.map { $0.flatMap { [$0, 0, $0] } },
      chunks: HandMadePNG.chunk("tEXt", [0x61, 0, 0x62]))
    for place in file.indices {
      for change: UInt8 in [1, 0x80, 0xff] {
        var bytes = file
        bytes[place] ^= change
        #expect(throws: ImageFileError.self, "byte \(place)") {
          try ImageReader(ImageSize(height: 2, width: 3, channels: 1)).read([folder.write("changed", bytes)])
        }
      }
    }
  }

  @Test func `a profile that unpacks to far more than its file is no burden`() throws {
    // An ICC profile of 1 MB of zeros, compressed, in each of many chunks, and texts beside it.
    let packed = gzip([UInt8](repeating: 0, count: 8_000_000))
    let text = HandMadePNG.chunk("zTXt", Array("a".utf8) + [0, 0] + Array(packed.dropFirst(10)))
    let profile = HandMadePNG.chunk("iCCP", Array("a".utf8) + [0, 0] + Array(packed.dropFirst(10)))
    let file = HandMadePNG.file(
      width: 3, height: 2, rows: rows, chunks: profile + (0..<2_000).flatMap { _ in text })
    #expect(try pixels(file) == rows.flatMap { $0 })
  }

  @Test func `IDX files give their images, all or some`() throws {
    let bytes = SmallDataSet.idx([3, 1, 2], [1, 2, 3, 4, 5, 6])
    for file in [bytes, gzip(bytes)] {
      let path = try folder.write("images", file)
      var reader = ImageReader(ImageSize(height: 1, width: 2, channels: 1))
      #expect(try reader.read([path]).map(\.pixels) == [[1, 2], [3, 4], [5, 6]])
      reader.range = 1...1
      #expect(try reader.read([path]) == [NamedImage(name: path + "#1", height: 1, width: 2, pixels: [3, 4])])
      reader.range = 1...2
      reader.isInverted = true
      #expect(try reader.read([path, path]).map(\.pixels) == [[252, 251], [250, 249], [252, 251], [250, 249]])
      reader.range = 1...3
      #expect(throws: ImageFileError.self) { try reader.read([path]) }
      #expect(
        try ImageReader(ImageSize(height: 1, width: 2, channels: 1), first: 2).read([path]).map(\.pixels) == [
          [1, 2], [3, 4],
        ])
      #expect(try ImageReader(ImageSize(height: 1, width: 2, channels: 1), first: 9).read([path]).count == 3)
      reader.range = 3...5
      let error = #expect(throws: ImageFileError.self) { try reader.read([path]) }
      #expect(error?.description == "\(path) has 3 images, counted from 0, and none at 3.")
    }
    #expect(
      try problem(bytes, kind: .mismatch) == "has images of 2 × 1 pixels, and the network takes 3 × 2")
  }

  @Test func `no more of an IDX file is read than is taken`() throws {
    // Two gigabytes without a single block on the disk.
    let sparse = try folder.writeSparse("sparse", length: 16 + 1_000_000 * 2_000)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: sparse))
    try file.write(contentsOf: Data(SmallDataSet.idx([1_000_000, 40, 50], [7])))
    try file.seek(toOffset: 16 + 999_999 * 2_000)
    try file.write(contentsOf: Data([9]))
    var reader = ImageReader(ImageSize(height: 40, width: 50, channels: 1), first: 2)
    #expect(try reader.read([sparse]).map { $0.pixels[0] } == [7, 0])
    (reader.first, reader.range) = (nil, 999_999...999_999)
    #expect(try reader.read([sparse]).map { $0.pixels[0] } == [9])
    reader.range = 0...999_999
    let error = #expect(throws: ImageFileError.self) { try reader.read([sparse]) }
    #expect(error?.problem.hasPrefix("makes more than 134217 images") == true)
    reader.range = nil
    #expect(throws: ImageFileError.self) { try reader.read([sparse]) }
    // A gzip file that is damaged somewhere gives no images, not even those in front of the damage.
    let noise = Permutation(count: 400_000, seed: 1, epoch: 1).indices.map { UInt8(truncatingIfNeeded: $0) }
    var packed = gzip(SmallDataSet.idx([200, 40, 50], noise))
    packed[packed.count - 6] ^= 1
    let damaged = try folder.write("damaged.gz", packed)
    for first in [3, 200] {
      reader.first = first
      #expect(throws: ImageFileError.self) { try reader.read([damaged]) }
    }
    packed[packed.count - 6] ^= 1
    let sound = try folder.write("sound.gz", packed)
    reader.first = 3
    #expect(try reader.read([sound]).map { $0.pixels[0] } == [noise[0], noise[2_000], noise[4_000]])
  }

  @Test func `what is no image is refused`() throws {
    #expect(try problem([]) == "is neither a PNG, a JPEG nor an IDX file (it is empty)")
    #expect(
      try problem(Array("GIF89a".utf8)) == "is neither a PNG, a JPEG nor an IDX file (it begins with 47 49 46 38)")
    #expect(try problem(SmallDataSet.idx([5], [1, 2, 3, 4, 5])).contains("not an IDX file of 3-dimensional bytes"))
    #expect(try problem(SmallDataSet.idx([4_000_000_000, 2, 3], [1])).contains("more than the 1200000 allowed"))
    #expect(try problem(Array(gzip(SmallDataSet.idx([1, 2, 3], [1, 2])).dropLast(9))).contains("cut short"))
    let pipe = folder.path + "/pipe"
    mkfifo(pipe, 0o600)
    for path in [folder.path, pipe, folder.path + "/nothing"] {
      let error = #expect(throws: ImageFileError.self) {
        try ImageReader(ImageSize(height: 2, width: 3, channels: 1)).read([path])
      }
      #expect(error?.kind == .unreadable && error?.path == path)
    }
  }
}

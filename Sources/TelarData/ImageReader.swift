import TelarIO

/// Reads images of one size from files: PNG, JPEG, and IDX with or without gzip, recognised by their first bytes.
public struct ImageReader: Sendable {
  public var size: ImageSize
  /// The images of an IDX file to read, from 0; all of them must exist. `nil` for all images.
  public var range: ClosedRange<Int>?
  /// The most images to read from the start of an IDX file.
  public var first: Int?
  /// Whether to invert greys and colours: Fashion-MNIST is white on black.
  public var isInverted: Bool
  /// How PNG and JPEG images are brought to the size; `nil` where they must have it.
  public var preparation: ImagePreparation?

  /// Limits of one call: the most images, and the most pixels in all of them.
  public static let mostImages = 200_000
  private static let mostPixels = 1 << 28
  /// The longest PNG or JPEG file; one of a network's input size is shorter.
  private static let longestFile = 64 << 20

  public init(
    _ size: ImageSize, range: ClosedRange<Int>? = nil, first: Int? = nil, isInverted: Bool = false,
    preparation: ImagePreparation? = nil
  ) {
    self.size = size
    self.preparation = preparation
    self.range = range
    self.first = first
    self.isInverted = isInverted
  }

  /// Reads the images of the files in order. Of a plain IDX file, only the requested images are read.
  ///
  /// - Throws: ``ImageFileError``.
  public func read(_ paths: [String]) throws(ImageFileError) -> [NamedImage] {
    var images: [NamedImage] = []
    for path in paths { images += try read(path, atMost: mostImages - images.count) }
    return images
  }

  /// The most images of this size in one call.
  private var mostImages: Int { min(Self.mostImages, max(1, Self.mostPixels / size.byteCount)) }

  /// - Parameter room: the most images that may be added.
  private func read(_ path: String, atMost room: Int) throws(ImageFileError) -> [NamedImage] {
    let stream: ByteStream
    var head = [UInt8](repeating: 0, count: PNGFile.signature.count)
    do {
      // A PNG file is not gzip, so the stream returns its bytes unchanged.
      stream = try ByteStream(path: path)
      let count = try head.withUnsafeMutableBytes { try stream.read(into: $0) }
      head.removeLast(head.count - count)
    } catch {
      throw Self.failure(error, path)
    }
    if head == PNGFile.signature || head.starts(with: JPEGFile.signature) {
      guard room > 0 else { throw tooMany(path) }
      return [try file(path)]
    }
    guard head.prefix(2) == [0, 0] else {
      let found = head.prefix(4).map { String($0, radix: 16) }.map { $0.count < 2 ? "0" + $0 : $0 }
      throw ImageFileError(
        .malformed, path: path,
        "is neither a PNG, a JPEG nor an IDX file (\(found.isEmpty ? "it is empty" : "it begins with \(found.joined(separator: " "))"))"
      )
    }
    do { return try idx(path, atMost: room) } catch { throw Self.failure(error, path) }
  }

  private func file(_ path: String) throws(ImageFileError) -> NamedImage {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, atMost: Self.longestFile)
    } catch {
      throw ImageFileError(error.kind == .tooLong ? .malformed : .unreadable, path: path, error.problem)
    }
    // Transparent pixels are shown on the dark background of the data set.
    let background: UInt8 = isInverted ? 255 : 0
    if var preparation {
      preparation.channels = size.channels
      let raster = preparation.applied(to: try ImageFile.raster(bytes, path: path), background: background)
      try checkSize(raster.width, raster.height, path)
      return image(path, raster.samples)
    }
    func check(_ width: Int, _ height: Int) throws(ImageFileError) { try checkSize(width, height, path) }
    let raster =
      bytes.starts(with: PNGFile.signature)
      ? try PNGFile.raster(bytes, path: path, check: check) : try ImageFile.raster(bytes, path: path)
    try check(raster.width, raster.height)
    return image(path, raster.pixels(channels: size.channels, background: background))
  }

  private func checkSize(_ width: Int, _ height: Int, _ path: String) throws(ImageFileError) {
    guard (width, height) == (size.width, size.height) else {
      throw ImageFileError(
        .mismatch, path: path, "is \(width) × \(height) pixels, and the network takes \(size.width) × \(size.height)")
    }
  }

  private func idx(_ path: String, atMost room: Int) throws -> [NamedImage] {
    let count = size.byteCount
    var file = try IDXStream(path: path, rank: size.channels == 1 ? 3 : 4)
    if first == nil, range == nil { try file.checkCount(atMost: mostImages * count) }
    let d = file.dimensions
    guard d[1] == size.height, d[2] == size.width, size.channels == 1 || d[3] == size.channels else {
      throw ImageFileError(
        .mismatch, path: path,
        "has images of \(d[2]) × \(d[1]) pixels\(d.count > 3 ? " of \(d[3]) channels" : ""), and the network takes "
          + "\(size.width) × \(size.height)\(size.channels > 1 ? " of \(size.channels)" : "")")
    }
    let range = range ?? 0...(min(d[0], first ?? d[0]) - 1)
    guard range.lowerBound >= 0, range.upperBound < d[0] else {
      let missing = range.lowerBound < d[0] ? range.upperBound : range.lowerBound
      throw ImageFileError(.mismatch, path: path, "has \(d[0]) images, counted from 0, and none at \(missing)")
    }
    guard range.count <= room else { throw tooMany(path) }
    try file.checkLength()
    try file.skip(range.lowerBound * count)
    var images: [NamedImage] = []
    for index in range { images.append(image("\(path)#\(index)", try file.read(count))) }
    // A gzip file is verified only at its end, so it is decompressed up to there, without keeping the values.
    try file.skip((d[0] - 1 - range.upperBound) * count)
    _ = try file.finish()
    return images
  }

  private func tooMany(_ path: String) -> ImageFileError {
    ImageFileError(
      .mismatch, path: path,
      "makes more than \(mostImages) images, which are read at a time; take some of them by --first or --range")
  }

  private func image(_ name: String, _ pixels: [UInt8]) -> NamedImage {
    NamedImage(name: name, size: size, pixels: isInverted ? inverted(pixels) : pixels)
  }

  /// All channels but that of opacity.
  private func inverted(_ pixels: [UInt8]) -> [UInt8] {
    pixels.enumerated().map { size.channels == 4 && $0 % 4 == 3 ? $1 : 255 - $1 }
  }

  /// Converts an error of a data set's file to one of an image file.
  private static func failure(_ error: any Error, _ path: String) -> ImageFileError {
    switch error {
    case let error as ImageFileError: error
    case DataError.unreadable(_, let reason), DataError.missing(_, let reason):
      ImageFileError(.unreadable, path: path, "cannot be read: \(reason)")
    case DataError.malformed(_, let problem):
      ImageFileError(.malformed, path: path, "is no file of images: \(problem)")
    default: ImageFileError(.unreadable, path: path, "cannot be read: \(error)")
    }
  }
}

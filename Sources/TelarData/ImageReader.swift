import TelarIO

/// A grey image with a name.
public struct GreyImage: Sendable, Equatable {
  /// The file's path, followed by `#index` in a file of several images.
  public var name: String
  public var height: Int
  public var width: Int
  /// `[height, width]`, 0 black to 255 white.
  public var pixels: [UInt8]

  /// - Precondition: there are height · width pixels.
  public init(name: String, height: Int, width: Int, pixels: [UInt8]) {
    precondition(pixels.count == height * width, "\(pixels.count) pixels for \(height) × \(width)")
    self.name = name
    self.height = height
    self.width = width
    self.pixels = pixels
  }
}

/// Reads images of one size from files: PNG, and IDX with or without gzip, recognised by their first bytes.
public struct ImageReader: Sendable {
  public var height: Int
  public var width: Int
  /// The images of an IDX file to read, from 0; all of them must exist. `nil` for all images.
  public var range: ClosedRange<Int>?
  /// The most images to read from the start of an IDX file.
  public var first: Int?
  /// Whether to invert the greys: Fashion-MNIST is white on black.
  public var isInverted: Bool

  /// Limits of one call: the most images, and the most pixels in all of them.
  public static let mostImages = 200_000
  private static let mostPixels = 1 << 28
  /// The longest PNG file; one of a network's input size is shorter.
  private static let longestPNG = 64 << 20

  public init(
    height: Int, width: Int, range: ClosedRange<Int>? = nil, first: Int? = nil, isInverted: Bool = false
  ) {
    self.height = height
    self.width = width
    self.range = range
    self.first = first
    self.isInverted = isInverted
  }

  /// Reads the images of the files in order. Of a plain IDX file, only the requested images are read.
  ///
  /// - Throws: ``ImageFileError``.
  public func read(_ paths: [String]) throws(ImageFileError) -> [GreyImage] {
    var images: [GreyImage] = []
    for path in paths { images += try read(path, atMost: mostImages - images.count) }
    return images
  }

  /// The most images of this size in one call.
  private var mostImages: Int { min(Self.mostImages, max(1, Self.mostPixels / (height * width))) }

  /// - Parameter room: the most images that may be added.
  private func read(_ path: String, atMost room: Int) throws(ImageFileError) -> [GreyImage] {
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
    if head == PNGFile.signature {
      guard room > 0 else { throw tooMany(path) }
      return try png(path)
    }
    guard head.prefix(2) == [0, 0] else {
      let found = head.prefix(4).map { String($0, radix: 16) }.map { $0.count < 2 ? "0" + $0 : $0 }
      throw ImageFileError(
        .malformed, path: path,
        "is neither a PNG nor an IDX file (\(found.isEmpty ? "it is empty" : "it begins with \(found.joined(separator: " "))"))"
      )
    }
    do { return try idx(path, atMost: room) } catch { throw Self.failure(error, path) }
  }

  private func png(_ path: String) throws(ImageFileError) -> [GreyImage] {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, atMost: Self.longestPNG)
    } catch {
      throw ImageFileError(error.kind == .tooLong ? .malformed : .unreadable, path: path, error.problem)
    }
    // Transparent pixels are shown on the dark background of the data set.
    let pixels = try PNGFile.greyPixels(
      bytes, path: path, height: height, width: width, background: isInverted ? 255 : 0)
    return [image(path, pixels[...])]
  }

  private func idx(_ path: String, atMost room: Int) throws -> [GreyImage] {
    let size = height * width
    var file = try IDXStream(path: path, rank: 3)
    if first == nil, range == nil { try file.checkCount(atMost: mostImages * size) }
    let d = file.dimensions
    guard d[1] == height, d[2] == width else {
      throw ImageFileError(
        .mismatch, path: path, "has images of \(d[2]) × \(d[1]) pixels, and the network takes \(width) × \(height)")
    }
    let range = range ?? 0...(min(d[0], first ?? d[0]) - 1)
    guard range.lowerBound >= 0, range.upperBound < d[0] else {
      let missing = range.lowerBound < d[0] ? range.upperBound : range.lowerBound
      throw ImageFileError(.mismatch, path: path, "has \(d[0]) images, counted from 0, and none at \(missing)")
    }
    guard range.count <= room else { throw tooMany(path) }
    try file.checkLength()
    try file.skip(range.lowerBound * size)
    var images: [GreyImage] = []
    for index in range { images.append(image("\(path)#\(index)", try file.read(size)[...])) }
    // A gzip file is verified only at its end, so it is decompressed up to there, without keeping the values.
    try file.skip((d[0] - 1 - range.upperBound) * size)
    _ = try file.finish()
    return images
  }

  private func tooMany(_ path: String) -> ImageFileError {
    ImageFileError(
      .mismatch, path: path,
      "makes more than \(mostImages) images, which are read at a time; take some of them by --first or --range")
  }

  private func image(_ name: String, _ pixels: ArraySlice<UInt8>) -> GreyImage {
    GreyImage(
      name: name, height: height, width: width, pixels: isInverted ? pixels.map { 255 - $0 } : Array(pixels))
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

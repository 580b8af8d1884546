/// An image with a name.
public struct NamedImage: Sendable, Equatable {
  /// The file's path, followed by `#index` in a file of several images.
  public var name: String
  public var size: ImageSize
  /// `[height, width, channels]`, 0 black to 255 white.
  public var pixels: [UInt8]

  /// - Precondition: there are as many pixels as the size says.
  public init(name: String, size: ImageSize, pixels: [UInt8]) {
    precondition(pixels.count == size.byteCount, "\(pixels.count) bytes for \(size.text)")
    self.name = name
    self.size = size
    self.pixels = pixels
  }

  /// A grey image.
  ///
  /// - Precondition: there are height · width pixels.
  public init(name: String, height: Int, width: Int, pixels: [UInt8]) {
    self.init(name: name, size: ImageSize(height: height, width: width, channels: 1), pixels: pixels)
  }
}

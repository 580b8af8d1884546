import Foundation
import TelarIO

/// Reads image files of the formats that are known, by their first bytes.
package enum ImageFile {
  /// The longest file that is read.
  private static let longest = 256 << 20
  /// The most pixels of an image, which are 8192 × 8192.
  static let mostPixels = 1 << 26
  /// Images of more pixels are decoded one at a time, so that many threads do not exhaust memory.
  private static let largePixels = 1 << 22
  private static let large = NSLock()

  /// The first bytes of formats that are not read, and their names.
  private static let others: [(start: [UInt8], name: String)] = [
    ([0x47, 0x49, 0x46, 0x38], "GIF"), ([0x42, 0x4d], "BMP"), ([0x49, 0x49, 0x2a, 0], "TIFF"),
    ([0x4d, 0x4d, 0, 0x2a], "TIFF"), ([0x52, 0x49, 0x46, 0x46], "WebP"), ([0x00, 0x00, 0x01, 0x00], "ICO"),
    ([0x50, 0x35], "PGM"), ([0x50, 0x36], "PPM"),
  ]

  /// Reads an image.
  ///
  /// - Throws: ``ImageFileError`` for a file that cannot be read, is of another format or damaged, or whose header
  ///   announces more pixels than ``mostPixels``, which is found before anything is unpacked.
  static func raster(_ path: String) throws(ImageFileError) -> Raster {
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, atMost: longest) } catch {
      throw ImageFileError(error.kind == .tooLong ? .malformed : .unreadable, path: path, error.problem)
    }
    return try raster(bytes, path: path)
  }

  /// Reads the image in a file's bytes.
  package static func raster(_ bytes: [UInt8], path: String) throws(ImageFileError) -> Raster {
    var isLocked = false
    defer { if isLocked { large.unlock() } }
    func check(_ width: Int, _ height: Int) throws(ImageFileError) {
      guard width > 0, height > 0, width <= mostPixels / height else {
        throw ImageFileError(
          .malformed, path: path, "announces \(width) × \(height) pixels, more than the \(mostPixels) allowed")
      }
      if width * height > largePixels {
        large.lock()
        isLocked = true
      }
    }
    if bytes.starts(with: PNGFile.signature) { return try PNGFile.raster(bytes, path: path, check: check) }
    if bytes.starts(with: JPEGFile.signature) { return try JPEGFile.raster(bytes, path: path, check: check) }
    guard !bytes.isEmpty else { throw ImageFileError(.malformed, path: path, "is empty") }
    let name = others.first { bytes.starts(with: $0.start) }?.name
    throw ImageFileError(
      .malformed, path: path, "is \(name.map { "a \($0) file" } ?? "neither PNG nor JPEG"); only PNG and JPEG are read")
  }
}

extension [UInt8] {
  /// Calls what reads a file's bytes through a pointer, which holds until it returns.
  func read<Value>(
    by body: (UnsafeBufferPointer<UInt8>) throws(ImageFileError) -> Value
  ) throws(ImageFileError) -> Value {
    let value = withUnsafeBufferPointer { file in Result { () throws(ImageFileError) in try body(file) } }
    return try value.get()
  }
}

extension ImagePreparation {
  /// The raster in the size and with the channels that are asked for.
  ///
  /// Channels are converted first, as by torchvision: what is transparent lies over black, unless opacity is kept.
  ///
  /// - Parameter background: the grey behind transparent pixels.
  package func applied(to raster: Raster, background: UInt8 = 0) -> Raster {
    let count = channels ?? (raster.channels <= 2 ? 1 : 3)
    let image = Raster(
      height: raster.height, width: raster.width, channels: count,
      samples: raster.pixels(channels: count, background: background))
    guard let size else { return image }
    return fit == .crop
      ? image.cropped(height: size.height, width: size.width) : image.resized(height: size.height, width: size.width)
  }
}

import CPNG
import Foundation

/// A row of small grey images in a single PNG.
struct Strip {
  let width: Int
  let height: Int
  let png: [UInt8]

  /// - Parameters:
  ///   - pictures: each of `height` · `width` pixels in row-major order, 0 black to 1 white.
  ///   - gap: transparent pixels between images.
  /// - Returns: `nil` without images, or when libpng rejects them.
  init?(_ pictures: [[Float]], height: Int, width: Int, gap: Int) {
    guard !pictures.isEmpty, height > 0, width > 0 else { return nil }
    let total = pictures.count * (width + gap) - gap
    // Grey and alpha, one byte each.
    var pixels = [UInt8](repeating: 0, count: height * total * 2)
    for (index, picture) in pictures.enumerated() where picture.count == height * width {
      for y in 0..<height {
        for x in 0..<width {
          let place = 2 * (y * total + index * (width + gap) + x)
          let value = picture[y * width + x]
          pixels[place] = value.isFinite ? UInt8(max(0, min(255, (value * 255).rounded()))) : 0
          pixels[place + 1] = 255
        }
      }
    }
    guard let png = GreyPNG.encode(pixels, height: height, width: total, hasOpacity: true) else { return nil }
    (self.width, self.height, self.png) = (total, height, png)
  }

  /// The PNG as a data URL.
  var address: String { "data:image/png;base64," + Data(png).base64EncodedString() }
}

/// Reads and writes grey PNG files through libpng's simplified interface.
enum GreyPNG {
  /// - Parameter pixels: rows of grey values, each followed by alpha where there is one.
  /// - Returns: `nil` when libpng rejects them.
  static func encode(_ pixels: [UInt8], height: Int, width: Int, hasOpacity: Bool) -> [UInt8]? {
    precondition(
      pixels.count == height * width * (hasOpacity ? 2 : 1), "\(pixels.count) bytes for \(height) × \(width)")
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = hasOpacity ? png_uint_32(PNG_FORMAT_GA) : png_uint_32(PNG_FORMAT_GRAY)
    defer { png_image_free(&image) }
    var count = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &count, 0, pixels, 0, nil) != 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    guard png_image_write_to_memory(&image, &bytes, &count, 0, pixels, 0, nil) != 0 else { return nil }
    return Array(bytes.prefix(Int(count)))
  }

  /// Recompresses a colourless PNG as grey, with the same pixels; returns it unchanged when it cannot be read.
  static func compact(_ file: [UInt8]) -> [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    // libpng uses the pointer until it has read the pixels.
    let pixels = file.withUnsafeBytes { bytes -> [UInt8]? in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else { return nil }
      image.format = png_uint_32(PNG_FORMAT_GRAY)
      var pixels = [UInt8](repeating: 0, count: Int(image.height) * Int(image.width))
      return png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 ? pixels : nil
    }
    guard let pixels else { return file }
    return encode(pixels, height: Int(image.height), width: Int(image.width), hasOpacity: false) ?? file
  }
}

import CPNG
import Foundation

/// A row of small images in a single PNG.
struct Strip {
  let width: Int
  let height: Int
  let png: [UInt8]

  /// - Parameters:
  ///   - pictures: each `[height, width, channels]`, 0 black to 1 white.
  ///   - channels: 1, 3 or 4; opacity is not shown.
  ///   - gap: transparent pixels between images.
  /// - Returns: `nil` without images, or when libpng rejects them.
  init?(_ pictures: [[Float]], height: Int, width: Int, channels: Int = 1, gap: Int) {
    guard !pictures.isEmpty, height > 0, width > 0 else { return nil }
    let total = pictures.count * (width + gap) - gap
    // Grey or colours, and alpha, one byte each.
    let shown = channels == 1 ? 1 : 3
    var pixels = [UInt8](repeating: 0, count: height * total * (shown + 1))
    for (index, picture) in pictures.enumerated() where picture.count == height * width * channels {
      for y in 0..<height {
        for x in 0..<width {
          let place = (shown + 1) * (y * total + index * (width + gap) + x)
          for channel in 0..<shown {
            let value = picture[(y * width + x) * channels + channel]
            pixels[place + channel] = value.isFinite ? UInt8(max(0, min(255, (value * 255).rounded()))) : 0
          }
          pixels[place + shown] = 255
        }
      }
    }
    guard let png = SmallPNG.encode(pixels, height: height, width: total, samples: shown + 1) else { return nil }
    (self.width, self.height, self.png) = (total, height, png)
  }

  /// The PNG as a data URL.
  var address: String { "data:image/png;base64," + Data(png).base64EncodedString() }
}

/// Writes small PNG files through libpng's simplified interface.
package enum SmallPNG {
  /// - Parameters:
  ///   - pixels: `[height, width, samples]`
  ///   - samples: 1 grey; 2 grey and opacity; 3 red, green and blue; 4 these and opacity.
  /// - Returns: `nil` when libpng rejects them.
  package static func encode(_ pixels: [UInt8], height: Int, width: Int, samples: Int) -> [UInt8]? {
    precondition(pixels.count == height * width * samples, "\(pixels.count) bytes for \(height)×\(width)×\(samples)")
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    // A bit for opacity, and one for colour.
    image.format = png_uint_32(samples - 1)
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
    return encode(pixels, height: Int(image.height), width: Int(image.width), samples: 1) ?? file
  }
}

import CPNG

/// Portable network graphics as grey pixels, by libpng's simplified interface, whose errors are results and no jumps.
enum PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads a PNG of any depth and colour type. Colours become grey by their luminance, and depths eight bits.
  ///
  /// The header is held against the size that is wanted before there is memory for pixels; libpng itself bounds what
  /// other chunks take.
  ///
  /// - Parameters:
  ///   - path: what errors name.
  ///   - background: the grey behind what is transparent.
  /// - Returns: `[height, width]`, 0 black to 255 white.
  static func greyPixels(
    _ bytes: [UInt8], path: String, height: Int, width: Int, background: UInt8
  ) throws(ImageFileError) -> [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    // libpng keeps the address until it has read the pixels.
    let pixels: Result<[UInt8], ImageFileError> = bytes.withUnsafeBytes { file in
      func failure(_ image: png_image) -> ImageFileError {
        let text = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return ImageFileError(.malformed, path: path, "is a damaged PNG (\(text))")
      }
      guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
        return .failure(failure(image))
      }
      guard image.height == height, image.width == width else {
        return .failure(
          ImageFileError(
            .mismatch, path: path,
            "is \(image.width) × \(image.height) pixels, and the network takes \(width) × \(height)"))
      }
      image.format = png_uint_32(PNG_FORMAT_GRAY)
      // Samples of 16 bits are as those of 8, where the file does not say otherwise.
      image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      var behind = png_color(red: background, green: background, blue: background)
      var pixels = [UInt8](repeating: 0, count: height * width)
      guard png_image_finish_read(&image, &behind, &pixels, png_int_32(width), nil) != 0 else {
        return .failure(failure(image))
      }
      return .success(pixels)
    }
    return try pixels.get()
  }
}

import CPNGRows

/// Reads PNG files through libpng's row interface.
///
/// Samples are as stored: gamma, sRGB and colour profiles are ignored, as by Pillow. Of 16-bit samples the high byte is
/// used, where Pillow clips all values of a grey image from 256 on to white.
enum PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads a PNG of any bit depth and colour type, interlaced or not.
  ///
  /// Ancillary chunks are skipped without decompression; palettes are resolved, and tRNS becomes a channel of opacity.
  ///
  /// - Parameters:
  ///   - path: the path, for error messages.
  ///   - check: refuses a width and height, before memory for them is allocated.
  static func raster(
    _ bytes: [UInt8], path: String, check: (_ width: Int, _ height: Int) throws(ImageFileError) -> Void
  ) throws(ImageFileError) -> Raster {
    try bytes.read { (file) throws(ImageFileError) in try raster(file, path: path, check: check) }
  }

  private static func raster(
    _ file: UnsafeBufferPointer<UInt8>, path: String,
    check: (_ width: Int, _ height: Int) throws(ImageFileError) -> Void
  ) throws(ImageFileError) -> Raster {
    guard let png = telar_png_begin(file.baseAddress, file.count) else {
      throw ImageFileError(.unreadable, path: path, "cannot be read: there is no memory for it")
    }
    defer { telar_png_end(png) }
    func damage() -> ImageFileError {
      ImageFileError(.malformed, path: path, "is a damaged PNG (\(String(cString: telar_png_error(png))))")
    }
    var (width, height): (UInt32, UInt32) = (0, 0)
    guard telar_png_read_header(png, &width, &height) else { throw damage() }
    try check(Int(width), Int(height))
    let channels = Int(telar_png_channel_count(png))
    var samples = [UInt8](repeating: 0, count: Int(height) * Int(width) * channels)
    guard telar_png_read_pixels(png, &samples) else { throw damage() }
    return Raster(height: Int(height), width: Int(width), channels: channels, samples: samples)
  }
}

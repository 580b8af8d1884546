import CPNGRows

/// Reads PNG files as grey pixels, through libpng's row interface.
///
/// The pixels equal those of Pillow's `Image.open(path).convert("L")`: grey is computed from the stored colours by the
/// weights of ITU-R 601; gamma, sRGB and colour profiles are ignored. There are two differences. For 16-bit samples the
/// high byte is used, where Pillow clips all values from 256 on to white. Transparent pixels, by an alpha channel or by
/// tRNS, are composed over a background, as by `Image.alpha_composite`, where Pillow shows the hidden colours.
enum PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads a PNG of any bit depth and colour type, interlaced or not.
  ///
  /// The size in the header is checked before memory is allocated; ancillary chunks are skipped without decompression.
  ///
  /// - Parameters:
  ///   - path: the path, for error messages.
  ///   - background: the grey behind transparent pixels.
  /// - Returns: `[height, width]`, 0 black to 255 white.
  static func greyPixels(
    _ bytes: [UInt8], path: String, height: Int, width: Int, background: UInt8
  ) throws(ImageFileError) -> [UInt8] {
    // libpng reads through this pointer until it is closed.
    let pixels: Result<[UInt8], ImageFileError> = bytes.withUnsafeBufferPointer { file in
      Result { () throws(ImageFileError) in
        try greyPixels(file, path: path, height: height, width: width, background: background)
      }
    }
    return try pixels.get()
  }

  private static func greyPixels(
    _ file: UnsafeBufferPointer<UInt8>, path: String, height: Int, width: Int, background: UInt8
  ) throws(ImageFileError) -> [UInt8] {
    guard let png = telar_png_begin(file.baseAddress, file.count) else {
      throw ImageFileError(.unreadable, path: path, "cannot be read: there is no memory for it")
    }
    defer { telar_png_end(png) }
    func damage() -> ImageFileError {
      ImageFileError(.malformed, path: path, "is a damaged PNG (\(String(cString: telar_png_error(png))))")
    }
    var (ownWidth, ownHeight): (UInt32, UInt32) = (0, 0)
    guard telar_png_read_header(png, &ownWidth, &ownHeight) else { throw damage() }
    guard ownHeight == height, ownWidth == width else {
      throw ImageFileError(
        .mismatch, path: path,
        "is \(ownWidth) × \(ownHeight) pixels, and the network takes \(width) × \(height)")
    }
    let channelCount = Int(telar_png_channel_count(png))
    var samples = [UInt8](repeating: 0, count: height * width * channelCount)
    guard telar_png_read_pixels(png, &samples) else { throw damage() }
    if channelCount == 1 { return samples }
    let hasAlpha = channelCount != 3
    return stride(from: 0, to: samples.count, by: channelCount).map { first in
      let alpha = hasAlpha ? Int(samples[first + channelCount - 1]) : 255
      /// Composes a channel over the background, rounded to the nearest integer.
      func shown(_ channel: Int) -> Int {
        (2 * (Int(samples[first + channel]) * alpha + Int(background) * (255 - alpha)) + 255) / 510
      }
      if channelCount == 2 { return UInt8(shown(0)) }
      // 0.299, 0.587 and 0.114 times 2¹⁶, Pillow's weights.
      return UInt8((shown(0) * 19_595 + shown(1) * 38_470 + shown(2) * 7_471 + 0x8000) >> 16)
    }
  }
}

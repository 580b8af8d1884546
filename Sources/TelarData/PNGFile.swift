import CPNGRows

/// Portable network graphics as grey pixels, by libpng's interface of rows.
///
/// Pixels are what Pillow's `Image.open(path).convert("L")` gives, so what a pipeline of PyTorch sees: grey is computed
/// from the colours as they are stored, by the weights of ITU-R 601; gamma, sRGB and colour profiles in the file are
/// ignored. It differs in two points. Of samples of 16 bits the high byte is taken, where Pillow makes all greys from
/// 256 white. And what is transparent, by an alpha channel or by tRNS, lies over a background, as by
/// `Image.alpha_composite`, where Pillow shows the colours that transparency hides.
enum PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  /// Reads a PNG of any depth and colour type, interlaced or not.
  ///
  /// The header is held against the size that is wanted before there is memory for pixels; chunks that are not needed
  /// are skipped and not unpacked.
  ///
  /// - Parameters:
  ///   - path: what errors name.
  ///   - background: the grey behind what is transparent.
  /// - Returns: `[height, width]`, 0 black to 255 white.
  static func greyPixels(
    _ bytes: [UInt8], path: String, height: Int, width: Int, background: UInt8
  ) throws(ImageFileError) -> [UInt8] {
    // libpng reads from this address until the end.
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
      /// A colour over the background, rounded to the nearest.
      func shown(_ channel: Int) -> Int {
        (2 * (Int(samples[first + channel]) * alpha + Int(background) * (255 - alpha)) + 255) / 510
      }
      if channelCount == 2 { return UInt8(shown(0)) }
      // 0.299, 0.587 and 0.114 of 2¹⁶, as Pillow has them.
      return UInt8((shown(0) * 19_595 + shown(1) * 38_470 + shown(2) * 7_471 + 0x8000) >> 16)
    }
  }
}

import CJPEGRows

/// Reads JPEG files through libjpeg-turbo's row interface: baseline and progressive, grey, colour and CMYK.
///
/// The pixels equal those of Pillow's `Image.open(path).convert("RGB")`, turned as `ImageOps.exif_transpose` turns them;
/// colour profiles are ignored.
package enum JPEGFile {
  static let signature: [UInt8] = [0xff, 0xd8, 0xff]

  /// Reads a JPEG.
  ///
  /// - Parameters:
  ///   - path: the path, for error messages.
  ///   - check: refuses a width and height, before memory for them is allocated.
  /// - Returns: grey or red, green and blue.
  static func raster(
    _ bytes: [UInt8], path: String, check: (_ width: Int, _ height: Int) throws(ImageFileError) -> Void
  ) throws(ImageFileError) -> Raster {
    try bytes.read { (file) throws(ImageFileError) in try raster(file, path: path, check: check) }
  }

  private static func raster(
    _ file: UnsafeBufferPointer<UInt8>, path: String,
    check: (_ width: Int, _ height: Int) throws(ImageFileError) -> Void
  ) throws(ImageFileError) -> Raster {
    guard let jpeg = telar_jpeg_begin(file.baseAddress, file.count) else {
      throw ImageFileError(.unreadable, path: path, "cannot be read: there is no memory for it")
    }
    defer { telar_jpeg_end(jpeg) }
    func damage() -> ImageFileError {
      ImageFileError(.malformed, path: path, "is a damaged JPEG (\(String(cString: telar_jpeg_error(jpeg))))")
    }
    var (width, height): (UInt32, UInt32) = (0, 0)
    guard telar_jpeg_read_header(jpeg, &width, &height) else { throw damage() }
    try check(Int(width), Int(height))
    // Markers are gone when the pixels have been read.
    var count = 0
    let exif = telar_jpeg_exif(jpeg, &count)
    let orientation = exif.map { exifOrientation(UnsafeBufferPointer(start: $0, count: count)) } ?? 1
    let channels = Int(telar_jpeg_channel_count(jpeg))
    var samples = [UInt8](repeating: 0, count: Int(height) * Int(width) * channels)
    guard telar_jpeg_read_pixels(jpeg, &samples) else { throw damage() }
    var raster = Raster(height: Int(height), width: Int(width), channels: channels, samples: samples)
    if channels == 4 { raster = raster.colours(ofInvertedCMYK: ()) }
    return raster.turned(by: orientation)
  }

  /// The orientation in Exif data, 1 to 8; 1 where there is none, or none that can be.
  ///
  /// - Source: CIPA DC-008, 4.6: a TIFF header, and entries of twelve bytes in its first directory.
  package static func exifOrientation(_ exif: UnsafeBufferPointer<UInt8>) -> Int {
    guard exif.count >= 8, exif[0] == exif[1], exif[0] == 0x49 || exif[0] == 0x4d else { return 1 }
    let isLittle = exif[0] == 0x49
    func number(_ place: Int, _ length: Int) -> Int? {
      guard place >= 0, place <= exif.count - length else { return nil }
      let bytes = exif[place..<(place + length)]
      return isLittle
        ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let start = number(4, 4), let count = number(start, 2) else { return 1 }
    for index in 0..<count {
      let entry = start + 2 + 12 * index
      guard let tag = number(entry, 2) else { return 1 }
      if tag == 0x0112, let value = number(entry + 8, 2) { return 1...8 ~= value ? value : 1 }
    }
    return 1
  }
}

extension Raster {
  /// The colours of CMYK samples that are stored inverted, by Pillow's `convert("RGB")`.
  fileprivate func colours(ofInvertedCMYK: Void) -> Raster {
    var colours: [UInt8] = []
    colours.reserveCapacity(height * width * 3)
    for first in stride(from: 0, to: samples.count, by: 4) {
      let light = Int(samples[first + 3])
      for channel in 0..<3 {
        let product = (255 - Int(samples[first + channel])) * light + 128
        colours.append(UInt8(max(0, light - (product + product >> 8) >> 8)))
      }
    }
    return Raster(height: height, width: width, channels: 3, samples: colours)
  }

  /// The image as it is to be seen, by its Exif orientation, 1 to 8: mirrored, turned, or both.
  func turned(by orientation: Int) -> Raster {
    guard 2...8 ~= orientation else { return self }
    let isUpright = orientation <= 4
    let (newHeight, newWidth) = isUpright ? (height, width) : (width, height)
    var turned = Raster(
      height: newHeight, width: newWidth, channels: channels, samples: [UInt8](repeating: 0, count: samples.count))
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        let (fromY, fromX) =
          switch orientation {
          case 2: (y, width - 1 - x)
          case 3: (height - 1 - y, width - 1 - x)
          case 4: (height - 1 - y, x)
          case 5: (x, y)
          case 6: (height - 1 - x, y)
          case 7: (height - 1 - x, width - 1 - y)
          default: (x, width - 1 - y)
          }
        for channel in 0..<channels {
          turned.samples[(y * newWidth + x) * channels + channel] =
            samples[(fromY * width + fromX) * channels + channel]
        }
      }
    }
    return turned
  }
}

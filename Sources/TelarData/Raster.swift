/// An image as a file holds it, eight bits a sample.
package struct Raster: Sendable, Equatable {
  package var height: Int
  package var width: Int
  /// 1 grey; 2 grey and opacity; 3 red, green and blue; 4 these and opacity.
  package var channels: Int
  /// `[height, width, channels]`
  package var samples: [UInt8]

  /// The pixels with another number of channels.
  ///
  /// Grey is 0.299 red, 0.587 green and 0.114 blue, as Pillow's `convert("L")` has it. Without a channel for opacity,
  /// images are composed over a background, as by `Image.alpha_composite`.
  ///
  /// - Parameters:
  ///   - count: 1, 3 or 4.
  ///   - background: the grey behind transparent pixels.
  /// - Returns: `[height, width, count]`
  func pixels(channels count: Int, background: UInt8) -> [UInt8] {
    if channels == count { return samples }
    let hasAlpha = channels == 2 || channels == 4
    let isGrey = channels <= 2
    var pixels: [UInt8] = []
    pixels.reserveCapacity(height * width * count)
    for first in stride(from: 0, to: samples.count, by: channels) {
      let alpha = hasAlpha ? Int(samples[first + channels - 1]) : 255
      /// Composes a channel over the background, rounded to the nearest integer.
      func shown(_ channel: Int) -> Int {
        let value = Int(samples[first + (isGrey ? 0 : channel)])
        return alpha == 255 || count == 4 ? value : (2 * (value * alpha + Int(background) * (255 - alpha)) + 255) / 510
      }
      switch count {
      case 1 where isGrey: pixels.append(UInt8(shown(0)))
      // 0.299, 0.587 and 0.114 times 2¹⁶, Pillow's weights.
      case 1: pixels.append(UInt8((shown(0) * 19_595 + shown(1) * 38_470 + shown(2) * 7_471 + 0x8000) >> 16))
      default:
        for channel in 0..<3 { pixels.append(UInt8(shown(channel))) }
        if count == 4 { pixels.append(UInt8(alpha)) }
      }
    }
    return pixels
  }
}

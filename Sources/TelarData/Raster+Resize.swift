/// Resizing as Pillow's `resize` with `BILINEAR`: a triangle filter that is widened where an image shrinks, applied to
/// rows, then to columns, in fixed point with eight bits between.
///
/// - Source: Pillow 11, src/libImaging/Resample.c. Later versions begin with the columns where that is less work.
extension Raster {
  /// The image in another size, with the same pixels as Pillow's.
  ///
  /// Colours of images with opacity are weighted by it, as by Pillow.
  ///
  /// - Precondition: height and width are above zero.
  /// - Cost: for each pixel as many multiplications as source pixels of a row and a column are under the filter.
  func resized(height newHeight: Int, width newWidth: Int) -> Raster {
    if newHeight == height, newWidth == width { return self }
    let hasOpacity = channels == 2 || channels == 4
    var image = hasOpacity ? weighted() : self
    if newWidth != width { image = image.resizedRows(Filter(from: width, to: newWidth)) }
    if newHeight != height { image = image.resizedColumns(Filter(from: height, to: newHeight)) }
    return hasOpacity ? image.unweighted() : image
  }

  /// The middle of the image that has the proportions of a size, in that size: torchvision's `Resize` of the shorter
  /// side, then `CenterCrop`.
  func cropped(height newHeight: Int, width newWidth: Int) -> Raster {
    let isWide = width * newHeight >= height * newWidth
    let scaled =
      isWide
      ? resized(height: newHeight, width: max(newWidth, newHeight * width / height))
      : resized(height: max(newHeight, newWidth * height / width), width: newWidth)
    let top = Self.half(scaled.height - newHeight), left = Self.half(scaled.width - newWidth)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(newHeight * newWidth * channels)
    for y in top..<(top + newHeight) {
      let start = (y * scaled.width + left) * channels
      pixels += scaled.samples[start..<(start + newWidth * channels)]
    }
    return Raster(height: newHeight, width: newWidth, channels: channels, samples: pixels)
  }

  /// Half of a number, rounded to even as by Python.
  private static func half(_ number: Int) -> Int { (Double(number) / 2).rounded(.toNearestOrEven).asInt }

  /// The weights of the source pixels of each pixel of a row.
  private struct Filter {
    let size: Int
    /// The first source pixel of each pixel, and its weights, which sum to 2²².
    let places: [(first: Int, weights: [Int])]

    static let bits = 22

    init(from source: Int, to size: Int) {
      self.size = size
      let scale = Double(source) / Double(size)
      let support = max(scale, 1)
      places = (0..<size).map { place in
        let center = (Double(place) + 0.5) * scale
        let first = max(0, Int(center - support + 0.5))
        let end = min(source, Int(center + support + 0.5))
        let values = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
        let sum = values.reduce(0, +)
        return (first, values.map { Int(($0 / sum) * Double(1 << Self.bits) + 0.5) })
      }
    }
  }

  private func resizedRows(_ filter: Filter) -> Raster {
    var to = Raster(
      height: height, width: filter.size, channels: channels,
      samples: [UInt8](repeating: 0, count: height * filter.size * channels))
    samples.withUnsafeBufferPointer { from in
      to.samples.withUnsafeMutableBufferPointer { to in
        for y in 0..<height {
          for (x, place) in filter.places.enumerated() {
            for channel in 0..<channels {
              var sum = 1 << (Filter.bits - 1)
              var source = (y * width + place.first) * channels + channel
              for weight in place.weights {
                sum += weight * Int(from[source])
                source += channels
              }
              to[(y * filter.size + x) * channels + channel] = UInt8(clamping: sum >> Filter.bits)
            }
          }
        }
      }
    }
    return to
  }

  private func resizedColumns(_ filter: Filter) -> Raster {
    let row = width * channels
    var to = Raster(
      height: filter.size, width: width, channels: channels, samples: [UInt8](repeating: 0, count: filter.size * row))
    samples.withUnsafeBufferPointer { from in
      to.samples.withUnsafeMutableBufferPointer { to in
        for (y, place) in filter.places.enumerated() {
          for x in 0..<row {
            var sum = 1 << (Filter.bits - 1)
            var source = place.first * row + x
            for weight in place.weights {
              sum += weight * Int(from[source])
              source += row
            }
            to[y * row + x] = UInt8(clamping: sum >> Filter.bits)
          }
        }
      }
    }
    return to
  }

  /// Colours times opacity.
  private func weighted() -> Raster {
    var image = self
    for first in stride(from: 0, to: samples.count, by: channels) {
      let alpha = Int(samples[first + channels - 1])
      for channel in 0..<(channels - 1) {
        let product = Int(samples[first + channel]) * alpha + 128
        image.samples[first + channel] = UInt8((product + product >> 8) >> 8)
      }
    }
    return image
  }

  /// The inverse of ``weighted()``.
  private func unweighted() -> Raster {
    var image = self
    for first in stride(from: 0, to: samples.count, by: channels) {
      let alpha = Int(samples[first + channels - 1])
      guard 1...254 ~= alpha else { continue }
      for channel in 0..<(channels - 1) {
        image.samples[first + channel] = UInt8(clamping: 255 * Int(samples[first + channel]) / alpha)
      }
    }
    return image
  }
}

extension Double {
  fileprivate var asInt: Int { Int(self) }
}

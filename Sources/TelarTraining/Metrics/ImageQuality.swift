import Foundation
import TelarData

/// How alike an image and a reference are.
///
/// Images are `[height, width, channels]`, their pixels from 0 black to 1 white; pixels beyond count as they are. Both
/// measures are for a data range of 1 and are computed in double precision.
public enum ImageQuality {
  /// The peak signal-to-noise ratio in dB, −10 log₁₀ of the mean squared difference; infinite for equal images.
  ///
  /// - Precondition: both images have the same number of pixels, at least one.
  /// - Source: `skimage.metrics.peak_signal_noise_ratio` with `data_range=1`.
  public static func peakSignalToNoiseRatio(_ image: ArraySlice<Float>, _ reference: ArraySlice<Float>) -> Double {
    precondition(
      image.count == reference.count && !image.isEmpty, "\(image.count) pixels against \(reference.count)")
    let sum = zip(image, reference).reduce(0.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return -10 * log10(sum / Double(image.count))
  }

  /// Height and width of the window that similarity is measured in.
  public static let windowSize = 11

  /// The mean structural similarity, 1 for equal images: of each channel over all places of a Gaussian window of 11 × 11
  /// pixels (σ 1.5) inside the image, and then over the channels.
  ///
  /// - Precondition: both images have the size's number of pixels; height and width are at least ``windowSize``.
  /// - Cost: 110 multiply-adds for each pixel of each channel.
  /// - Source: Wang, Bovik, Sheikh and Simoncelli, *IEEE Trans. Image Process.* 13 (2004), with K₁ = 0.01 and K₂ = 0.03;
  ///   `skimage.metrics.structural_similarity` with `gaussian_weights=True, use_sample_covariance=False, data_range=1`.
  public static func structuralSimilarity(
    _ image: ArraySlice<Float>, _ reference: ArraySlice<Float>, size: ImageSize
  ) -> Double {
    precondition(
      image.count == size.byteCount && reference.count == size.byteCount,
      "\(image.count) and \(reference.count) pixels of \(size.text)")
    precondition(
      min(size.height, size.width) >= windowSize, "a window of \(windowSize) × \(windowSize) in \(size.text)")
    let sum = (0..<size.channels).reduce(0.0) { sum, channel in
      func plane(_ pixels: ArraySlice<Float>) -> [Double] {
        stride(from: pixels.startIndex + channel, to: pixels.endIndex, by: size.channels).map { Double(pixels[$0]) }
      }
      return sum + similarity(plane(image), plane(reference), height: size.height, width: size.width)
    }
    return sum / Double(size.channels)
  }

  /// The window's weights along one axis, whose sum is 1.
  private static let weights: [Double] = {
    let weights = (0..<windowSize).map { exp(-0.5 * pow(Double($0 - windowSize / 2) / 1.5, 2)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }()

  /// Windowed means of x, y, x², y² and xy: the window is a product of two, so rows are averaged first, then columns.
  private typealias Moments = SIMD8<Double>

  /// The mean similarity of one channel.
  private static func similarity(_ x: [Double], _ y: [Double], height: Int, width: Int) -> Double {
    let (rows, columns) = (height - windowSize + 1, width - windowSize + 1)
    let weights = weights
    let averaged = [Moments](unsafeUninitializedCapacity: height * columns) { memory, initialized in
      for place in 0..<height * columns {
        let start = place / columns * width + place % columns
        var sum = Moments.zero
        for offset in 0..<windowSize {
          let (a, b) = (x[start + offset], y[start + offset])
          sum += weights[offset] * Moments(a, b, a * a, b * b, a * b, 0, 0, 0)
        }
        memory.initializeElement(at: place, to: sum)
      }
      initialized = height * columns
    }
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03)
    var total = 0.0
    for place in 0..<rows * columns {
      var m = Moments.zero
      for offset in 0..<windowSize { m += weights[offset] * averaged[place + offset * columns] }
      let (varianceX, varianceY, covariance) = (m[2] - m[0] * m[0], m[3] - m[1] * m[1], m[4] - m[0] * m[1])
      total +=
        (2 * m[0] * m[1] + c1) * (2 * covariance + c2)
        / ((m[0] * m[0] + m[1] * m[1] + c1) * (varianceX + varianceY + c2))
    }
    return total / Double(rows * columns)
  }
}

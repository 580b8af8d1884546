import Foundation
import TelarData
import TelarTraining
import TestSupport
import Testing

@Suite("Image quality")
struct ImageQualityTests {
  /// Values that are the same in Python.
  private func image(_ size: ImageSize, _ factor: Int) -> [Double] {
    (0..<size.byteCount).map { (place: Int) -> Double in
      let (pixel, channel) = (place / size.channels, place % size.channels)
      let (y, x) = (pixel / size.width, pixel % size.width)
      let value: Int = place * factor * factor + 7 * y * x + channel * 13
      return Double(value % 256) / 255
    }
  }

  /// Computed by scikit-image 0.26.0: `structural_similarity(a, b, data_range=1, gaussian_weights=True,
  /// use_sample_covariance=False, channel_axis=2)` and `peak_signal_noise_ratio(a, b, data_range=1)`.
  @Test(arguments: [
    (ImageSize(height: 28, width: 28, channels: 1), 0.952087324785184, 21.834527746034986),
    (ImageSize(height: 32, width: 20, channels: 3), 0.954559908810411, 21.814309932971312),
    (ImageSize(height: 11, width: 11, channels: 1), 0.9683806348405922, 22.32353260769205),
    (ImageSize(height: 12, width: 30, channels: 4), 0.9572858876447277, 21.826443492543408),
  ])
  func `both are scikit-image's`(size: ImageSize, ssim: Double, psnr: Double) {
    let a = image(size, 3)
    let b = zip(a, image(size, 5)).map { 0.8 * $0 + 0.2 * $1 }
    let (x, y) = (a.map(Float.init)[...], b.map(Float.init)[...])
    #expect(abs(ImageQuality.structuralSimilarity(y, x, size: size) - ssim) < 1e-6)
    #expect(abs(ImageQuality.peakSignalToNoiseRatio(y, x) - psnr) < 1e-5)
  }

  @Test(arguments: [1, 2, 3]) func `similarity is that of a window at every place`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for (height, width, channels) in [(11, 17, 1), (23, 12, 3), (16, 16, 4)] {
      let size = ImageSize(height: height, width: width, channels: channels)
      // Beyond black and white too, as outputs of networks are.
      let x = (0..<size.byteCount).map { _ in Float.random(in: -0.5...1.5, using: &random) }
      let y = x.map { $0 * 0.5 + Float.random(in: 0...0.3, using: &random) }
      let expected = Oracle.structuralSimilarity(
        x.map(Double.init), y.map(Double.init), height: size.height, width: size.width, channels: size.channels)
      #expect(abs(ImageQuality.structuralSimilarity(x[...], y[...], size: size) - expected) < 1e-12, "\(size.text)")
      let ratio = Oracle.peakSignalToNoiseRatio(x.map(Double.init), y.map(Double.init))
      #expect(abs(ImageQuality.peakSignalToNoiseRatio(x[...], y[...]) - ratio) < 1e-12)
    }
  }

  @Test func `equal images have similarity 1 and no noise`() {
    let size = ImageSize(height: 12, width: 13, channels: 1)
    let x = image(size, 4).map(Float.init)[...]
    #expect(abs(ImageQuality.structuralSimilarity(x, x, size: size) - 1) < 1e-12)
    #expect(ImageQuality.peakSignalToNoiseRatio(x, x) == .infinity)
    // Slices of a longer list are read where they lie.
    let both = Array(x) + Array(x).map { $0 + 0.1 }
    #expect(abs(ImageQuality.peakSignalToNoiseRatio(both[x.count...], both[..<x.count]) - 20) < 1e-4)
    #expect(ImageQuality.structuralSimilarity(both[x.count...], both[..<x.count], size: size) < 1)
  }
}

import Foundation

/// Mean and standard deviation of each channel, of pixels from 0 to 1.
public struct ChannelStatistics: Sendable, Hashable {
  public let mean: [Double]
  /// Of all pixels, not an estimate from a sample.
  public let deviation: [Double]

  /// - Parameter images: at least one.
  /// - Cost: reads all pixels once; sums are exact.
  public init(of images: LabelledImages) {
    let channels = images.channels
    var counts = [Int](repeating: 0, count: channels * 256)
    images.pixels.withUnsafeBufferPointer { pixels in
      for start in stride(from: 0, to: pixels.count, by: channels) {
        for channel in 0..<channels { counts[channel << 8 | Int(pixels[start + channel])] += 1 }
      }
    }
    let pixelCount = Double(images.pixels.count / channels)
    var moments: [(mean: Double, deviation: Double)] = []
    for channel in 0..<channels {
      let histogram = counts[(channel << 8)..<((channel + 1) << 8)]
      let mean = zip(0..., histogram).reduce(0.0) { $0 + Double($1.0 * $1.1) } / pixelCount
      let variance = zip(0..., histogram).reduce(0.0) { sum, bin in
        sum + Double(bin.1) * (Double(bin.0) - mean) * (Double(bin.0) - mean)
      }
      moments.append((mean / 255, (variance / pixelCount).squareRoot() / 255))
    }
    mean = moments.map(\.mean)
    deviation = moments.map(\.deviation)
  }
}

/// What is computed once, when it is first asked for.
final class Deferred<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private let compute: @Sendable () -> Value
  private var known: Value?

  init(_ compute: @escaping @Sendable () -> Value) { self.compute = compute }

  var value: Value {
    lock.withLock {
      if let known { return known }
      let new = compute()
      known = new
      return new
    }
  }
}

extension ImageDataset {
  /// The most characters of a class's name.
  private static let longestClassName = 100

  /// Whether names can be those of classes: they go to terminals and figures, so what could do more there than name a
  /// class cannot.
  public static func areClassNames(_ names: [String]) -> Bool {
    1...mostClasses ~= names.count && names.allSatisfy(isClassName)
  }

  static func isClassName(_ name: String) -> Bool {
    1...longestClassName ~= name.count
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}

/// What networks must know of a data set.
public struct DataShape: Sendable, Hashable {
  public var size: ImageSize
  public var classCount: Int

  public static let fashionMNIST = DataShape(size: .fashionMNIST, classCount: FashionMNIST.classCount)

  public init(size: ImageSize, classCount: Int) {
    self.size = size
    self.classCount = classCount
  }
}

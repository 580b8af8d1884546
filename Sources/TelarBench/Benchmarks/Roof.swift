import Tensors

/// The roofline of a device: no work takes less time than its operations at the peak, or its bytes at the copy
/// bandwidth.
public struct Roof: Sendable {
  /// The multiply-add peak, in GFLOP/s.
  public var gflops: Double
  /// The copy bandwidth between large buffers, in GB/s. Data in a cache can be faster.
  public var gigabytesPerSecond: Double

  package init(gflops: Double, gigabytesPerSecond: Double) {
    self.gflops = gflops
    self.gigabytesPerSecond = gigabytesPerSecond
  }

  /// The present roof.
  public static func measured(on device: any Device) throws -> Roof {
    Roof(
      gflops: try PeakBenchmark.gflops(on: device),
      gigabytesPerSecond: try PeakBenchmark.copyGigabytesPerSecond(on: device))
  }

  /// The higher of two measurements, as clock rates vary.
  func raised(to other: Roof) -> Roof {
    Roof(gflops: max(gflops, other.gflops), gigabytesPerSecond: max(gigabytesPerSecond, other.gigabytesPerSecond))
  }

  /// The least time of the work.
  package func seconds(flops: Double, bytes: Double) -> Double {
    max(flops / gflops, bytes / gigabytesPerSecond) * 1e-9
  }
}

import Tensors

/// The most that a device could do: no work can take less time than its operations at the peak, nor less than its bytes
/// at the speed of a copy.
public struct Roof: Sendable {
  /// Multiply-adds in registers, in GFLOP/s.
  public var gflops: Double
  /// A copy between large buffers, in GB/s. What fits a cache can be faster.
  public var gigabytesPerSecond: Double

  package init(gflops: Double, gigabytesPerSecond: Double) {
    self.gflops = gflops
    self.gigabytesPerSecond = gigabytesPerSecond
  }

  /// The roof of this minute.
  public static func measured(on device: any Device) throws -> Roof {
    Roof(
      gflops: try PeakBenchmark.gflops(on: device),
      gigabytesPerSecond: try PeakBenchmark.copyGigabytesPerSecond(on: device))
  }

  /// The higher of two: clocks and neighbours change.
  func raised(to other: Roof) -> Roof {
    Roof(gflops: max(gflops, other.gflops), gigabytesPerSecond: max(gigabytesPerSecond, other.gigabytesPerSecond))
  }

  /// The least time that the work could take.
  package func seconds(flops: Double, bytes: Double) -> Double {
    max(flops / gflops, bytes / gigabytesPerSecond) * 1e-9
  }
}

import Tensors

/// One line of `telar bench gemm`.
public struct GemmResult: Codable, Sendable {
  public var m: Int
  public var n: Int
  public var k: Int
  public var device: String
  public var gflops: Double
  /// The share of the device's measured multiply-add peak.
  public var peakFraction: Double

  enum CodingKeys: String, CodingKey {
    case m, n, k, device, gflops
    case peakFraction = "peak_fraction"
  }
}

/// Times square matrix products against the multiply-add peak, which is measured around each.
public enum GemmBenchmark {
  public static let defaultSizes = [128, 256, 512, 1024, 2048]

  /// Times the sizes in order and reports each result as soon as it is measured.
  public static func run(sizes: [Int], on device: any Device, _ report: (GemmResult) throws -> Void) throws {
    for size in sizes {
      guard size > 0, size <= 46_340 else {
        throw ShapeError("gemm", "size \(size) is not between 1 and 46,340")
      }
      let a = try device.tensor([size, size], BenchmarkValues.values(size * size, modulus: 13))
      let b = try device.tensor([size, size], BenchmarkValues.values(size * size, modulus: 11))
      let before = try PeakBenchmark.gflops(on: device)
      let seconds = try Stopwatch.medianSeconds(on: device, runs: 7) { _ = try gemm(a, b) }
      // The larger of the peaks before and after, as the clock rate varies.
      let peak = max(before, try PeakBenchmark.gflops(on: device))
      let gflops = 2 * Double(size) * Double(size) * Double(size) / seconds * 1e-9
      try report(
        GemmResult(
          m: size, n: size, k: size, device: device.properties.identifier, gflops: gflops, peakFraction: gflops / peak)
      )
    }
  }
}

import CKernels
import Tensors

/// Measures a device's limits, to which other measurements are related.
public enum PeakBenchmark {
  private static let kernel = Kernel("peak", "peak_multiply_add")
  private static let chains = Int(PEAK_CHAINS)

  /// The multiply-add peak of operations in registers, in GFLOP/s; each multiply-add counts as two operations.
  public static func gflops(on device: any Device) throws -> Double {
    let traits = device.traits
    let isGPU = !traits.isVector
    let items = traits.computeUnits * (isGPU ? 2048 : 8)
    let rounds = isGPU ? 20_000 : 400_000
    let out = try device.allocate(byteCount: items * 4)
    let seconds = try Stopwatch.medianSeconds(on: device, runs: 5, atLeast: 0) {
      try device.launch(
        kernel, over: Grid(items, local: (isGPU ? 64 : 1, 1, 1)),
        [.buffer(out), .int(rounds), .float(0.999), .float(1e-3)])
    }
    return 2 * Double(items) * Double(rounds) * Double(chains * traits.vectorWidth) / seconds * 1e-9
  }

  /// The seconds of an empty launch, a single work-item with next to no work: the overhead of every launch.
  public static func emptyLaunchSeconds(on device: any Device) throws -> Double {
    let out = try device.allocate(byteCount: 4)
    return try Stopwatch.medianSeconds(on: device) {
      try device.launch(
        kernel, over: Grid(1, local: (1, 1, 1)), [.buffer(out), .int(0), .float(0.999), .float(1e-3)])
    }
  }

  /// The bandwidth of a copy between large buffers in GB/s, counting reads and writes.
  public static func copyGigabytesPerSecond(on device: any Device) throws -> Double {
    let count = 16 << 20
    let from = try device.zeros([count]), to = try device.tensor([count])
    let seconds = try Stopwatch.medianSeconds(on: device, runs: 5, atLeast: 0) {
      try device.copy(from: from.buffer, at: 0, to: to.buffer, at: 0, byteCount: count * 4)
    }
    return 2 * Double(count) * 4 / seconds * 1e-9
  }
}

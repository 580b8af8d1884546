import Tensors

extension DeviceCheck {
  /// The most bytes of a copy that is timed.
  private static let copiedBytes = 64 << 20
  /// Rows and columns of the matrices that are multiplied.
  private static let matrixSize = 1024

  /// What launches, copies and a matrix product cost.
  static func speed(of device: any Device, _ report: (String) throws -> Void) throws -> Finding {
    try report("launches")
    let launch = try PeakBenchmark.emptyLaunchSeconds(on: device)
    let one = try device.tensor([1])
    let wait = try Stopwatch.medianSeconds(on: device, runs: 5) {
      _ = try add(one, one)
      try device.synchronize()
    }

    let bytes = min(copiedBytes, device.properties.maximumAllocationBytes / 4)
    let host = [UInt8](repeating: 1, count: bytes)
    let buffer = try device.allocate(byteCount: bytes), other = try device.allocate(byteCount: bytes)
    func gigabytes(_ name: String, _ body: () throws -> Void) throws -> Double {
      try report(name)
      return Double(bytes) / (try Stopwatch.medianSeconds(on: device, runs: 3, atLeast: 0, body)) * 1e-9
    }
    let written = try gigabytes("copies to the device") { try buffer.write(host) }
    let read = try gigabytes("copies from the device") { _ = try buffer.read(UInt8.self, count: bytes) }
    let copied = try gigabytes("copies within the device") {
      try device.copy(from: buffer, at: 0, to: other, at: 0, byteCount: bytes)
    }

    try report("a matrix product")
    let size = matrixSize
    let a = try device.tensor([size, size], BenchmarkValues.values(size * size, modulus: 13))
    let b = try device.tensor([size, size], BenchmarkValues.values(size * size, modulus: 11))
    let product = try Stopwatch.medianSeconds(on: device, runs: 5) { _ = try gemm(a, b) }
    func line(_ name: String, _ value: Double, _ unit: String) -> String { "\(name): \(rounded(value)) \(unit)" }
    return Finding(
      isPassed: true,
      summary: "\(rounded(launch * 1e6)) µs a launch, \(rounded(written)) GB/s to it, \(rounded(read)) GB/s from it",
      details: [
        line("launch", launch * 1e6, "µs"), line("launch and wait", wait * 1e6, "µs"),
        line("copy of \(bytes >> 20) MiB to the device", written, "GB/s"),
        line("copy of \(bytes >> 20) MiB from the device", read, "GB/s"),
        line("copy of \(bytes >> 20) MiB within the device", copied, "GB/s"),
        line("product of \(size) × \(size) matrices", 2e-9 * Double(size * size * size) / product, "GFLOP/s"),
      ])
  }
}

import Dispatch
import Tensors

/// Measures wall time of work on a device, whose queue is empty before and after.
enum Stopwatch {
  /// The median seconds of one call of `body`; each run repeats it for `atLeast` seconds.
  static func medianSeconds(
    on device: any Device, runs: Int = 5, atLeast: Double = 0.05, _ body: () throws -> Void
  ) throws -> Double {
    try body()
    try device.synchronize()
    var calls = 1
    var seconds: [Double] = []
    while seconds.count < runs {
      let elapsed = try time(on: device) { for _ in 0..<calls { try body() } }
      if elapsed < atLeast && calls < 1 << 20 {
        calls = max(calls + 1, min(calls * 8, Int(Double(calls) * atLeast * 1.2 / max(elapsed, 1e-7))))
        seconds = []
      } else {
        seconds.append(elapsed / Double(calls))
      }
    }
    return seconds.median
  }

  /// The seconds until the device has completed what `body` enqueues.
  static func time(on device: any Device, _ body: () throws -> Void) throws -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try body()
    try device.synchronize()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}

extension [Double] {
  /// The median; NaN for an empty array.
  package var median: Double {
    if isEmpty { return .nan }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}

import Tensors

/// The timing of one pass of an operator at one shape: a line of `telar bench ops`.
public struct OpResult: Sendable {
  public var op: String
  public var pass: String
  public var shape: String
  /// The networks that contain it.
  public var networks: [String]
  public var device: String
  /// The seconds of one call, as measured.
  public var seconds: Double
  /// The seconds of one call minus those of as many empty launches; at least 0.
  public var netSeconds: Double
  /// GFLOP/s of the net time; 0 for operators that only move data, NaN where the net time is too small to tell.
  public var gflops: Double
  /// Bytes of inputs and outputs, once each, over the net time; NaN as `gflops`.
  public var gigabytesPerSecond: Double
  /// The share of the roof, min(peak, FLOPs / bytes of inputs and outputs · copy bandwidth); NaN as `gflops`. Work that
  /// fits into caches can exceed 1.
  public var roofFraction: Double
  /// The share of the multiply-add peak; NaN as `gflops`.
  public var peakFraction: Double
  public var launches: Int

  package init(
    op: String, pass: String, shape: String, networks: [String], device: String, seconds: Double, netSeconds: Double,
    gflops: Double, gigabytesPerSecond: Double, roofFraction: Double, peakFraction: Double, launches: Int
  ) {
    (self.op, self.pass, self.shape, self.networks, self.device) = (op, pass, shape, networks, device)
    (self.seconds, self.netSeconds, self.launches) = (seconds, netSeconds, launches)
    (self.gflops, self.gigabytesPerSecond) = (gflops, gigabytesPerSecond)
    (self.roofFraction, self.peakFraction) = (roofFraction, peakFraction)
  }
}

/// Times each pass of the benchmark networks' operators, net of launch overhead.
public enum OpsBenchmark {
  /// The least share of the time that must remain after subtracting empty launches; less is noise.
  private static let leastNetShare = 0.1

  /// Times all passes of all cases, and reports the results of each case when it is done.
  ///
  /// The time of an empty launch is measured first. The roof is measured before and after each case, and the higher one
  /// is used, as clock rates vary. A pass without launches, such as flattening one channel, has no result.
  ///
  /// - Parameters:
  ///   - minimumSeconds: the least length of a run; the result is the median of five.
  ///   - measureRoof: measures the present roof.
  public static func run(
    _ cases: [OpCase], batch: Int, on device: any Device, minimumSeconds: Double = 0.05,
    measureRoof: (any Device) throws -> Roof = Roof.measured, _ report: (OpResult) throws -> Void
  ) throws -> OpsSummary {
    let emptyLaunch = try PeakBenchmark.emptyLaunchSeconds(on: device)
    var before = try measureRoof(device)
    var summary = OpsSummary(device: device.properties.identifier, emptyLaunchSeconds: emptyLaunch, roof: before)
    for test in cases {
      let timed = try test.passes(batch: batch).compactMap { pass in
        try Measurement(of: pass, on: device, minimumSeconds)
      }
      let after = try measureRoof(device)
      for measurement in timed {
        let result = result(of: test, batch, measurement, emptyLaunch, before.raised(to: after), device)
        summary.add(result, roof: after)
        try report(result)
      }
      before = after
    }
    return summary
  }

  private struct Measurement {
    let pass: OpPass
    let seconds: Double
    let launches: Int

    /// `nil` for a pass that no network needs or that launches nothing.
    init?(of pass: OpPass, on device: any Device, _ minimumSeconds: Double) throws {
      if pass.networks.isEmpty { return nil }
      let body = try pass.prepare(device)
      let before = device.counters.launches
      try body()
      launches = device.counters.launches - before
      if launches == 0 { return nil }
      self.pass = pass
      seconds = try Stopwatch.medianSeconds(on: device, atLeast: minimumSeconds, body)
    }
  }

  private static func result(
    of test: OpCase, _ batch: Int, _ measurement: Measurement, _ emptyLaunch: Double, _ roof: Roof, _ device: any Device
  ) -> OpResult {
    let pass = measurement.pass
    let net = measurement.seconds - Double(measurement.launches) * emptyLaunch
    let divisor = net >= leastNetShare * measurement.seconds ? net : .nan
    let gflops = pass.flops / divisor * 1e-9
    return OpResult(
      op: test.op, pass: pass.name, shape: test.shape(batch: batch), networks: pass.networks,
      device: device.properties.identifier, seconds: measurement.seconds, netSeconds: max(0, net), gflops: gflops,
      gigabytesPerSecond: pass.bytes / divisor * 1e-9,
      roofFraction: roof.seconds(flops: pass.flops, bytes: pass.bytes) / divisor, peakFraction: gflops / roof.gflops,
      launches: measurement.launches)
  }
}

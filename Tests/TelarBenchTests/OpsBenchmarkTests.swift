import TelarBench
import TelarStudies
import Tensors
import TestSupport
import Testing

@Suite("Measuring operators")
struct OpsBenchmarkTests {
  /// Every pass of every network runs and says something sensible. No time is judged.
  @Test func `every operator has results of its own`() throws {
    try TestDevices.cpus[0].use { device in
      let cases = OpCase.list()
      var results: [OpResult] = []
      let roof = Roof(gflops: 100, gigabytesPerSecond: 10)
      let summary = try OpsBenchmark.run(
        cases, batch: 2, on: device, minimumSeconds: 0, measureRoof: { _ in roof }, { results.append($0) })
      for result in results {
        #expect(result.seconds > 0 && result.netSeconds >= 0 && result.netSeconds <= result.seconds)
        #expect(result.launches > 0 && !result.networks.isEmpty)
        #expect(result.roofFraction.isNaN || result.roofFraction > 0)
        #expect(result.device == device.properties.identifier)
      }
      for test in cases where ["conv2d", "conv_transpose2d", "linear", "gemm"].contains(test.op) {
        let passes = results.filter { $0.op == test.op && $0.shape == test.shape(batch: 2) }
        #expect(
          passes.map(\.pass)
            == ["forward"] + (test.inputGradientNetworks.isEmpty ? [] : ["input gradient"]) + ["weight gradient"])
        #expect(passes.first?.networks == test.networks)
      }
      // Flattening one channel or pixel moves nothing.
      #expect(Set(results.map(\.op)) == Set(cases.map(\.op)))
      #expect(!results.contains { $0.op == "flatten" && $0.shape == "2×28×28×1→784" })
      #expect(results.count { $0.op == "batch_norm2d+relu+avg_pool2d" } == 2)
      #expect(summary.emptyLaunchSeconds > 0 && summary.roof.gflops == 100)
    }
  }

  @Test func `each gradient of a product is measured alone, and the same each time`() throws {
    try TestDevices.cpus[0].use { device in
      let test = try #require(OpCase.list().first { $0.shape(batch: 1) == "1×13×13×16→11×11×32 k3 s1 p0 d1" })
      for pass in test.passes(batch: 4) {
        let body = try pass.prepare(device)
        func launched() throws -> [String: Int] {
          let profiler = Profiler()
          device.profiler = profiler
          defer { device.profiler = nil }
          try body()
          return Dictionary(uniqueKeysWithValues: profiler.report.map { ($0.kernel, $0.launches) })
        }
        let kernels = try launched()
        #expect(!kernels.isEmpty)
        #expect(kernels.keys.contains { $0.contains("weight_gradient") } == (pass.name == "weight gradient"))
        // The bias has a case of its own.
        #expect(!kernels.keys.contains("column_sum"))
        // Gradients are overwritten again, not added to.
        #expect(try launched() == kernels, "\(pass.name)")
      }
    }
  }

  @Test func `the summary has the mean and the least of what has rates`() {
    var shares = OpsSummary(
      device: "d", emptyLaunchSeconds: 1e-6, roof: Roof(gflops: 100, gigabytesPerSecond: 10))
    func result(_ op: String, _ roof: Double, _ peak: Double) -> OpResult {
      OpResult(
        op: op, pass: "forward", shape: "1×1", networks: ["n"], device: "d", seconds: 1, netSeconds: 1, gflops: 1,
        gigabytesPerSecond: 1, roofFraction: roof, peakFraction: peak, launches: 1)
    }
    let roof = Roof(gflops: 90, gigabytesPerSecond: 20)
    for test in [result("conv2d", 0.4, 1), result("conv_transpose2d", 0.9, 1), result("conv2d", .nan, .nan)] {
      shares.add(test, roof: roof)
    }
    shares.add(result("linear", 0.5, 0.25), roof: roof)
    shares.add(result("gemm", 0.7, 0.64), roof: roof)
    shares.add(result("bias", 0.01, 0), roof: roof)
    #expect(shares.convolutions.count == 2 && shares.convolutions.least == 0.4)
    #expect(shares.convolutions.worst == "conv2d forward 1×1")
    #expect(abs(shares.convolutions.geometricMean - 0.6) < 1e-12)
    #expect(shares.linear.count == 1 && abs(shares.products.geometricMean - 0.4) < 1e-12)
    #expect(shares.roof.gflops == 100 && shares.roof.gigabytesPerSecond == 20)
  }

  @Test func `the roof is the peak for much work and the copy for much data`() {
    let roof = Roof(gflops: 100, gigabytesPerSecond: 10)
    #expect(abs(roof.seconds(flops: 100e9, bytes: 1e9) - 1) < 1e-12)
    #expect(abs(roof.seconds(flops: 1e9, bytes: 20e9) - 2) < 1e-12)
    #expect(abs(roof.seconds(flops: 0, bytes: 5e9) - 0.5) < 1e-12)
  }
}

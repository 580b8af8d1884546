import Compute
import TestSupport
import Testing

@Suite struct ProfilerTests {
  @Test func theTableHasRatesWhereWorkWasDeclared() {
    let profiler = Profiler()
    profiler.add(kernel: "gemm_6x2", seconds: 0.75, work: (flops: 60e9, bytes: 1.5e9))
    profiler.add(kernel: "gemm_6x2", seconds: 0, work: (flops: 0, bytes: 0))
    profiler.add(kernel: "add", seconds: 0.25, work: (flops: 0, bytes: 0))
    #expect(
      profiler.table() == """
        kernel    launches       ms  us/launch  GFLOP/s  GB/s   share
        gemm_6x2         2   750.00   375000.0     80.0   2.0  75.0 %
        add              1   250.00   250000.0                 25.0 %
        all              3  1000.00

        """)
  }

  @Test func anEmptyTableHasNoShares() {
    #expect(Profiler().table().hasSuffix("all            0  0.00\n"))
  }

  @Test(arguments: TestDevices.cpus)
  func theCPUTimesEachLaunch(on test: TestDevice) throws {
    try test.use { device in
      let buffer = try device.allocate(byteCount: 4000)
      let profiler = Profiler()
      device.profiler = profiler
      defer { device.profiler = nil }
      for _ in 0..<3 {
        profiler.declare(flops: 1000, bytes: 12_000)
        try device.launch(
          Kernel("elementwise", "add"), over: Grid(1000),
          [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(1000)])
      }
      #expect(profiler.report.map(\.launches) == [3] && profiler.report[0].flops == 3000)
      #expect(profiler.report[0].seconds > 0)
    }
  }
}

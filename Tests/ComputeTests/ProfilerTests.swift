import Compute
import TestSupport
import Testing

@Suite struct ProfilerTests {
  @Test func entriesAddUpAndTheLongestComesFirst() {
    let profiler = Profiler()
    profiler.add(kernel: "add", seconds: 0.25, work: (flops: 0, bytes: 0))
    profiler.add(kernel: "gemm_6x2", seconds: 0.5, work: (flops: 60e9, bytes: 1.5e9))
    profiler.add(kernel: "gemm_6x2", seconds: 0.25, work: (flops: 1e9, bytes: 0.5e9))
    #expect(profiler.report.map(\.kernel) == ["gemm_6x2", "add"] && profiler.report.map(\.launches) == [2, 1])
    #expect(profiler.report[0].seconds == 0.75 && profiler.report[0].flops == 61e9 && profiler.report[0].bytes == 2e9)
  }

  @Test func declaredWorkIsOfTheNextLaunchOnly() {
    let profiler = Profiler()
    profiler.declare(flops: 3, bytes: 4)
    #expect(profiler.takeDeclared() == (3, 4))
    #expect(profiler.takeDeclared() == (0, 0))
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

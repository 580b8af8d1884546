import CKernels
import Compute
import TestSupport
import Testing

@Suite struct LaunchTests {
  private static let add = Kernel("elementwise", "add")

  private static func grid(_ count: Int, on device: any Device, group: Int = 16) -> Grid {
    let width = device.properties.registerTiles[0].width
    return Grid((count + width - 1) / width, local: (group, 1, 1))
  }

  @Test(arguments: TestDevices.all)
  func oddCountsStayWithinTheirArrays(on test: TestDevice) throws {
    try test.use { device in
      for count in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 127, 128, 129, 1023, 4099] {
        let canaries = Canaries(on: device)
        let (a, b, y) = try (
          canaries.allocate(byteCount: count * 4), canaries.allocate(byteCount: count * 4),
          canaries.allocate(byteCount: count * 4)
        )
        try a.write((0..<count).map { Float($0) })
        try b.write((0..<count).map { Float(2 * $0 + 1) })
        try canaries.launch(
          Self.add, over: Self.grid(count, on: device), [.buffer(a), .buffer(b), .buffer(y), .int(count)])
        #expect(try y.read(Float.self, count: count) == (0..<count).map { Float(3 * $0 + 1) }, "\(count) elements")
        try canaries.check(TestCase(device, "add of \(count)"))
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func eachLaunchSeesTheOnesBefore(on test: TestDevice) throws {
    try test.use { device in
      let count = 1001
      let one = try device.allocate(byteCount: count * 4)
      var y = try device.allocate(byteCount: count * 4)
      var z = try device.allocate(byteCount: count * 4)
      try device.fill(one, at: 0, byteCount: count * 4, pattern: Float(1).bitPattern)
      try device.fill(y, at: 0, byteCount: count * 4, pattern: 0)
      let before = device.counters.launches
      for _ in 0..<500 {
        try device.launch(
          Self.add, over: Self.grid(count, on: device), [.buffer(y), .buffer(one), .buffer(z), .int(count)])
        swap(&y, &z)
      }
      #expect(device.counters.launches == before + 500)
      #expect(try y.read(Float.self, count: count) == [Float](repeating: 500, count: count))
    }
  }

  @Test(arguments: TestDevices.all)
  func memoryMayBeReleasedWhileItsWorkIsPending(on test: TestDevice) throws {
    try test.use { device in
      let count = 4096
      let sum = try device.allocate(byteCount: count * 4)
      try device.fill(sum, at: 0, byteCount: count * 4, pattern: 0)
      for round in 1...50 {
        // Both are back in the pool before the device has necessarily begun.
        let values = try device.allocate(byteCount: count * 4)
        let copy = try device.allocate(byteCount: count * 4)
        try device.fill(values, at: 0, byteCount: count * 4, pattern: Float(round).bitPattern)
        try device.copy(from: sum, at: 0, to: copy, at: 0, byteCount: count * 4)
        try device.launch(
          Self.add, over: Self.grid(count, on: device), [.buffer(copy), .buffer(values), .buffer(sum), .int(count)])
      }
      #expect(try sum.read(Float.self, count: count) == [Float](repeating: 1275, count: count))
    }
  }

  @Test(arguments: TestDevices.all)
  func nothingIsLaunchedOverNothing(on test: TestDevice) throws {
    try test.use { device in
      let buffer = try device.allocate(byteCount: 4)
      try buffer.write([Float(3)])
      let arguments: [KernelArgument] = [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(0)]
      try device.launch(Self.add, over: Grid(0, local: (16, 1, 1)), arguments)
      try device.launch(Self.add, over: Grid(16, local: (16, 1, 1)), arguments)
      #expect(try buffer.read(Float.self, count: 1) == [3])
    }
  }

  @Test(arguments: TestDevices.all)
  func kernelsMadeAnewAreFoundByName(on test: TestDevice) throws {
    try test.use { device in
      let buffer = try device.allocate(byteCount: 64)
      try device.fill(buffer, at: 0, byteCount: 64, pattern: Float(1).bitPattern)
      let result = try device.allocate(byteCount: 64)
      for _ in 0..<100 {
        try device.launch(
          Kernel("elementwise", "add"), over: Self.grid(16, on: device),
          [.buffer(buffer), .buffer(buffer), .buffer(result), .int(16)])
      }
      #expect(try result.read(Float.self, count: 16) == [Float](repeating: 2, count: 16))
    }
  }

  @Test(arguments: CPUDevice.supportedInstructionSets)
  func theNumberOfThreadsDoesNotChangeBits(instructionSet: String) throws {
    let count = 100_003
    var generator = SeededGenerator(seed: 5)
    let values = (0..<count).map { _ in Float.random(in: -5...5, using: &generator) }
    let results = try [1, 2, 3, 8].map { threads in
      let device = try CPUDevice(instructionSet: instructionSet, threads: threads)
      #expect(device.properties.computeUnits == threads)
      let x = try device.allocate(byteCount: count * 4)
      let y = try device.allocate(byteCount: count * 4)
      try x.write(values)
      try device.launch(
        Kernel("elementwise", "activation_forward"), over: Self.grid(count, on: device),
        [.buffer(x), .buffer(y), .int(count), .int(ACTIVATION_TANH), .float(0)])
      return try y.read(UInt32.self, count: count)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test(arguments: [0, -1, 1_000_000])
  func absurdNumbersOfThreadsAreRefused(threads: Int) {
    #expect(throws: DeviceError.threadCount(threads, limit: 4096)) { try CPUDevice(threads: threads) }
  }

  @Test func anUnknownInstructionSetIsRefused() {
    #expect(throws: DeviceError.self) { try CPUDevice(instructionSet: "avx1024") }
  }

  #if os(Linux)
    /// Programmers' mistakes; where one is not found, or an error is thrown, the process ends as if all were well.
    @Test func argumentsThatDoNotFitTrap() async {
      await #expect(processExitsWith: .failure) {
        guard let device = try? CPUDevice(threads: 1), let other = try? CPUDevice(threads: 1),
          let own = try? device.allocate(byteCount: 64), let foreign = try? other.allocate(byteCount: 64)
        else { return }
        try? device.launch(
          Kernel("elementwise", "add"), over: Grid(1), [.buffer(own), .buffer(foreign), .buffer(own), .int(16)])
      }
      await #expect(processExitsWith: .failure) {
        guard let device = try? CPUDevice(threads: 1), let own = try? device.allocate(byteCount: 64) else { return }
        try? device.launch(
          Kernel("elementwise", "add"), over: Grid(1), [.buffer(own), .buffer(own), .buffer(own), .float(16)])
      }
    }

    @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func argumentsOfOtherTypesTrapOnOpenCL() async {
      await #expect(processExitsWith: .failure) {
        guard let device = try? OpenCLDevice(index: 0), let own = try? device.allocate(byteCount: 64) else { return }
        try? device.launch(
          Kernel("elementwise", "add"), over: Grid(1), [.buffer(own), .buffer(own), .buffer(own), .float(16)])
      }
    }
  #endif
}

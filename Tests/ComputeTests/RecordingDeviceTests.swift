import Compute
import TestSupport
import Testing

@Suite struct RecordingDeviceTests {
  private static let add = Kernel("elementwise", "add")

  @Test func launchesAreRecordedInOrder() throws {
    let device = RecordingDevice(.typicalGPU)
    let buffer = try device.allocate(byteCount: 400)
    device.profiler?.declare(flops: 100, bytes: 1200)
    try device.launch(
      Self.add, over: Grid(25, local: (16, 1, 1)), [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(100)])
    try device.launch(
      Kernel("own", "of_no_table", options: ["TILE_M": 64]), over: Grid(2, 3), [.local(128), .uint(7), .float(0.5)])
    let array = RecordingDevice.Argument.buffer(byteCount: 400)
    let expected = [
      RecordingDevice.Launch(
        program: "elementwise", kernel: "add", grid: Grid(25, local: (16, 1, 1)),
        arguments: [array, array, array, .int(100)], flops: 100, bytes: 1200),
      RecordingDevice.Launch(
        program: "own", kernel: "of_no_table", options: ["TILE_M": 64], grid: Grid(2, 3),
        arguments: [.local(byteCount: 128), .uint(7), .float(0.5)]),
    ]
    #expect(device.launches == expected && device.counters.launches == 2)
    #expect(device.takeLaunches() == expected && device.launches.isEmpty)
    #expect(device.profiler?.report.map(\.launches) == [1, 1])
  }

  @Test func buffersTakeNoMemoryAndAreReused() throws {
    var properties = DeviceProperties.typicalGPU
    properties.maximumAllocationBytes = 1 << 50
    let device = RecordingDevice(properties)
    let huge = try device.allocate(byteCount: 1 << 45)
    try huge.write([Float(3)], at: 1 << 44)
    #expect(try huge.read(Float.self, count: 2, at: 1 << 44) == [0, 0])
    #expect(device.counters.bytesAllocated == 1 << 45 && device.counters.synchronizations == 1)
    let part = try device.slice(huge, byteOffset: 1 << 40, byteCount: 12)
    #expect(part.byteCount == 12 && part.handle == huge.handle + (1 << 40))
    for _ in 0..<3 { _ = try device.allocate(byteCount: 1000) }
    #expect(device.counters.allocations == 2)
    #expect(try device.zeros(byteCount: 100) === device.zeros(byteCount: 90))
    #expect(throws: DeviceError.self) { try device.allocate(byteCount: 1 << 51) }
  }

  @Test func typicalDevicesAreFoundByName() {
    #expect(DeviceProperties.typical("GPU")?.family == .tile)
    for name in CPUDevice.instructionSets {
      #expect(DeviceProperties.typical("cpu:\(name)")?.instructionSet == name)
    }
    #expect(DeviceProperties.typical("cpu:odd") == nil && DeviceProperties.typical("") == nil)
  }

  #if os(Linux)
    @Test func argumentsThatDoNotFitTrap() async {
      await #expect(processExitsWith: .failure) {
        let device = RecordingDevice(.typicalGPU)
        guard let buffer = try? device.allocate(byteCount: 64) else { return }
        try? device.launch(Self.add, over: Grid(1), [.buffer(buffer), .buffer(buffer), .buffer(buffer), .float(1)])
      }
      await #expect(processExitsWith: .failure) {
        let (device, other) = (RecordingDevice(.typicalGPU), RecordingDevice(.typicalGPU))
        guard let own = try? device.allocate(byteCount: 64), let foreign = try? other.allocate(byteCount: 64) else {
          return
        }
        try? device.launch(Self.add, over: Grid(1), [.buffer(own), .buffer(foreign), .buffer(own), .int(1)])
      }
    }
  #endif
}

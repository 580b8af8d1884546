import Compute
import Foundation
import TestSupport
import Testing

@Suite struct OpenCLDeviceTests {
  private static let isExpected = ProcessInfo.processInfo.environment["TELAR_TEST_NO_OPENCL"] != "1"

  @Test func thereIsAnOpenCLDevice() {
    #expect(
      !TestDevices.openCL.isEmpty || !Self.isExpected,
      "install an OpenCL driver (Debian: pocl-opencl-icd), or set TELAR_TEST_NO_OPENCL=1 to test without")
  }

  @Test(arguments: TestDevices.openCL)
  func propertiesAreFilled(on test: TestDevice) throws {
    try test.use { device in
      let properties = device.properties
      #expect(properties.identifier == test.name)
      #expect(!properties.name.isEmpty && !properties.driver.isEmpty && !properties.vendor.isEmpty)
      #expect(properties.computeUnits > 0 && properties.maximumWorkGroupSize > 0)
      #expect(properties.localMemoryBytes > 0 && properties.globalMemoryBytes >= properties.maximumAllocationBytes)
      #expect(properties.bufferAlignment >= 256 && properties.bufferAlignment.nonzeroBitCount == 1)
      #expect([4, 8, 16].contains(properties.registerTiles[0].width) && properties.preferredVectorWidth > 0)
      #expect(properties.family == (properties.kind == .cpu ? .vector : .tile))
    }
  }

  @Test(arguments: TestDevices.openCL)
  func aFailedBuildCarriesTheCompilersLog(on test: TestDevice) throws {
    try test.use { device in
      let error = #expect(throws: DeviceError.self) {
        try device.launch(Kernel("elementwise", "add", options: ["VECTOR_WIDTH": 3]), over: Grid(1), [])
      }
      guard case .buildFailed(test.name, "elementwise/add", let options, let log) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(options.contains("-DVECTOR_WIDTH=3") && options.components(separatedBy: "VECTOR_WIDTH").count == 2)
      #expect(log.contains("VECTOR_WIDTH must be 4, 8 or 16"))
    }
  }

  @Test(arguments: TestDevices.openCL)
  func errorsNameTheKernel(on test: TestDevice) throws {
    try test.use { device in
      let missing = #expect(throws: DeviceError.self) {
        try device.launch(Kernel("elementwise", "no_such_kernel"), over: Grid(1), [])
      }
      #expect("\(missing!)".contains("no_such_kernel") && "\(missing!)".contains("CL_INVALID_KERNEL_NAME (-46)"))
      let buffer = try device.allocate(byteCount: 64)
      let group = device.properties.maximumWorkGroupSize * 2
      let tooLarge = #expect(throws: DeviceError.self) {
        try device.launch(
          Kernel("elementwise", "add"), over: Grid(1, local: (group, 1, 1)),
          [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(1)])
      }
      #expect(
        "\(tooLarge!)".contains("kernel add in groups of at most \(group / 2) work-items and \(group) are needed"))
      // The device is none the worse.
      try device.synchronize()
    }
  }

  @Test(arguments: TestDevices.openCL)
  func aProfileCountsAndTimesEachKernel(on test: TestDevice) throws {
    try test.use { device in
      let count = 10_000
      let buffer = try device.allocate(byteCount: count * 4)
      let width = device.properties.registerTiles[0].width
      let profiler = Profiler()
      device.profiler = profiler
      defer { device.profiler = nil }
      for _ in 0..<20 {
        profiler.declare(flops: Double(count), bytes: Double(count * 12))
        try device.launch(
          Kernel("elementwise", "add"), over: Grid(count / width, local: (16, 1, 1)),
          [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(count)])
      }
      try device.synchronize()
      let entry = try #require(profiler.report.first)
      #expect(profiler.report.count == 1 && entry.kernel == "add" && entry.launches == 20)
      #expect(entry.seconds > 0 && entry.seconds < 10)
      #expect(entry.flops == Double(20 * count) && entry.bytes == Double(20 * 12 * count))
      device.profiler = nil
      try device.launch(
        Kernel("elementwise", "add"), over: Grid(1),
        [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(1)])
      try device.synchronize()
      #expect(profiler.report[0].launches == 20)
    }
  }

  @Test(arguments: TestDevices.openCL.indices)
  func processorsComputeWithTheThreadsAskedFor(index: Int) throws {
    let all = try OpenCLDevice(index: index, programCache: TestDevices.programCache).properties
    guard all.kind == .cpu, all.computeUnits > 1 else { return }
    let device = try OpenCLDevice(index: index, threads: 1, programCache: TestDevices.programCache)
    let choice = try DeviceCatalog.choose("opencl:\(index)", threads: 1)
    #expect(choice.device.properties.computeUnits == 1 || choice.remark != nil)
    let buffer = try device.allocate(byteCount: 64)
    try device.fill(buffer, at: 0, byteCount: 64, pattern: Float(2).bitPattern)
    try device.launch(
      Kernel("elementwise", "add"), over: Grid(16),
      [.buffer(buffer), .buffer(buffer), .buffer(buffer), .int(16)])
    #expect(try buffer.read(Float.self, count: 16) == [Float](repeating: 4, count: 16))
    #expect(throws: DeviceError.self) { try OpenCLDevice(index: index, threads: 0) }
  }

  @Test(arguments: TestDevices.openCL.indices)
  func partsOfAProcessorOutliveTheirWork(index: Int) throws {
    // PoCL's threads look at a command's device once more after `clFinish` has returned.
    for _ in 0..<2000 {
      let device = try OpenCLDevice(index: index, threads: 1, programCache: TestDevices.programCache)
      let buffer = try device.allocate(byteCount: 64)
      for _ in 0..<4 { try device.fill(buffer, at: 0, byteCount: 64, pattern: 1) }
    }
  }

  @Test func anIndexBeyondTheLastIsRefused() {
    #expect(throws: DeviceError.self) { try OpenCLDevice(index: 1000) }
  }

  #if os(Linux)
    @Test func aMachineWithoutDriversSaysSo() async {
      // In a process of its own, because the loader looks for drivers once.
      await #expect(processExitsWith: .success) {
        setenv("OCL_ICD_VENDORS", "/nonexistent", 1)
        setenv("TELAR_NO_CACHE", "1", 1)
        let none = DeviceError.noOpenCL(reason: "no driver is installed: none is in /nonexistent")
        #expect(throws: none) { try OpenCLDevice.available() }
        #expect(throws: none) { try OpenCLDevice(index: 0) }
        #expect(throws: none) { try DeviceCatalog.open("opencl") }
        #expect(throws: none) { try DeviceCatalog.open("OpenCL:0") }
        #expect(DeviceCatalog.problems().contains { $0.contains("pocl-opencl-icd") })
        #expect(DeviceCatalog.list().allSatisfy { $0.properties.identifier.hasPrefix("cpu:") })
        let choice = try DeviceCatalog.choose("auto")
        #expect(choice.device is CPUDevice && choice.reason?.hasSuffix("is the only device") == true)
      }
    }
  #endif
}

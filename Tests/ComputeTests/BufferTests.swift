import Compute
import Foundation
import TestSupport
import Testing

@Suite struct BufferTests {
  @Test(arguments: TestDevices.all, [1, 3, 1000, 100_003])
  func whatIsWrittenIsRead(on test: TestDevice, count: Int) throws {
    try test.use { device in
      let values = (0..<count).map { Float($0) * 0.5 }
      let buffer = try device.allocate(byteCount: count * 4)
      try buffer.write(values)
      #expect(try buffer.read(Float.self, count: count) == values)
      #expect(try buffer.read(Float.self, count: 1, at: (count - 1) * 4) == [values[count - 1]])
    }
  }

  @Test(arguments: TestDevices.all)
  func aSourceMayChangeAfterItsWrite(on test: TestDevice) throws {
    try test.use { device in
      for count in [16, 100_000] {
        let buffer = try device.allocate(byteCount: count * 4)
        var values = [Int32](repeating: 7, count: count)
        try values.withUnsafeBytes { try device.write($0, to: buffer, at: 0) }
        for index in values.indices { values[index] = -1 }
        #expect(try buffer.read(Int32.self, count: count) == [Int32](repeating: 7, count: count))
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func manySmallWritesArriveInOrder(on test: TestDevice) throws {
    try test.use { device in
      let buffer = try device.allocate(byteCount: 4096 * 4)
      for round in 0..<3 {
        for index in 0..<4096 { try buffer.write([Int32(index + round)], at: index * 4) }
      }
      #expect(try buffer.read(Int32.self, count: 4096) == (0..<4096).map { Int32($0 + 2) })
    }
  }

  @Test(arguments: TestDevices.all)
  func copiesAndFillsKeepWithinTheirRange(on test: TestDevice) throws {
    try test.use { device in
      let a = try device.allocate(byteCount: 400)
      let b = try device.allocate(byteCount: 400)
      try a.write((0..<100).map { Int32($0) })
      try device.fill(b, at: 0, byteCount: 400, pattern: 5)
      try device.copy(from: a, at: 40, to: b, at: 80, byteCount: 120)
      try device.fill(b, at: 100, byteCount: 4, pattern: 9)
      try device.fill(b, at: 0, byteCount: 0, pattern: 1)
      try device.copy(from: a, at: 0, to: b, at: 0, byteCount: 0)
      var expected = [Int32](repeating: 5, count: 100)
      for index in 0..<30 { expected[20 + index] = Int32(10 + index) }
      expected[25] = 9
      #expect(try b.read(Int32.self, count: 100) == expected)
    }
  }

  /// So that the system can give such pages to the processor's kernels.
  @Test func largeBuffersOfTheCPUAreWholeHugePages() throws {
    let device = try CPUDevice()
    let page = 2 << 20
    for byteCount in [1 << 20, 3 << 20, 40_000_000] {
      let buffer = try device.allocate(byteCount: byteCount)
      #expect(Int(bitPattern: buffer.handle) % page == 0)
      #expect(buffer.capacity % page == 0 && buffer.capacity >= byteCount)
      #expect(buffer.capacity <= byteCount / 8 * 9 + page)
    }
    #expect(device.counters.bytesAllocated % page == 0)
    #expect(try device.allocate(byteCount: 1000).capacity == 1024)
  }

  @Test(arguments: TestDevices.all)
  func slicesShareMemory(on test: TestDevice) throws {
    try test.use { device in
      let alignment = device.properties.bufferAlignment
      let words = alignment / 4
      let whole = try device.allocate(byteCount: 4 * alignment)
      try device.fill(whole, at: 0, byteCount: 4 * alignment, pattern: 1)
      let part = try device.slice(whole, byteOffset: alignment, byteCount: 3 * alignment)
      let inner = try device.slice(part, byteOffset: alignment, byteCount: alignment)
      try device.fill(part, at: 0, byteCount: 4, pattern: 2)
      try device.fill(inner, at: 0, byteCount: alignment, pattern: 3)
      try inner.write([Int32(4)], at: alignment - 4)
      let expected =
        [Int32](repeating: 1, count: words) + [2] + [Int32](repeating: 1, count: words - 1)
        + [Int32](repeating: 3, count: words - 1) + [4] + [Int32](repeating: 1, count: words)
      #expect(try whole.read(Int32.self, count: 4 * words) == expected)
      #expect(try inner.read(Int32.self, count: 1, at: alignment - 4) == [4])
    }
  }

  @Test(arguments: TestDevices.all)
  func aSliceKeepsItsWholeAlive(on test: TestDevice) throws {
    try test.use { device in
      let alignment = device.properties.bufferAlignment
      var whole: Buffer? = try device.allocate(byteCount: 2 * alignment)
      try whole!.write([Int32](repeating: 8, count: alignment / 2))
      let part = try device.slice(whole!, byteOffset: alignment, byteCount: alignment)
      whole = nil
      let other = try device.allocate(byteCount: 2 * alignment)
      try device.fill(other, at: 0, byteCount: 2 * alignment, pattern: 0)
      #expect(try part.read(Int32.self, count: alignment / 4) == [Int32](repeating: 8, count: alignment / 4))
    }
  }

  @Test(arguments: TestDevices.all)
  func freedMemoryIsUsedAgain(on test: TestDevice) throws {
    try test.use { device in
      // A size whose like no other test asks for: memory of about as many bytes would serve.
      let size = 23_456_789
      do { _ = try device.allocate(byteCount: size) }
      let before = device.counters
      for _ in 0..<10 { _ = try device.allocate(byteCount: size - 100) }
      #expect(device.counters == before)
      let two = try (0..<2).map { _ in try device.allocate(byteCount: size) }
      #expect(device.counters.allocations == before.allocations + 1)
      #expect(device.counters.bytesAllocated > before.bytesAllocated)
      #expect(device.counters.peakBytesAllocated >= device.counters.bytesAllocated)
      withExtendedLifetime(two) {}
    }
  }

  @Test(arguments: TestDevices.all)
  func onlyWaitingCountsAsSynchronisation(on test: TestDevice) throws {
    try test.use { device in
      let buffer = try device.allocate(byteCount: 400)
      let before = device.counters.synchronizations
      try buffer.write([Int32](repeating: 1, count: 100))
      try device.fill(buffer, at: 0, byteCount: 400, pattern: 2)
      #expect(device.counters.synchronizations == before)
      _ = try buffer.read(Int32.self, count: 100)
      try device.synchronize()
      #expect(device.counters.synchronizations == before + 2)
    }
  }

  @Test(arguments: TestDevices.all)
  func zerosAreKept(on test: TestDevice) throws {
    try test.use { device in
      let zeros = try device.zeros(byteCount: 1000)
      #expect(try zeros.read(Int32.self, count: 250) == [Int32](repeating: 0, count: 250))
      #expect(try device.zeros(byteCount: 10) === device.zeros(byteCount: 1000))
      let larger = try device.zeros(byteCount: zeros.byteCount + 1)
      #expect(larger.byteCount > zeros.byteCount)
      #expect(try zeros.read(Int32.self, count: 250) == [Int32](repeating: 0, count: 250))
    }
  }

  @Test(arguments: TestDevices.all)
  func tooMuchAtOnceIsRefused(on test: TestDevice) throws {
    try test.use { device in
      let limit = device.properties.maximumAllocationBytes
      #expect(limit > 0)
      #expect(
        throws: DeviceError.allocationTooLarge(
          device: device.properties.identifier, requested: limit + 1, limit: limit)
      ) { try device.allocate(byteCount: limit + 1) }
    }
  }

  /// The system promises more memory than there is, and ends whoever uses it. The buffers are never touched.
  @Test func tooMuchInAllIsRefused() throws {
    let device = try CPUDevice()
    let half = device.properties.globalMemoryBytes / 2
    let first = try device.allocate(byteCount: half)
    let error = #expect(throws: DeviceError.self) { try device.allocate(byteCount: half) }
    guard case .outOfMemory = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(first.byteCount == half)
    #expect(device.counters.bytesAllocated < 2 * half)
  }

  @Test func theProcessorRefusesMoreThanTheMachineHas() throws {
    let device = try CPUDevice(threads: 1)
    // Memory that is never touched takes no room.
    let most = device.properties.globalMemoryBytes / 10 * 6
    var first: Buffer? = try device.allocate(byteCount: most)
    #expect(throws: DeviceError.self) { try device.allocate(byteCount: most) }
    first = nil
    // What is pooled gives way to another size.
    let second = try device.allocate(byteCount: most / 4 * 5)
    #expect(device.counters.bytesAllocated < most * 2)
    withExtendedLifetime((first, second)) {}
  }

  @Test func poolCapacitiesWasteLittle() {
    #expect(BufferPool.capacity(for: 0) == 256)
    #expect(BufferPool.capacity(for: 257) == 512)
    for size in [1000, 4097, 65_535, 1_000_001, 123_456_789] {
      let capacity = BufferPool.capacity(for: size)
      #expect(capacity >= size && capacity % 256 == 0 && Double(capacity) <= max(Double(size) * 1.125, 1280))
    }
  }
}

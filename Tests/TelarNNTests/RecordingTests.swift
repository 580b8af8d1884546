import TelarNN
import TestSupport
import Testing

/// What a recording device says that a network launches is what the device that it stands in for launches.
@Suite struct RecordingTests {
  /// Kernels by name with their launches, operations and bytes, of two steps of training and of an evaluation.
  private func profile(on device: any Device) throws -> [String: [Double]] {
    let profiler = Profiler()
    device.profiler = profiler
    defer { device.profiler = nil }
    let network = try Network(on: device, inputShape: [8, 8, 1], seed: 1) {
      NetworkTests.encoder
      NetworkTests.classifier
    }
    let train = try TrainingStep(network, Adam(learningRate: 0.01))
    let (x, labels) = try NetworkTests.batch(of: 36, on: device)
    for _ in 0..<2 { try train { mode in try crossEntropy(network(x, mode), labels: labels) } }
    _ = try network(x)
    try device.synchronize()
    return Dictionary(
      uniqueKeysWithValues: profiler.report.map { ($0.kernel, [Double($0.launches), $0.flops, $0.bytes]) })
  }

  @Test(arguments: TestDevices.all) func itLaunchesWhatTheDeviceDoes(_ on: TestDevice) throws {
    try on.use { device in
      let expected = try profile(on: device)
      #expect(expected.count > 12)
      #expect(try profile(on: RecordingDevice(device.properties)) == expected)
    }
  }

  /// 400 MB of parameters, which are neither made nor kept.
  @Test func largeNetworksAreCheap() throws {
    let device = RecordingDevice(.typicalGPU)
    let network = try Network(on: device, inputShape: [10_000], seed: 1) {
      Part("classifier") { Linear(10_000, 10_000) }
    }
    let clock = ContinuousClock()
    #expect(try clock.measure { _ = try network(device.tensor([100, 10_000])) } < .seconds(1))
    #expect(device.counters.bytesAllocated > 400_000_000)
    #expect(device.launches.contains { $0.flops == 2 * 100 * 1e8 })
  }
}

import Compute
import Foundation
import TelarIO
import TelarNN
import TestSupport
import Testing

/// Steps that a device records and repeats, against steps that are run one by one.
@Suite struct RepeatedStepTests {
  /// Dropout by every kernel that draws masks, batch normalization that counts batches, a frozen part.
  private static func network(on device: any Device) throws -> Network {
    try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
      Part("first") {
        Conv2d(1, 5, kernelSize: 3, padding: 1)
        ReLU()
        Dropout(0.25)
        MaxPool2d(2)
      }
      Part("frozen", isFrozen: true) {
        Conv2d(5, 5, kernelSize: 3, padding: 1)
        BatchNorm2d(5)
      }
      Part("second") {
        Conv2d(5, 6, kernelSize: 3, padding: 1)
        BatchNorm2d(6)
        ReLU()
        Dropout(0.1)
        MaxPool2d(2)
        Flatten()
        Dropout(0.5)
        Linear(24, 7)
      }
    }
  }

  private struct Run {
    let device: any Device
    let network: Network
    let train: TrainingStep
    let images, labels, order: Buffer
    var losses: [UInt32] = []
    var launches: [Int] = []
    var calls = 0

    init(_ optimizer: any Optimizer, on device: any Device) throws {
      self.device = device
      network = try RepeatedStepTests.network(on: device)
      train = try TrainingStep(network, optimizer) { 0.01 / Double($0 + 1) }
      images = try device.allocate(byteCount: 40 * 64)
      labels = try device.allocate(byteCount: 80)
      order = try device.allocate(byteCount: 40 * 4)
      try images.write((0..<40 * 64).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 64 * 11) })
      try labels.write((0..<40).map { UInt16($0 % 7) })
      try order.write((0..<40).map { Int32($0 * 7 % 40) })
    }

    /// Ten steps on batches of 6 and 4 in turns.
    mutating func run(repeating: Bool) throws {
      for step in 0..<10 {
        let count = step % 3 == 2 ? 4 : 6, offset = step * 3
        let before = device.counters.launches
        var calls = 0
        func loss(_ mode: Mode) throws -> Tensor {
          calls += 1
          let x = try gatherBatch(images, height: 8, width: 8, order: order, offset: offset, count: count)
          return try crossEntropy(
            network(x, mode), labels: gatherLabels(labels, order: order, offset: offset, count: count))
        }
        device.stepValues.setBatch(offset)
        let result = try repeating ? train(repeating: count, loss) : train(loss)
        self.calls += calls
        launches.append(device.counters.launches - before)
        losses.append(try result.item().bitPattern)
        // Takes memory from the pool, and fills it.
        let x = try gatherBatch(images, height: 8, width: 8, order: order, offset: 0, count: 6)
        losses.append(try network(x).values()[0].bitPattern)
        _ = try device.filled([6, 8, 8, 5], with: .nan)
      }
    }
  }

  @Test(arguments: TestDevices.all) func repeatedStepsHaveTheBitsOfOthers(_ on: TestDevice) throws {
    try on.use { device in
      for optimizer in [Adam(weightDecay: 0.01), AdamW(), SGD(learningRate: 0.1, momentum: 0.9)] as [any Optimizer] {
        var plain = try Run(optimizer, on: device), repeated = try Run(optimizer, on: device)
        try plain.run(repeating: false)
        try repeated.run(repeating: true)
        #expect(repeated.losses == plain.losses)
        // An optimizer of the tile family finishes the loss of a repeated step.
        let saved = device.traits.isVector ? 0 : 1
        #expect(repeated.launches == plain.launches.map { $0 - saved })
        // Each size of batch is run once and recorded once.
        #expect(plain.calls == 10 && repeated.calls == (device is CPUDevice ? 10 : 4))
        #expect(try state(repeated) == state(plain))
      }
    }
  }

  /// Everything that a checkpoint holds, with the batches that layers counted.
  private func state(_ run: Run) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try run.network.save(to: folder.path + "/network.safetensors")
    return try Array(Data(contentsOf: URL(fileURLWithPath: folder.path + "/network.safetensors")))
  }

  /// A recording's memory goes back when the step that made it does.
  @Test(arguments: TestDevices.openCL) func recordingsGiveTheirMemoryBack(_ on: TestDevice) throws {
    try on.use { device in
      func train() throws {
        var run = try Run(Adam(), on: device)
        try run.run(repeating: true)
      }
      for _ in 0..<3 { try train() }
      let before = device.counters.allocations
      for _ in 0..<3 { try train() }
      #expect(device.counters.allocations == before)
    }
  }

  /// A device that is out of memory takes that of recordings, whose steps are then recorded anew.
  @Test(arguments: TestDevices.openCL) func recordingsGiveTheirMemoryToWhoNeedsIt(_ on: TestDevice) throws {
    try on.use { device in
      var plain = try Run(Adam(), on: device), repeated = try Run(Adam(), on: device)
      for _ in 0..<2 { try plain.run(repeating: false) }
      try repeated.run(repeating: true)
      let calls = repeated.calls
      func takeAll(_ taken: [Buffer] = []) throws {
        try takeAll(taken + [device.allocate(byteCount: device.properties.maximumAllocationBytes)])
      }
      #expect { try takeAll() } throws: {
        if case DeviceError.outOfMemory = $0 { true } else { false }
      }
      try repeated.run(repeating: true)
      #expect(repeated.calls == calls * 2)
      #expect(repeated.losses == plain.losses)
      #expect(try state(repeated) == state(plain))
    }
  }

  /// Nothing that training leaves behind keeps a device.
  @Test func devicesEndAfterTraining() throws {
    for open in [{ try CPUDevice() }, { try OpenCLDevice(index: 0) }] as [() throws -> any Device] {
      weak var seen: (any Device)?
      do {
        let device = try open()
        seen = device
        var run = try Run(Adam(), on: device)
        try run.run(repeating: true)
      } catch DeviceError.noOpenCL {}
      #expect(seen == nil)
    }
  }

  /// A layer that is not Telar's own is called in every step.
  @Test(arguments: TestDevices.openCL) func unknownLayersAreCalledInEachStep(_ on: TestDevice) throws {
    struct Counted: Layer {
      final class Count: Sendable {
        nonisolated(unsafe) var calls = 0
      }
      static let moduleName = "Counted"
      static let count = Count()
      var attributes: JSON.Members { [:] }
      init() {}
      init(attributes: inout AttributeReader) throws {}
      func outputShape(of shape: [Int]) throws -> [Int] { shape }
      func callAsFunction(_ x: Tensor, _ state: LayerState, _ context: ForwardContext) throws -> Tensor {
        Self.count.calls += 1
        return x
      }
    }
    try on.use { device in
      let network = try Network(on: device, inputShape: [4], seed: 1) {
        Part("all") {
          Linear(4, 3)
          Counted()
        }
      }
      let train = try TrainingStep(network, SGD(learningRate: 0.1)), x = try device.filled([2, 4], with: 1)
      Counted.count.calls = 0
      for _ in 0..<5 {
        try train(repeating: 0) { mode in try crossEntropy(network(x, mode), labels: device.labels([0, 2])) }
      }
      #expect(Counted.count.calls == 5)
    }
  }

  /// A step that reads from the device cannot be recorded, and is run each time.
  @Test(arguments: TestDevices.openCL) func stepsThatReadAreRunEachTime(_ on: TestDevice) throws {
    try on.use { device in
      let network = try Network(on: device, inputShape: [4], seed: 1) { Part("all") { Linear(4, 3) } }
      let train = try TrainingStep(network, SGD(learningRate: 0.1)), x = try device.filled([2, 4], with: 1)
      let labels = try device.labels([0, 2])
      var calls = 0
      for _ in 0..<5 {
        try train(repeating: 0) { mode in
          calls += 1
          let y = try network(x, mode)
          _ = try y.values()
          return try crossEntropy(y, labels: labels)
        }
      }
      #expect(calls == 5)
    }
  }
}

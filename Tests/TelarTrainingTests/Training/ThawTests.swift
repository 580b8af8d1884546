import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Parts that thaw")
struct ThawTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func images(_ count: Int) -> LabelledImages {
    let pixels = (0..<count * 64).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    return LabelledImages(
      count: count, height: 8, width: 8, pixels: pixels, labels: (0..<count).map { UInt16($0 % 4) })
  }

  private func architecture(frozen: Set<String>) -> Architecture {
    Architecture {
      Part("encoder", isFrozen: frozen.contains("encoder")) {
        Conv2d(1, 4, kernelSize: 3)
        BatchNorm2d(4)
        ReLU()
        Dropout(0.2)
        Flatten()
      }
      Part("middle", isFrozen: frozen.contains("middle")) {
        Linear(144, 8)
        ReLU()
      }
      Part("classifier") { Linear(8, 4) }
    }
  }

  private func network(_ device: any Device, frozen: Set<String>) throws -> Network {
    try Network(architecture(frozen: frozen), on: device, inputShape: [8, 8, 1], seed: 3)
  }

  private func sets(_ device: any Device) throws -> Trainer.Images {
    try Trainer.Images(training: images(25), validation: images(10), curveCount: 10, on: device)
  }

  private static let optimizers: [any Optimizer] = [
    Adam(learningRate: 0.01), AdamW(learningRate: 0.01), SGD(learningRate: 0.05, momentum: 0.9),
    RMSprop(learningRate: 0.01, momentum: 0.5),
  ]

  private func trainer(
    _ device: any Device, _ optimizer: any Optimizer = Adam(learningRate: 0.01),
    thaw: OrderedMembers<Int> = ["encoder": 2], options: TrainingOptions = TrainingOptions()
  ) throws -> Trainer {
    var settings = TrainingSettings(
      loss: .classification, optimizer: optimizer, schedule: .init(.cosine(minimum: 1e-4)), batchSize: 10, epochs: 4,
      seed: 5)
    settings.thaw = thaw
    settings.options = options
    return try Trainer("test", network(device, frozen: Set(thaw.keys)), sets(device), settings)
  }

  private func weights(_ network: Network) throws -> [String: [Float]] {
    try network.parameters.reduce(into: [:]) { $0[$1.key] = try $1.values() }
  }

  private func state(_ trainer: Trainer) throws -> SafetensorsFile {
    var writer = SafetensorsWriter()
    try trainer.add(to: &writer)
    try writer.write(to: folder.path + "/state")
    return try SafetensorsFile(folder.path + "/state")
  }

  /// Trains some epochs by hand, as four steps of at most ten images each.
  private func train(_ step: TrainingStep, epochs: ClosedRange<Int>, on images: DeviceImages) throws {
    for epoch in epochs {
      try images.arrange(Permutation(count: 25, seed: 5, epoch: epoch))
      for offset in [0, 10, 20] {
        let batch = try images.batch(at: offset, count: min(10, 25 - offset))
        try step { mode in try crossEntropy(step.network(batch.images, mode), labels: batch.labels) }
      }
    }
  }

  @Test(arguments: TestDevices.all, ThawTests.optimizers.indices)
  func `a run is the two stages one after the other`(_ on: TestDevice, index: Int) throws {
    let optimizer = Self.optimizers[index]
    try on.use { device in
      var options = TrainingOptions()
      if index == 0 {
        options.clipNorm = 0.5
        options.parameterGroups = [
          ParameterGroup(["encoder.*", "classifier.0.bias"], ["learning_rate": .number(0.03)])
        ]
      }
      let trained = try trainer(device, optimizer, options: options)
      let start = try weights(trained.network)
      for _ in 0..<2 { try trained.runEpoch() }
      let before = try weights(trained.network)
      for (key, values) in start { #expect((before[key] == values) == key.hasPrefix("encoder."), "\(key)") }
      for _ in 0..<2 { try trained.runEpoch() }

      let set = try sets(device).training
      let schedule: Schedule = {
        LearningRateSchedule(.cosine(minimum: 1e-4)).rate(
          optimizer.learningRate, step: $0, stepsPerEpoch: 3, epochs: 4)
      }
      let groups = options.parameterGroups.map { ParameterGroup(["classifier.0.bias"], $0.settings) }
      let first = try TrainingStep(
        network(device, frozen: ["encoder"]), optimizer, groups: groups, schedule: schedule)
      first.optimizerState.clipNorm = options.clipNorm
      try train(first, epochs: 1...2, on: set)
      #expect(try weights(first.network) == before)
      // What the optimizer keeps of the second stage's parameters: that of the first stage, and zeros.
      var writer = SafetensorsWriter()
      try first.optimizerState.add(to: &writer)
      for parameter in first.network.parameters
      where parameter.part == "encoder" && parameter.spec.role == .parameter {
        for name in optimizer.stateNames {
          writer.add(
            "optimizer/\(name)/\(parameter.key)", shape: parameter.spec.shape,
            [Float](repeating: 0, count: parameter.spec.count))
        }
        writer.add("optimizer/step/\(parameter.key)", shape: [], [Int64(0)])
      }
      try writer.write(to: folder.path + "/stages")
      let second = try TrainingStep(
        network(device, frozen: []), optimizer, groups: options.parameterGroups, schedule: schedule)
      second.optimizerState.clipNorm = options.clipNorm
      for part in second.network.parts { try second.network.copyPart(part.name, from: first.network) }
      try second.optimizerState.load(from: SafetensorsFile(folder.path + "/stages"))
      second.step = first.step
      try train(second, epochs: 3...4, on: set)
      let (mine, theirs) = (try weights(trained.network), try weights(second.network))
      for (key, values) in theirs { #expect(mine[key] == values, "\(key) on \(on.name)") }
      #expect(mine["encoder.0.weight"] != start["encoder.0.weight"])
    }
  }

  @Test func `groups of parameters may be those of a part that thaws, and of no other frozen one`() throws {
    try TestDevices.cpu.use { device in
      var options = TrainingOptions()
      options.parameterGroups = [ParameterGroup(["encoder.*"], ["learning_rate": .number(0.03)])]
      #expect(throws: Never.self) { try trainer(device, thaw: ["encoder": 2, "middle": 1], options: options) }
      options.parameterGroups = [ParameterGroup(["decoder.*"], ["learning_rate": .number(0.03)])]
      #expect(throws: AttributeError.self) { try trainer(device, options: options) }
    }
  }

  @Test func `the steps of each part are counted from its thaw`() throws {
    try TestDevices.cpu.use { device in
      let trainer = try trainer(device, thaw: ["encoder": 1, "middle": 3])
      var counts: [[Int64]] = []
      for _ in 0..<4 {
        try trainer.runEpoch()
        let file = try state(trainer)
        counts.append(
          try ["encoder.1.weight", "middle.0.bias", "classifier.0.weight"].map { key in
            let name = "optimizer/step/" + key
            return file.tensors[name] == nil ? -1 : try file.values(name, as: Int64.self)[0]
          })
      }
      #expect(counts == [[-1, -1, 3], [3, -1, 6], [6, -1, 9], [9, 3, 12]])
      // Batch norm's running statistics are those of the epochs in which it was trained.
      #expect(try state(trainer).values("encoder.1.num_batches_tracked", as: Int64.self) == [9])
    }
  }

  @Test(arguments: TestDevices.all) func `a resumed run has the bits of one that was not stopped`(_ on: TestDevice)
    throws
  {
    try on.use { device in
      let thaw: OrderedMembers<Int> = ["encoder": 2, "middle": 1]
      let whole = try trainer(device, thaw: thaw)
      while !whole.isFinished { try whole.runEpoch() }
      let expected = try weights(whole.network)
      // Before every step of the run, among them the first after a thaw, and after each epoch.
      for steps in 0...12 {
        let stopped = try trainer(device, thaw: thaw)
        var left = steps
        func pause() -> Bool {
          left -= 1
          return left < 0
        }
        do { while !stopped.isFinished { try stopped.runEpoch(pause: pause) } } catch is TrainingPaused {}
        let resumed = try trainer(device, thaw: thaw)
        try resumed.load(from: state(stopped))
        while !resumed.isFinished { try resumed.runEpoch() }
        #expect(try weights(resumed.network) == expected, "after \(steps) steps on \(on.name)")
        #expect(resumed.history.map(\.validationLoss) == whole.history.map(\.validationLoss))
      }
      for epochs in 1...3 {
        let stopped = try trainer(device, thaw: thaw)
        for _ in 0..<epochs { try stopped.runEpoch() }
        // A trainer whose parts have thawed takes a state from before, too.
        let resumed = epochs == 1 ? whole : try trainer(device, thaw: thaw)
        try resumed.load(from: state(stopped))
        while !resumed.isFinished { try resumed.runEpoch() }
        #expect(try weights(resumed.network) == expected, "after \(epochs) epochs on \(on.name)")
      }
    }
  }
}

import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Training loop")
struct TrainerTests {
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 10) }
    let pixels = (0..<count * 784).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
  }

  private func network(on device: any Device) throws -> Network {
    try Network(on: device, inputShape: [28, 28, 1], seed: 3) {
      Part("classifier") {
        Flatten()
        Linear(784, 10)
      }
    }
  }

  @Test(arguments: TestDevices.all)
  func `batches are the images in the order asked for`(on device: TestDevice) throws {
    try device.use { device in
      let source = images(23)
      let set = try DeviceImages(source, on: device)
      let order = Permutation(count: 23, seed: 5, epoch: 1)
      try set.arrange(order)
      let batch = try set.batch(at: 20, count: 3)
      #expect(batch.images.shape == [3, 28, 28, 1])
      let values = try batch.images.values()
      for (place, index) in order.indices[20...].enumerated() {
        #expect(try batch.labels.values()[place] == Int32(source.labels[Int(index)]))
        let expected = source.pixels[(Int(index) * 784)..<(Int(index) * 784 + 784)].map { Float($0) / 255 }
        let found = values[(place * 784)..<(place * 784 + 784)]
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-7 })
      }
    }
  }

  @Test func `the training curve's images are uploaded once and keep their order`() throws {
    // A device of its own, whose pool is empty.
    let device = try CPUDevice(instructionSet: CPUDevice.supportedInstructionSets[0])
    let source = images(1_000)
    let sets = try Trainer.Images(training: source, validation: images(10), curveCount: 990, on: device)
    #expect(device.counters.bytesAllocated < source.pixels.count * 5 / 4)
    try sets.training.arrange(Permutation(count: 1_000, seed: 5, epoch: 1))
    #expect(sets.curve.count == 990)
    let batch = try sets.curve.batch(at: 980, count: 10)
    #expect(try batch.labels.values() == source.labels[980..<990].map(Int32.init))
    let expected = source.pixels[(980 * 784)..<(990 * 784)].map { Float($0) / 255 }
    #expect(zip(try batch.images.values(), expected).allSatisfy { abs($0 - $1) <= 1e-7 })
  }

  @Test(arguments: TestDevices.all)
  func `what is measured does not depend on the batch size`(on device: TestDevice) throws {
    try device.use { device in
      let set = try DeviceImages(images(57), on: device)
      let network = try network(on: device)
      let whole = try network.evaluate(on: set, loss: .classification, batchSize: 57)
      #expect(whole.examples == 57)
      for batchSize in [1, 10, 56, 1000] {
        let values = try network.evaluate(on: set, loss: .classification, batchSize: batchSize)
        #expect(values.examples == 57)
        #expect(values.correct == whole.correct)
        #expect(abs(values.loss - whole.loss) <= 1e-5 * whole.loss)
      }
      let matrix = try network.confusionMatrix(on: set, classCount: 10, batchSize: 10)
      #expect(matrix.map { $0.reduce(0, +) } == (0..<10).map { $0 < 7 ? 6 : 5 })
      #expect((0..<10).reduce(0) { $0 + matrix[$1][$1] } == whole.correct)
    }
  }

  @Test func `a loss that is not finite stops the run`() throws {
    try TestDevices.cpu.use { device in
      let sets = try Trainer.Images(training: images(40), validation: images(10), curveCount: 10, on: device)
      let settings = TrainingSettings(
        loss: .classification, optimizer: SGD(learningRate: 1e38), batchSize: 10, epochs: 3)
      let trainer = try Trainer("test", network(on: device), sets, settings)
      #expect(throws: NotFiniteError.self) { for _ in 0..<3 { try trainer.runEpoch() } }
      #expect(trainer.history.isEmpty)
    }
  }

  @Test func `a loss of the training curve that is not finite stops the run too`() throws {
    try TestDevices.cpu.use { device in
      // Black images: their loss is finite, however large weights are.
      let black = LabelledImages(
        count: 2, height: 28, width: 28, pixels: [UInt8](repeating: 0, count: 2 * 784), labels: [0, 1])
      let sets = try Trainer.Images(training: images(10), validation: black, curveCount: 10, on: device)
      let settings = TrainingSettings(
        loss: .classification, optimizer: SGD(learningRate: 1e37), batchSize: 10, epochs: 1)
      let trainer = try Trainer("test", network(on: device), sets, settings)
      let error = #expect(throws: NotFiniteError.self) { try trainer.runEpoch() }
      #expect(error?.epoch == 1 && trainer.history.isEmpty)
      #expect(try trainer.measure(sets.validation).loss.isFinite)
    }
  }

  @Test func `metrics in files have the bits that were measured`() throws {
    let metrics = EpochMetrics(
      epoch: 3, trainingLoss: 1.15e-7, curveLoss: 0.1 + 0.2, validationLoss: 1.0 / 3, trainingAccuracy: 2.0 / 3,
      learningRate: 1e-3 / 7, seconds: 1e-4 / 3, imagesPerSecond: 123_456.789_012_345)
    let text = JSON.object(metrics.json).text
    #expect(EpochMetrics(json: try JSON(parsing: text)) == metrics)
    let cells = metrics.csvLine.dropLast().split(separator: ",", omittingEmptySubsequences: false)
    #expect(Double(cells[1]) == 1.15e-7 && Double(cells[3]) == 1.0 / 3 && cells[5] == "")
  }

  @Test func `progress is reported when it is asked for and changes nothing`() throws {
    try TestDevices.cpu.use { device in
      let sets = try Trainer.Images(training: images(45), validation: images(10), curveCount: 10, on: device)
      let settings = TrainingSettings(loss: .classification, batchSize: 10, epochs: 1, seed: 1)
      var reports: [Trainer.Progress] = []
      let watched = try Trainer("test", network(on: device), sets, settings)
        .runEpoch([ProgressReports(every: 0) { reports.append($0) }])
      let unwatched = try Trainer("test", network(on: device), sets, settings).runEpoch()
      #expect(reports.map(\.imagesDone) == [10, 20, 30, 40, 45])
      #expect(watched.trainingLoss == unwatched.trainingLoss)
      #expect(watched.validationLoss == unwatched.validationLoss)
    }
  }
}

@Suite("Early stopping, schedules, divergence")
struct TrainerSettingsTests {
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 10) }
    let pixels = labels.flatMap { label in (0..<784).map { UInt8($0 / 28 == 2 * Int(label) ? 200 : 10) } }
    return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
  }

  /// An order of labels that training makes worse: what it learns is wrong for the validation images.
  private func contraryImages(_ count: Int) -> LabelledImages {
    let honest = images(count)
    return LabelledImages(
      count: count, height: 28, width: 28, pixels: honest.pixels, labels: honest.labels.map { ($0 + 1) % 10 })
  }

  private func trainer(
    _ device: any Device, validation: LabelledImages, _ change: (inout TrainingSettings) -> Void = { _ in }
  ) throws -> Trainer {
    let sets = try Trainer.Images(training: images(40), validation: validation, curveCount: 10, on: device)
    var settings = TrainingSettings(loss: .classification, optimizer: Adam(), batchSize: 10, epochs: 8)
    change(&settings)
    let network = try Network(on: device, inputShape: [28, 28, 1], seed: 3) {
      Part("encoder") {
        Flatten()
        Linear(784, 16)
        ReLU()
      }
      Part("classifier") { Linear(16, 10) }
    }
    return try Trainer("test", network, sets, settings)
  }

  @Test func `a run ends when the validation loss has not improved for as long as was allowed`() throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      let trainer = try trainer(device, validation: contraryImages(20)) { $0.earlyStopping = .init(patience: 2) }
      let run = TrainingRun(trainer, in: RunFolder(folder.path))
      try run.begin()
      try run.train()
      let losses = trainer.history.map(\.validationLoss)
      let best = losses.indices.min { losses[$0] < losses[$1] }! + 1
      #expect(trainer.hasStoppedEarly && trainer.bestEpoch == best)
      #expect(losses.count == best + 2 && losses.count < 8)
      // The network has the weights of the best epoch again, and the files have both.
      #expect(try trainer.measure(trainer.images.validation).loss == losses[best - 1])
      let files = try [RunFolder.bestName, RunFolder.lastName].map {
        try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0))
      }
      #expect(files[0] != files[1])
    }
  }

  @Test func `an improvement must be as large as was asked for`() throws {
    try TestDevices.cpu.use { device in
      let trainer = try trainer(device, validation: images(20)) {
        $0.earlyStopping = .init(patience: 2, minimumImprovement: 1e6)
      }
      while !trainer.isFinished { try trainer.runEpoch() }
      #expect(trainer.history.count == 3 && trainer.bestEpoch == 1)
      #expect(trainer.history[2].validationLoss < trainer.history[0].validationLoss)
    }
  }

  @Test func `learning rates follow the schedule`() {
    func rates(_ schedule: LearningRateSchedule, _ steps: [Int]) -> [Double] {
      steps.map { schedule.rate(0.1, step: $0, stepsPerEpoch: 10, epochs: 4) }
    }
    func isClose(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } }
    #expect(rates(.constant, [0, 39]) == [0.1, 0.1])
    #expect(isClose(rates(.init(.step(stepSize: 2, gamma: 0.5)), [0, 19, 20, 39]), [0.1, 0.1, 0.05, 0.05]))
    // Half way down after half of the steps; at the least rate in the end.
    #expect(isClose(rates(.init(.cosine(minimum: 0.02)), [0, 20, 40]), [0.1, 0.06, 0.02]))
    #expect(isClose(rates(.init(.cosine(minimum: 0)), [10]), [0.1 * (1 + 0.5.squareRoot()) / 2]))
    #expect(isClose(rates(.init(.constant, warmUpEpochs: 0.9), [0, 4, 8, 9]), [0.01, 0.05, 0.09, 0.1]))
  }

  @Test func `a schedule reaches the optimizer`() throws {
    try TestDevices.cpu.use { device in
      let constant = try trainer(device, validation: images(20)) { $0.epochs = 2 }
      let halved = try trainer(device, validation: images(20)) {
        $0.epochs = 2
        $0.schedule = .init(.step(stepSize: 1, gamma: 0.5))
      }
      for trainer in [constant, halved] { while !trainer.isFinished { try trainer.runEpoch() } }
      #expect(constant.history[0].validationLoss == halved.history[0].validationLoss)
      #expect(constant.history[1].validationLoss != halved.history[1].validationLoss)
      #expect(halved.history.map(\.learningRate) == [1e-3, 5e-4])
      // Four steps an epoch: what is on record is the rate that a warm-up has come to, not where it began.
      let warmed = try trainer(device, validation: images(20)) { $0.schedule = .init(.constant, warmUpEpochs: 1) }
      try warmed.runEpoch()
      #expect(abs(warmed.history[0].learningRate - 8e-4) < 1e-12)
    }
  }

  @Test func `a loss that is not finite is traced to its step and layer`() throws {
    try TestDevices.cpu.use { device in
      func failure(_ optimizer: any Optimizer) throws -> NotFiniteError? {
        let folder = try TemporaryFolder()
        let trainer = try trainer(device, validation: images(20)) { $0.optimizer = optimizer }
        let run = TrainingRun(trainer, in: RunFolder(folder.path))
        try run.begin()
        return #expect(throws: NotFiniteError.self) { try run.train() }
      }
      // Weights of 1e30 after the first step: the product of the second overflows in the classifier.
      let overflow = try failure(SGD(learningRate: 1e32))
      #expect(overflow?.epoch == 1)
      #expect(overflow?.origin == .init(step: 2, what: "the output of classifier.0 (Linear)"))
      #expect(overflow?.description.contains("step 2 of epoch 1; the output of classifier.0 (Linear) is") == true)
      // Weights that are infinite themselves.
      let infinite = try failure(SGD(learningRate: .greatestFiniteMagnitude))
      #expect(infinite?.origin?.step == 2)
      #expect(infinite?.origin?.what.hasSuffix("after the step before,") == true)
    }
  }

  @Test func `pixels are normalized as asked for`() throws {
    try TestDevices.cpu.use { device in
      let set = try DeviceImages(images(3), normalization: Normalization(mean: 0.5, deviation: 0.5), on: device)
      let values = try set.batch(at: 0, count: 3).images.values()
      let expected = images(3).pixels.map { (Float($0) / 255 - 0.5) / 0.5 }
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= 2e-7 })
    }
  }
}

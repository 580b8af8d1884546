import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Callbacks of runs")
struct TrainingCallbackTests {
  /// Writes down what it is told, and ends the run where it is told to.
  private final class Recorder: TrainingCallback {
    var events: [String] = []
    var losses: [Double] = []
    let observesSteps: Bool
    var stops: String?

    init(observesSteps: Bool = false, stops: String? = nil) {
      self.observesSteps = observesSteps
      self.stops = stops
    }

    func runBegan(_ trainer: Trainer, isResumed: Bool) {
      events.append("\(isResumed ? "resumed after" : "began with") \(trainer.history.count)")
    }

    func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
      losses.append(try step.loss())
      return note("step \(step.epoch).\(step.number)" + (step.isLastOfEpoch ? ", the last" : ""))
    }

    func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) -> TrainingDecision {
      #expect(trainer.history.last == metrics)
      return note("epoch \(metrics.epoch)")
    }

    func runEnded(_ trainer: Trainer) { events.append("ended") }

    private func note(_ event: String) -> TrainingDecision {
      events.append(event)
      return event == stops ? .stop : .proceed
    }
  }

  private func images(_ count: Int) -> LabelledImages {
    let pixels = (0..<count * 64).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    return LabelledImages(
      count: count, height: 8, width: 8, pixels: pixels, labels: (0..<count).map { UInt16($0 % 4) })
  }

  private func trainer(
    _ device: any Device, loss: Loss = .classification, _ change: (inout TrainingSettings) -> Void = { _ in }
  ) throws -> Trainer {
    let sets = try Trainer.Images(training: images(25), validation: images(10), curveCount: 10, on: device)
    var settings = TrainingSettings(loss: loss, batchSize: 10, epochs: 3, seed: 1)
    change(&settings)
    let network =
      loss == .classification
      ? try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
        Part("classifier") {
          Flatten()
          Dropout(0.3)
          Linear(64, 4)
        }
      }
      : try Network(on: device, inputShape: [8, 8, 1], seed: 3) {
        Part("net") { Conv2d(1, 1, kernelSize: 3, padding: 1) }
      }
    return try Trainer("test", network, sets, settings)
  }

  private func weights(_ trainer: Trainer) throws -> [[Float]] {
    try trainer.network.parameters.map { try $0.values() }
  }

  @Test(arguments: TestDevices.all) func `all is told in order, and changes nothing`(_ on: TestDevice) throws {
    try on.use { device in
      let plain = try trainer(device), observed = try trainer(device)
      try plain.train()
      let (steps, epochs) = (Recorder(observesSteps: true), Recorder())
      try observed.train([steps, epochs])
      #expect(
        steps.events == ["began with 0"]
          + (1...3).flatMap { ["step \($0).1", "step \($0).2", "step \($0).3, the last", "epoch \($0)"] } + ["ended"])
      #expect(epochs.events == ["began with 0", "epoch 1", "epoch 2", "epoch 3", "ended"] && epochs.losses.isEmpty)
      #expect(try weights(plain) == weights(observed))
      #expect(plain.history.map(\.trainingLoss) == observed.history.map(\.trainingLoss))
      for epoch in 0..<3 {
        // The last batch has five images.
        let losses = steps.losses[(3 * epoch)..<(3 * epoch + 3)].map { $0 }
        let mean = (10 * losses[0] + 10 * losses[1] + 5 * losses[2]) / 25
        #expect(abs(mean - observed.history[epoch].trainingLoss) < 1e-6)
      }
    }
  }

  @Test func `the loss of a step is that of all its batches`() throws {
    try TestDevices.cpu.use { device in
      let trainer = try trainer(device) {
        $0.batchSize = 4
        $0.options.accumulation = 3
        $0.epochs = 1
      }
      let recorder = Recorder(observesSteps: true)
      try trainer.train([recorder])
      #expect(recorder.events == ["began with 0", "step 1.1", "step 1.2", "step 1.3, the last", "epoch 1", "ended"])
      let mean = (12 * recorder.losses[0] + 12 * recorder.losses[1] + recorder.losses[2]) / 25
      #expect(abs(mean - trainer.history[0].trainingLoss) < 1e-6)
    }
  }

  @Test(arguments: ["epoch 2", "step 2.2", "step 2.3, the last"]) func `a callback ends the run`(place: String) throws {
    try TestDevices.cpu.use { device in
      let stopped = try trainer(device)
      let recorder = Recorder(observesSteps: true, stops: place)
      try stopped.train([recorder])
      #expect(stopped.isStopped && stopped.isFinished && !stopped.hasStoppedEarly)
      #expect(stopped.history.map(\.epoch) == [1, 2])
      let expected =
        place == "step 2.2" ? ["step 2.2", "epoch 2", "ended"] : ["step 2.3, the last", "epoch 2", "ended"]
      #expect(recorder.events.suffix(3) == expected)
      guard place == "epoch 2" else { return }
      let short = try trainer(device) { $0.epochs = 2 }
      try short.train()
      #expect(try weights(short) == weights(stopped))
      // Asked to, it goes on.
      let whole = try trainer(device)
      try whole.train()
      try stopped.runEpoch()
      #expect(!stopped.isStopped && stopped.isFinished)
      #expect(try weights(whole) == weights(stopped))
    }
  }

  @Test(arguments: ["epoch 1", "step 1.1"]) func `a run that was ended is not gone on with`(place: String) throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      let first = try trainer(device)
      let run = TrainingRun(
        first, in: RunFolder(folder.path), callbacks: [Recorder(observesSteps: true, stops: place)])
      try run.begin()
      try run.train()
      // As if the process had been killed before the run's result was written.
      let second = try trainer(device)
      let recorder = Recorder()
      let again = TrainingRun(second, in: RunFolder(folder.path), callbacks: [recorder])
      try again.resume()
      #expect(second.isFinished && second.isStopped)
      try again.train()
      #expect(recorder.events == ["resumed after 1", "ended"] && second.history == first.history)
      #expect(try weights(first) == weights(second))
    }
  }

  @Test func `files are as complete when a callback ends a run`() throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      let trainer = try trainer(device, loss: .reconstruction) {
        $0.epochs = 30
        $0.earlyStopping = EarlyStopping(patience: 20)
      }
      let samples = try ReconstructionSamples(images(3), normalization: .unit, on: device)
      let recorder = Recorder(stops: "epoch 4")
      let run = TrainingRun(trainer, in: RunFolder(folder.path), samples: samples, callbacks: [recorder])
      try run.begin()
      try run.train()
      let names = try SafetensorsFile(folder.path + "/samples.safetensors").tensors.map(\.key)
      #expect(Set(names) == ["original", "epoch-0", "epoch-1", "epoch-2", "epoch-4"])
      #expect(RunFolder(folder.path).history == trainer.history && trainer.history.count == 4)
      let best = try SafetensorsFile(folder.path + "/best.safetensors")
      #expect(try weights(trainer)[0] == best.floats("net.0.weight"))
    }
  }

  @Test func `an error of a callback ends the run`() throws {
    final class Broken: TrainingCallback {
      func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
        throw JSONError(offset: metrics.epoch, problem: "own")
      }
    }
    try TestDevices.cpu.use { device in
      let trainer = try trainer(device)
      let error = #expect(throws: JSONError.self) { try trainer.train([Broken()]) }
      #expect(error?.offset == 1 && trainer.history.count == 1)
    }
  }

  @Test func `states are saved within long epochs, and not with the images of a whole one`() throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      let trainer = try trainer(device)
      /// Resumes from the state after each step and epoch.
      final class Resumes: TrainingCallback {
        let body: () throws -> Void
        init(_ body: @escaping () throws -> Void) { self.body = body }
        var observesSteps: Bool { true }
        func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
          try body()
          return .proceed
        }
        func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
          try body()
          return .proceed
        }
      }
      var places: [Int64] = []
      let resumes = Resumes {
        let file = try SafetensorsFile(folder.path + "/state.safetensors")
        places.append(try file.values("trainer/progress", as: Int64.self)[1])
        try self.trainer(device).load(from: file)
      }
      let run = TrainingRun(trainer, in: RunFolder(folder.path), saveInterval: 0, callbacks: [resumes])
      try run.begin()
      try run.train()
      // Callbacks come before the state: they find that of the step before.
      #expect(places == [0, 10, 20, 20, 0, 10, 20, 20, 0, 10, 20, 20])
    }
  }
}

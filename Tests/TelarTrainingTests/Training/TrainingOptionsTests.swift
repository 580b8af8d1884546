import Foundation
import TelarData
import TelarNN
import TelarTraining
import Tensors
import TestSupport
import Testing

/// Runs with settings that are off unless asked for.
@Suite("Training options")
struct TrainingOptionsTests {
  /// Images of ten classes, of which the first is the most frequent.
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt16($0 % 3 == 0 ? 0 : $0 % 10) }
    let pixels = (0..<count * 784).map { UInt8(truncatingIfNeeded: ($0 / 784 + 1) * ($0 % 784 + 3) * 2_654_435 >> 11) }
    return LabelledImages(count: count, height: 28, width: 28, pixels: pixels, labels: labels)
  }

  private func trainer(
    on device: any Device, _ options: TrainingOptions, loss: Loss = .classification, batchSize: Int = 10,
    epochs: Int = 2, rate: Double = 0.01
  ) throws -> Trainer {
    let network = try Network(on: device, inputShape: [28, 28, 1], seed: 3) {
      Part("encoder") {
        Flatten()
        Dropout(0.25)
        Linear(784, loss == .classification ? 10 : 784)
      }
      if loss == .reconstruction {
        Part("decoder") {
          Unflatten(channels: 1, height: 28, width: 28)
          Sigmoid()
        }
      }
    }
    let sets = try Trainer.Images(training: images(35), validation: images(10), curveCount: 35, on: device)
    return try Trainer(
      "test", network, sets,
      TrainingSettings(
        loss: loss, optimizer: SGD(learningRate: rate), batchSize: batchSize, epochs: epochs, options: options, seed: 5)
    )
  }

  private func options(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
    var options = TrainingOptions()
    change(&options)
    return options
  }

  /// Without dropout, and hardly training, the loss of an epoch is that of the network as it begins.
  @Test(arguments: TestDevices.all)
  func `objectives are minimised, and losses measured`(_ on: TestDevice) throws {
    try on.use { device in
      let set = images(35)
      let pixels = OracleTensor([35, 784], set.pixels.map { Double(Float($0) * (1 / 255)) })
      for (objective, oracle) in [
        (.meanAbsoluteError, .absolute), (.huber(delta: 0.25), .huber(delta: 0.25)), (.binaryCrossEntropy, .binary),
      ] as [(Objective, Oracle.ElementLoss)] {
        let trainer = try trainer(
          on: device, options { $0.objective = objective }, loss: .reconstruction, batchSize: 35, epochs: 1, rate: 1e-30
        )
        let output = try trainer.network(trainer.images.training.batch(at: 0, count: 35).images, .evaluation).values()
        let result = OracleTensor([35, 784], output.map(Double.init))
        let metrics = try trainer.runEpoch()
        // Dropout makes what is minimised differ from what the same network is measured to have.
        let expected = Oracle.mean(oracle, result, pixels).loss.values[0]
        #expect(abs(metrics.trainingLoss / expected - 1) < 0.1, "\(objective)")
        let squared = Oracle.meanSquaredError(result, pixels).loss.values[0]
        #expect(abs(metrics.curveLoss / squared - 1) < 1e-5)
      }
      let weighted = Objective.crossEntropy(labelSmoothing: 0.2, weights: .balanced)
      let trainer = try trainer(
        on: device, options { $0.objective = weighted }, batchSize: 35, epochs: 1, rate: 1e-30)
      let output = try trainer.network(trainer.images.training.batch(at: 0, count: 35).images, .evaluation).values()
      let logits = OracleTensor([35, 10], output.map(Double.init)), labels = set.labels.map(Int32.init)
      let counts = (0..<10).map { label in set.labels.count { $0 == label } }
      let weights = try #require(try weighted.classWeights(counts: counts))
      #expect(abs(zip(weights, counts).reduce(0) { $0 + $1.0 * Double($1.1) } - 35) < 1e-9)
      let metrics = try trainer.runEpoch()
      let expected = Oracle.crossEntropy(logits, labels: labels, weights: weights, smoothing: 0.2).loss.values[0]
      #expect(abs(metrics.trainingLoss / expected - 1) < 0.1)
      #expect(abs(metrics.curveLoss / Oracle.crossEntropy(logits, labels: labels).loss.values[0] - 1) < 1e-5)
    }
  }

  @Test(arguments: TestDevices.all)
  func `steps of several batches are resumed with the same bits`(_ on: TestDevice) throws {
    try on.use { device in
      let several = options {
        $0.accumulation = 2
        $0.clipNorm = 0.5
        $0.averageDecay = 0.9
        $0.parameterGroups = [ParameterGroup(["*.bias"], ["learning_rate": .number(0.002)])]
      }
      let straight = try trainer(on: device, several)
      #expect(straight.settings.stepImageCount == 20)
      let first = try straight.runEpoch(), second = try straight.runEpoch()
      #expect(first.trainingLoss != second.trainingLoss)
      let stopped = try trainer(on: device, several)
      try stopped.runEpoch()
      var steps = 0
      #expect(throws: TrainingPaused.self) {
        try stopped.runEpoch(pause: {
          steps += 1
          return steps == 2
        })
      }
      let folder = try TemporaryFolder()
      var writer = SafetensorsWriter()
      try stopped.add(to: &writer)
      try writer.write(to: folder.path + "/state.safetensors")
      let resumed = try trainer(on: device, several)
      try resumed.load(from: SafetensorsFile(folder.path + "/state.safetensors"))
      let last = try resumed.runEpoch()
      #expect(last.trainingLoss == second.trainingLoss && last.validationLoss == second.validationLoss)
      #expect(last.validationMetrics == second.validationMetrics && last.validationMetrics[.averageLoss] != nil)
      // A run of the same batches one by one is another.
      #expect(try trainer(on: device, TrainingOptions()).runEpoch().validationLoss != first.validationLoss)
    }
  }

  /// Averages a network's numbers in double precision.
  private final class Follower: TrainingCallback {
    private let decay: Double
    private var steps = 0.0
    var average: [[Double]]

    init(_ network: Network, decay: Double) throws {
      self.decay = decay
      average = try network.parameters.map { try $0.values().map(Double.init) }
    }

    var observesSteps: Bool { true }

    func stepEnded(_ step: Trainer.Step, of trainer: Trainer) throws -> TrainingDecision {
      let share = 1 - min(decay, (1 + steps) / (10 + steps))
      for (index, parameter) in trainer.network.parameters.enumerated() {
        for (place, value) in try parameter.values().enumerated() {
          average[index][place] += (Double(value) - average[index][place]) * share
        }
      }
      steps += 1
      return .proceed
    }
  }

  /// The average is that of the numbers behind each step, and training goes on as without it.
  @Test(arguments: TestDevices.all)
  func `a moving average is measured beside the network`(_ on: TestDevice) throws {
    try on.use { device in
      let averaging = options { $0.averageDecay = 0.75 }
      let plain = try trainer(on: device, TrainingOptions()), averaged = try trainer(on: device, averaging)
      let follower = try Follower(plain.network, decay: 0.75)
      for _ in 0..<2 { try plain.runEpoch([follower]) }
      let expected = follower.average
      _ = try averaged.runEpoch()
      let metrics = try averaged.runEpoch()
      for (a, b) in zip(plain.network.parameters, averaged.network.parameters) {
        #expect(try a.values() == b.values())
      }
      let average = try #require(averaged.average)
      try average.exchanging {
        for (parameter, values) in zip(averaged.network.parameters, expected) {
          try expectClose(
            parameter.values(), OracleTensor(parameter.spec.shape, values), .within(absolute: 1e-6, relative: 1e-5),
            TestCase(device, parameter.key))
        }
        let own = try averaged.measure(averaged.images.validation)
        #expect(metrics.validationMetrics[.averageLoss] == own.loss)
        #expect(metrics.validationMetrics[.averageAccuracy] == own.accuracy)
      }
      #expect(metrics.validationMetrics[.averageLoss] != metrics.validationLoss)
    }
  }

  @Test func `options that change nothing leave no mark on a record`() throws {
    var settings = TrainingSettings(loss: .classification)
    let plain = settings.json
    for keyword in TrainingOptions.jsonKeywords { #expect(plain[keyword] == nil) }
    settings.options = options {
      $0.objective = .crossEntropy(labelSmoothing: 0.1, weights: .equal)
      ($0.clipNorm, $0.accumulation, $0.averageDecay) = (1, 4, 0.999)
      $0.parameterGroups = [.noDecayOfVectors]
    }
    #expect(settings.stepImageCount == 400)
    let changed = settings.json
    #expect(changed["objective"]?.text == #"{"kind":"cross_entropy","label_smoothing":0.1}"#)
    #expect(changed["clip_norm"] == .number(1) && changed["accumulate"] == .integer(4))
    #expect(changed["parameter_groups"]?.text == #"[{"parameters":["vectors"],"weight_decay":0.0}]"#)
    var reader = AttributeReader(settings.options.attributes, place: "")
    var read = try TrainingOptions(attributes: &reader)
    read.objective = settings.options.objective
    #expect(read == settings.options)
  }
}

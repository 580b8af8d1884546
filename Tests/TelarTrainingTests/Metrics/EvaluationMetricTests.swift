import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Metrics of evaluations")
struct EvaluationMetricTests {
  private static let classifiers: [EvaluationMetric] = [
    .topAccuracy(1), .topAccuracy(3), .balancedAccuracy, .macroPrecision, .macroRecall, .macroF1,
  ]

  /// Pixels without order; some classes are rare.
  private func images(_ count: Int, classes: Int = 12, height: Int = 12, width: Int = 13) -> LabelledImages {
    let pixels = (0..<count * height * width).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let labels = (0..<count).map { UInt16($0 * $0 % classes) }
    return LabelledImages(count: count, height: height, width: width, pixels: pixels, labels: labels)
  }

  private func classifier(_ device: any Device, classes: Int = 12) throws -> Network {
    try Network(on: device, inputShape: [12, 13, 1], seed: 4) {
      Part("classifier") {
        Flatten()
        Linear(156, classes)
      }
    }
  }

  private func autoencoder(_ device: any Device) throws -> Network {
    try Network(on: device, inputShape: [12, 13, 1], seed: 4) {
      Part("encoder") { Conv2d(1, 1, kernelSize: 3, padding: 1) }
    }
  }

  @Test func `names are read back`() {
    let all = Self.classifiers + [.topAccuracy(5), .psnr, .ssim]
    for metric in all {
      #expect(
        EvaluationMetric(name: metric.name) == metric && EvaluationMetric(name: metric.name.uppercased()) == metric)
      #expect(Monitor(name: metric.name) == .metric(metric) && Monitor(name: "val_" + metric.name) == .metric(metric))
    }
    for name in ["", "top0_accuracy", "top-5_accuracy", "top99999_accuracy", "top5_accuracy ", "f1", "accuracy"] {
      #expect(EvaluationMetric(name: name) == nil, "\(name)")
    }
    #expect(
      Monitor(name: "val_loss") == .loss && Monitor(name: "Accuracy") == .accuracy && Monitor(name: "val_") == nil)
    #expect(!Monitor.loss.isHigherBetter && Monitor.accuracy.isHigherBetter && Monitor.metric(.psnr).isHigherBetter)
    #expect(EvaluationMetric.usual(classCount: 10).isEmpty)
    #expect(EvaluationMetric.usual(classCount: 11) == [.topAccuracy(5)])
  }

  @Test(arguments: TestDevices.all) func `a classifier's metrics are those of its logits`(_ on: TestDevice) throws {
    let source = images(57)
    let labels = source.labels.map(Int.init)
    try on.use { device in
      let network = try classifier(device)
      let set = try DeviceImages(source, on: device)
      let values = try network(set.batch(at: 0, count: 57).images).values().map(Double.init)
      let rows = (0..<57).map { Array(values[($0 * 12)..<($0 * 12 + 12)]) }
      var counts = [[Int]](repeating: [Int](repeating: 0, count: 12), count: 12)
      for (row, label) in zip(rows, labels) { counts[label][Oracle.argMax(row)] += 1 }
      let scores = ClassScores(counts)
      let expected: [EvaluationMetric: Double] = [
        .topAccuracy(1): Oracle.topAccuracy(1, rows, labels: labels),
        .topAccuracy(3): Oracle.topAccuracy(3, rows, labels: labels),
        .balancedAccuracy: scores.balancedAccuracy, .macroPrecision: scores.macroPrecision,
        .macroRecall: scores.macroRecall, .macroF1: scores.macroF1,
      ]
      let plain = try network.evaluate(on: set, loss: .classification, batchSize: 10)
      for batchSize in [10, 57, 100] {
        let found = try network.evaluate(
          on: set, loss: .classification, batchSize: batchSize, metrics: Self.classifiers)
        #expect(found.metrics == expected)
        // What else is measured changes nothing.
        if batchSize == 10 { #expect(found.values == plain) }
      }
      #expect(expected[.topAccuracy(1)] == plain.accuracy && expected[.topAccuracy(3)]! > plain.accuracy)
    }
  }

  @Test func `of equal logits the first in the order of labels count`() throws {
    try TestDevices.cpu.use { device in
      let network = try classifier(device)
      for parameter in network.parameters { try parameter.write([Float](repeating: 0, count: parameter.spec.count)) }
      let source = LabelledImages(
        count: 12, height: 12, width: 13, pixels: [UInt8](repeating: 7, count: 12 * 156), labels: Array(0..<12))
      let found = try network.evaluate(
        on: DeviceImages(source, on: device), loss: .classification, batchSize: 5, metrics: Self.classifiers)
      #expect(found.metrics[.topAccuracy(1)] == 1.0 / 12 && found.metrics[.topAccuracy(3)] == 0.25)
      #expect(found.metrics[.balancedAccuracy] == 1.0 / 12)
      // Logits that are NaN are of the first class, as on the device.
      for parameter in network.parameters { try parameter.write([Float](repeating: .nan, count: parameter.spec.count)) }
      let none = try network.evaluate(
        on: DeviceImages(source, on: device), loss: .classification, batchSize: 5, metrics: Self.classifiers)
      #expect(none.metrics[.topAccuracy(1)] == 1.0 / 12 && none.values.correct == 1)
    }
  }

  @Test(arguments: TestDevices.all) func `an autoencoder's metrics are those of pixels`(_ on: TestDevice) throws {
    let normalization = Normalization(mean: 0.25, deviation: 0.5)
    let source = images(7)
    try on.use { device in
      let network = try autoencoder(device)
      let set = try DeviceImages(source, normalization: normalization, on: device)
      let outputs = try network(set.batch(at: 0, count: 7).images).values().map { Double($0) * 0.5 + 0.25 }
      let originals = source.pixels.map { Double($0) / 255 }
      var (psnr, ssim) = (0.0, 0.0)
      for index in 0..<7 {
        let places = (index * 156)..<(index * 156 + 156)
        let (x, y) = (Array(outputs[places]), Array(originals[places]))
        psnr += Oracle.peakSignalToNoiseRatio(x, y) / 7
        ssim += Oracle.structuralSimilarity(x, y, height: 12, width: 13, channels: 1) / 7
      }
      for batchSize in [3, 7] {
        let found = try network.evaluate(
          on: set, loss: .reconstruction, batchSize: batchSize, metrics: [.psnr, .ssim])
        #expect(abs(found.metrics[.psnr]! - psnr) < 1e-4 && abs(found.metrics[.ssim]! - ssim) < 1e-5)
      }
    }
  }

  private func trainer(
    _ device: any Device, classes: Int = 12, _ change: (inout TrainingSettings) -> Void
  ) throws -> Trainer {
    let sets = try Trainer.Images(
      training: images(60, classes: classes), validation: images(33, classes: classes), curveCount: 10, on: device)
    var settings = TrainingSettings(loss: .classification, batchSize: 10, epochs: 4, seed: 2)
    change(&settings)
    return try Trainer("test", classifier(device, classes: classes), sets, settings)
  }

  @Test func `metrics that are asked for are in each epoch, and change nothing else`() throws {
    try TestDevices.cpu.use { device in
      let plain = try trainer(device, classes: 10) { _ in }
      let measured = try trainer(device, classes: 10) {
        $0.metrics = [.macroF1, .topAccuracy(2)]
        $0.monitor = .metric(.balancedAccuracy)
      }
      for trainer in [plain, measured] { while !trainer.isFinished { try trainer.runEpoch() } }
      #expect(plain.validationMetrics.isEmpty && plain.history.allSatisfy(\.validationMetrics.isEmpty))
      #expect(measured.validationMetrics == [.topAccuracy(2), .balancedAccuracy, .macroF1])
      #expect(plain.history.map(\.validationLoss) == measured.history.map(\.validationLoss))
      #expect(measured.history.allSatisfy { Set($0.validationMetrics.keys) == Set(measured.validationMetrics) })
      let last = try measured.measureAll(measured.images.validation)
      #expect(last.metrics == measured.history[3].validationMetrics)
      // More than ten classes have a top-5 accuracy, unless another is asked for.
      #expect(try trainer(device) { _ in }.validationMetrics == [.topAccuracy(5)])
      #expect(try trainer(device) { $0.metrics = [.topAccuracy(7)] }.validationMetrics == [.topAccuracy(7)])
    }
  }

  @Test func `files keep the bits of further metrics, and are as before without them`() throws {
    var metrics = EpochMetrics(
      epoch: 3, trainingLoss: 1.15e-7, curveLoss: 0.1 + 0.2, validationLoss: 1.0 / 3, learningRate: 1e-3, seconds: 1,
      imagesPerSecond: 10)
    let plain = metrics.csvHeader
    #expect(
      plain == "epoch,train_loss,curve_loss,val_loss,train_accuracy,curve_accuracy,val_accuracy,learning_rate,seconds,"
        + "images_per_s\n")
    metrics.validationMetrics = [.ssim: 2.0 / 3, .psnr: 1.0 / 7]
    #expect(metrics.csvHeader == plain.dropLast() + ",val_psnr,val_ssim\n")
    #expect(metrics.csvLine.hasSuffix(",1.0,10.0,\(1.0 / 7),\(2.0 / 3)\n"))
    let text = JSON.object(metrics.json).text
    #expect(text.hasSuffix(#","images_per_s":10.0,"val_psnr":\#(1.0 / 7),"val_ssim":\#(2.0 / 3)}"#))
    #expect(EpochMetrics(json: try JSON(parsing: text)) == metrics)
  }

  @Test func `the best epoch is that of the monitored metric`() throws {
    try TestDevices.cpu.use { device in
      for monitor in [Monitor.accuracy, .metric(.macroF1), .loss] {
        let folder = try TemporaryFolder()
        let trainer = try trainer(device, classes: 10) {
          $0.optimizer = SGD(learningRate: 1)
          $0.epochs = 9
          $0.monitor = monitor
        }
        let run = TrainingRun(trainer, in: RunFolder(folder.path))
        try run.begin()
        try run.train()
        let values = trainer.history.map { monitor.value(of: $0)! }
        let best = monitor == .loss ? values.min()! : values.max()!
        #expect(trainer.bestEpoch == values.firstIndex(of: best)! + 1, "\(monitor.name)")
        #expect(Set(values).count > 3)
        // The file of the best epoch has its weights.
        try trainer.network.load(from: SafetensorsFile(folder.path + "/best.safetensors"))
        let measured = try trainer.measureAll(trainer.images.validation)
        #expect(measured.values.loss == trainer.history[trainer.bestEpoch - 1].validationLoss)
      }
    }
  }

  @Test func `a run ends when the monitored metric has not improved`() throws {
    try TestDevices.cpu.use { device in
      // A step that large changes nothing about the order of logits after a while.
      let trainer = try trainer(device, classes: 10) {
        $0.epochs = 60
        $0.monitor = .metric(.topAccuracy(3))
        $0.earlyStopping = EarlyStopping(patience: 2, minimumImprovement: 0.05)
      }
      while !trainer.isFinished { try trainer.runEpoch() }
      let values = trainer.history.map { $0.validationMetrics[.topAccuracy(3)]! }
      var (best, since) = (values[0], 0)
      for value in values.dropFirst() {
        #expect(since < 2)
        (best, since) = value - best > 0.05 ? (value, 0) : (best, since + 1)
      }
      #expect(since == 2 && trainer.hasStoppedEarly && trainer.bestEpoch == values.count - 2)
    }
  }

  @Test func `a state keeps further metrics, and one without them is read`() throws {
    try TestDevices.cpu.use { device in
      let folder = try TemporaryFolder()
      func state(_ trainer: Trainer) throws -> SafetensorsFile {
        var writer = SafetensorsWriter()
        try trainer.add(to: &writer)
        try writer.write(to: folder.path + "/state")
        return try SafetensorsFile(folder.path + "/state")
      }
      let change: (inout TrainingSettings) -> Void = {
        $0.metrics = [.macroF1]
        $0.monitor = .accuracy
        $0.optimizer = SGD(learningRate: 1)
      }
      let whole = try trainer(device, change)
      for _ in 0..<3 { try whole.runEpoch() }
      let resumed = try trainer(device, change)
      try resumed.load(from: state(whole))
      #expect(resumed.history == whole.history && resumed.bestEpoch == whole.bestEpoch)
      #expect(resumed.history[2].validationMetrics.count == 2)
      for trainer in [whole, resumed] { try trainer.runEpoch() }
      #expect(resumed.history[3].validationMetrics == whole.history[3].validationMetrics)
      #expect(resumed.bestEpoch == whole.bestEpoch)

      let plain = try trainer(device, classes: 10) { _ in }
      try plain.runEpoch()
      let later = try trainer(device, classes: 10) { $0.metrics = [.macroF1] }
      try later.load(from: state(plain))
      #expect(later.history[0].validationMetrics.isEmpty)
      #expect(try later.runEpoch().validationMetrics[.macroF1] != nil)
    }
  }
}

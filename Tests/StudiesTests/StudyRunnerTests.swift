import Foundation
import Safetensors
import Studies
import TelarData
import TelarNN
import TelarTraining
import TestSupport
import Testing

@Suite("Study runner")
struct StudyRunnerTests {
  let folder: TemporaryFolder
  let data: FashionMNIST

  init() throws {
    folder = try TemporaryFolder()
    let files = try TemporaryFolder()
    try SmallDataSet.write(into: files)
    data = try FashionMNIST(directory: files.path, allowOtherData: true)
  }

  /// Batches of 16, of which the third has 8 images.
  private func run(_ names: [String], seeds: Int = 1, epochs: Int = 2, on device: any Device) throws -> StudyResult {
    var options = StudyOptions()
    options.batchSize = 16
    options.seedCount = seeds
    options.curveImageCount = 30
    options.outputFolder = folder.path
    let runner = StudyRunner(.aldecoa, options, data: data, device: device, version: "test")
    return try runner.run(try Study.aldecoa.experiments(named: names)) { _ in epochs }
  }

  private func weights(_ result: StudyResult, _ experiment: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile("\(result.folder)/\(experiment)/seed-0/checkpoint.safetensors")
    return try file.tensors.keys.reduce(into: [:]) { $0[$1] = try file.floats($1) }
  }

  @Test(arguments: TestDevices.all)
  func `the four cases leave everything behind and freeze what they should`(on device: TestDevice) throws {
    try device.use { device in
      let result = try run(["case-1", "case-2", "case-3", "case-4"], on: device)
      #expect(result.folder == folder.path + "/aldecoa-001")
      let files = folder.contents().map { $0.replacingOccurrences(of: "aldecoa-001/", with: "") }
      for name in ["case-1", "case-2", "case-3", "case-4", "n64-p0.1"] {
        for file in ["run.json", "metrics.jsonl", "metrics.csv", "checkpoint.safetensors", "loss.csv"] {
          #expect(files.contains("\(name)/seed-0/\(file)"))
        }
        let own = name == "n64-p0.1" ? "reconstructions.csv" : "confusion.csv"
        #expect(files.contains("\(name)/seed-0/\(own)"))
      }
      for file in ["results.txt", "results.jsonl", "loss-cases.csv", "accuracy-cases.csv"] {
        #expect(files.contains(file))
      }
      #expect(files.allSatisfy { !$0.contains("/.") && !$0.hasPrefix(".") })

      let pretrained = try weights(result, "n64-p0.1")
      let cases = try ["case-1", "case-2", "case-3", "case-4"].map { try weights(result, $0) }
      let fresh = try Network(
        Study.aldecoa.experiments(named: ["case-4"])[0].architecture, on: device, inputShape: [28, 28, 1], seed: 0)
      for parameter in fresh.parameters where parameter.part == "encoder" {
        let key = parameter.key
        #expect(cases[0][key] != pretrained[key], "case 1 trains \(key)")
        #expect(cases[1][key] == pretrained[key], "case 2 keeps \(key) as it was pre-trained")
        #expect(try cases[2][key] != parameter.values(), "case 3 trains \(key)")
        #expect(try cases[3][key] == parameter.values(), "case 4 keeps \(key) as it was made")
      }
      for parameter in fresh.parameters where parameter.part == "classifier" {
        for weights in cases { #expect(try weights[parameter.key] != parameter.values()) }
      }
    }
  }

  @Test func `more epochs take no more memory`() throws {
    let peaks = try [2, 5].map { epochs in
      try run(["n64-p0.2"], epochs: epochs, on: CPUDevice(threads: 2)).peakDeviceBytes
    }
    #expect(peaks[0] > 0 && peaks[0] == peaks[1])
  }

  @Test(arguments: TestDevices.all)
  func `two starts give the same bits in two folders`(on device: TestDevice) throws {
    try device.use { device in
      let results = try (0..<2).map { _ in try run(["n32-p0.2", "case-3"], seeds: 2, on: device) }
      #expect(results.map(\.folder) == ["/aldecoa-001", "/aldecoa-002"].map { folder.path + $0 })
      for name in ["n32-p0.2", "case-3"] {
        for seed in 0..<2 {
          let files = try results.map {
            try Data(contentsOf: URL(fileURLWithPath: "\($0.folder)/\(name)/seed-\(seed)/checkpoint.safetensors"))
          }
          #expect(files[0] == files[1], "\(name), seed \(seed)")
        }
        let seeds = results[0].experiments.first { $0.experiment.name == name }!.runs
        #expect(seeds[0].history.map(\.validationLoss) != seeds[1].history.map(\.validationLoss))
      }
    }
  }

  @Test func `settings and results are on record`() throws {
    try TestDevices.cpu.use { device in
      let result = try run(["case-2"], on: device)
      guard case .object(let run) = try JSON(parsing: folder.text("aldecoa-001/case-2/seed-0/run.json")) else {
        Issue.record("run.json is no object")
        return
      }
      #expect(run["experiment"] == .string("case-2"))
      #expect(run["frozen"] == .array([.string("encoder")]))
      #expect(run["trained_parameters"] == .integer(650))
      guard case .object(let settings)? = run["settings"], case .object(let source)? = run["data"] else {
        Issue.record("run.json lacks settings or data")
        return
      }
      #expect(settings["batch_size"] == .integer(16))
      #expect(settings["epochs"] == .integer(2))
      #expect(source["is_fashion_mnist"] == .boolean(false))
      #expect(source["training_images"] == .integer(40))

      let lines = try folder.text("aldecoa-001/case-2/seed-0/metrics.jsonl").split(separator: "\n")
      #expect(lines.count == 2)
      guard case .object(let last) = try JSON(parsing: String(lines[1])) else { return }
      #expect(last["epoch"] == .integer(2))
      #expect(last["val_accuracy"]?.double != nil)
      #expect(try folder.text("aldecoa-001/case-2/seed-0/metrics.csv").hasPrefix(EpochMetrics.csvHeader + "1,"))

      // The report names what was run, what was needed for it, the claim and what differs from the text.
      let report = try folder.text("aldecoa-001/results.txt")
      for text in [
        "case-2", "pre-training: dropout 0.1", "about 80.00 %", "The claims are for 15 epochs; these runs had 2.",
        "All batches had 16 images", "dropout stays active",
      ] { #expect(report.contains(text), "\(text)") }
      #expect(result.lines.count == 1)
    }
  }
}

@Suite("Training loop")
struct TrainerTests {
  private func images(_ count: Int) -> LabelledImages {
    let labels = (0..<count).map { UInt8($0 % 10) }
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

  @Test(arguments: TestDevices.all)
  func `what is measured does not depend on the batch size`(on device: TestDevice) throws {
    try device.use { device in
      let set = try DeviceImages(images(57), on: device)
      let network = try network(on: device)
      let whole = try evaluate(network, on: set, loss: .classification, batchSize: 57)
      #expect(whole.examples == 57)
      for batchSize in [1, 10, 56, 1000] {
        let values = try evaluate(network, on: set, loss: .classification, batchSize: batchSize)
        #expect(values.examples == 57)
        #expect(values.correct == whole.correct)
        #expect(abs(values.loss - whole.loss) <= 1e-5 * whole.loss)
      }
      let matrix = try confusionMatrix(network, on: set, classCount: 10, batchSize: 10)
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
      #expect(trainer.history.count < 3)
    }
  }

  @Test func `progress is reported when it is asked for and changes nothing`() throws {
    try TestDevices.cpu.use { device in
      let sets = try Trainer.Images(training: images(45), validation: images(10), curveCount: 10, on: device)
      let settings = TrainingSettings(loss: .classification, batchSize: 10, epochs: 1, seed: 1)
      var reports: [Trainer.Progress] = []
      let watched = try Trainer("test", network(on: device), sets, settings)
        .runEpoch(interval: 0) { reports.append($0) }
      let unwatched = try Trainer("test", network(on: device), sets, settings).runEpoch()
      #expect(reports.map(\.imagesDone) == [10, 20, 30, 40, 45])
      #expect(watched.trainingLoss == unwatched.trainingLoss)
      #expect(watched.validationLoss == unwatched.validationLoss)
    }
  }
}

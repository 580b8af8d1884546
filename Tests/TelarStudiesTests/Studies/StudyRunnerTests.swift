import Foundation
import Synchronization
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

@Suite("Study runner")
struct StudyRunnerTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small()
  }

  /// Batches of 16, of which the third has 8 images.
  private func run(
    _ names: [String], seeds: Int = 1, epochs: Int = 2, in place: String = "", on device: any Device
  ) throws -> StudyResult {
    var options = StudyOptions()
    options.batchSize = 16
    options.seedCount = seeds
    options.curveImageCount = 30
    options.outputFolder = folder.path + place
    let runner = StudyRunner(.aldecoa, options, data: data, device: device, version: "test")
    return try runner.run(try Study.aldecoa.experiments(named: names)) { _ in epochs }
  }

  private func weights(_ result: StudyResult, _ experiment: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile("\(result.folder.path)/\(experiment)/seed-0/last.safetensors")
    return try file.tensors.keys.reduce(into: [:]) { $0[$1] = try file.floats($1) }
  }

  @Test(arguments: [true, false])
  func `what another process does meanwhile is not replaced`(ends: Bool) throws {
    try TestDevices.cpu.use { device in
      var options = StudyOptions()
      options.batchSize = 16
      options.outputFolder = folder.path
      let (data, names) = (self.data, ["case-4"])
      var steps = 0
      var made: [UInt8]?
      let path = folder.path + "/aldecoa/case-4/seed-0/" + (ends ? "result.json" : "state.safetensors")
      func pause() -> Bool {
        steps += 1
        return !ends && steps == 2
      }
      let runner = StudyRunner(
        .aldecoa, options, data: data, device: device, version: "test",
        observe: { event in
          guard case .began = event, made == nil else { return }
          let other = StudyRunner(.aldecoa, options, data: data, device: device, version: "test", pause: pause)
          _ = try? other.run(try Study.aldecoa.experiments(named: names)) { _ in 1 }
          made = FileManager.default.contents(atPath: path).map(Array.init)
        })
      let result = try runner.run(try Study.aldecoa.experiments(named: ["case-3", "case-4"])) { _ in 1 }
      // What has ended is taken; what has not is refused, as if it had been there before, and the others are made.
      #expect(result.failures.map(\.run) == (ends ? [] : ["aldecoa/case-4"]))
      #expect(result.experiments.count == (ends ? 2 : 1))
      #expect(made != nil && FileManager.default.contents(atPath: path).map(Array.init) == made)
    }
  }

  @Test func `the files of a run are read once, and not by the process that wrote them`() throws {
    try TestDevices.cpu.use { device in
      /// How often each is read, by its path.
      func reads(_ names: [String]) throws -> [String: Int] {
        let paths = Mutex<[String]>([])
        _ = try InputFile.observed(by: { path in paths.withLock { $0.append(path) } }) {
          try run(names, seeds: 2, on: device)
        }
        let files = ["/run.json", "/result.json", "/metrics.jsonl"]
        return paths.withLock { $0 }
          .filter { path in path.hasPrefix(folder.path) && files.contains(where: path.hasSuffix) }
          .reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(try reads(["case-4"]) == [:])
      let later = try reads(["case-3", "case-4"])
      #expect(later.count == 6 && later.allSatisfy { $0.key.contains("/case-4/") && $0.value == 1 }, "\(later)")
      // Of experiments that are in the folder and were not asked for, for the table of all.
      let other = try reads(["case-3"])
      #expect(other.count == 12 && other.values.allSatisfy { $0 == 1 }, "\(other)")
    }
  }

  @Test func `a result is the same when it is read back`() throws {
    try TestDevices.cpu.use { device in
      let made = try run(["case-4"], seeds: 2, on: device).experiments[0].runs
      let read = StudyResult(reading: RunFolder(folder.path + "/aldecoa"), of: .aldecoa).experiments[0].runs
      #expect(made.count == 2 && read.count == 2)
      for (made, read) in zip(made, read) {
        #expect(made.history == read.history && made.record == read.record)
        #expect(made.epoch == read.epoch && made.hasStoppedEarly == read.hasStoppedEarly)
        #expect(made.confusion == read.confusion && made.testLoss == read.testLoss)
        #expect(made.launchesPerStep == read.launchesPerStep && made.trainedParameters == read.trainedParameters)
        #expect(made.trainingSeconds == read.trainingSeconds && made.imagesPerSecond == read.imagesPerSecond)
      }
    }
  }

  @Test func `a study draws the reconstructions that its text shows side by side`() throws {
    try TestDevices.cpu.use { device in
      var options = StudyOptions()
      options.outputFolder = folder.path
      let runner = StudyRunner(.manolucos, options, data: data, device: device, version: "test")
      _ = try runner.run(try Study.manolucos.experiments(named: ["baseline", "channels-64-96"])) { _ in 1 }
      let table = try folder.text("manolucos/reconstructions-best.csv")
      for row in ["original,", "baseline,", "channels-64-96,"] { #expect(table.contains("\n" + row), "\(row)") }
    }
  }

  @Test(arguments: TestDevices.all)
  func `the four cases leave everything behind and freeze what they should`(on device: TestDevice) throws {
    try device.use { device in
      let result = try run(["case-1", "case-2", "case-3", "case-4"], on: device)
      #expect(result.folder.path == folder.path + "/aldecoa")
      let files = folder.contents().map { $0.replacingOccurrences(of: "aldecoa/", with: "") }
      for name in ["case-1", "case-2", "case-3", "case-4", "n64-p0.1"] {
        for file in [
          "run.json", "result.json", "metrics.jsonl", "metrics.csv", "best.safetensors", "last.safetensors", "loss.csv",
        ] {
          #expect(files.contains("\(name)/seed-0/\(file)"))
        }
        #expect(!files.contains("\(name)/seed-0/state.safetensors"))
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
      try #require(
        try run(["n64-p0.2"], epochs: epochs, in: "/\(epochs)", on: CPUDevice(threads: 2)).peakDeviceBytes)
    }
    #expect(peaks[0] > 0 && peaks[0] == peaks[1])
  }

  @Test(arguments: TestDevices.all)
  func `two starts give the same bits in two folders`(on device: TestDevice) throws {
    try device.use { device in
      let results = try (0..<2).map { try run(["n32-p0.2", "case-3"], seeds: 2, in: "/\($0)", on: device) }
      for name in ["n32-p0.2", "case-3"] {
        for seed in 0..<2 {
          let files = try results.map {
            try Data(contentsOf: URL(fileURLWithPath: "\($0.folder.path)/\(name)/seed-\(seed)/last.safetensors"))
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
      guard case .object(let run) = try JSON(parsing: folder.text("aldecoa/case-2/seed-0/run.json")) else {
        Issue.record("run.json is no object")
        return
      }
      #expect(run["experiment"] == .string("case-2"))
      #expect(run["frozen"] == .array([.string("encoder")]))
      #expect(result.experiments.last?.runs[0].record == run)
      guard case .object(let settings)? = run["settings"], case .object(let source)? = run["data"] else {
        Issue.record("run.json lacks settings or data")
        return
      }
      #expect(settings["batch_size"] == .integer(16))
      #expect(settings["epochs"] == .integer(2))
      #expect(source["is_fashion_mnist"] == .boolean(false))
      #expect(source["training_images"] == .integer(40))

      let lines = try folder.text("aldecoa/case-2/seed-0/metrics.jsonl").split(separator: "\n")
      #expect(lines.count == 2)
      guard case .object(let last) = try JSON(parsing: String(lines[1])) else { return }
      #expect(last["epoch"] == .integer(2))
      #expect(last["val_accuracy"]?.double != nil)
      #expect(
        try folder.text("aldecoa/case-2/seed-0/metrics.csv").hasPrefix(
          "epoch,train_loss,curve_loss,val_loss,train_accuracy,")
          && folder.text("aldecoa/case-2/seed-0/metrics.csv").contains("images_per_s\n1,"))

      // The report names what was run, what was needed for it, the claim and what differs from the text.
      let report = try folder.text("aldecoa/results.txt").split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for text in [
        "case-2", "n64-p0.1", "about 80.00 %", "The claims are for 15 epochs; these runs had 2.",
        "Batches had 16 images (--batch-size).", "Training curves are measured on 30 images", "dropout stays active",
      ] { #expect(report.contains(text), "\(text)") }
      guard case .object(let end) = try JSON(parsing: folder.text("aldecoa/case-2/seed-0/result.json")) else { return }
      #expect(end["trained_parameters"] == .integer(650))
      #expect(end["epoch"] == .integer(2) && end["stopped_early"] == .boolean(false))
      #expect(result.lines.count == 2)
    }
  }
}

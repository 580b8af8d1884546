import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Runs that are stopped and gone on with, against runs that never were.
@Suite("Resuming")
struct ResumeTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small(trainingCount: 70)
  }

  private func options(_ place: String, _ change: (inout StudyOptions) -> Void = { _ in }) -> StudyOptions {
    var options = StudyOptions()
    options.batchSize = 16
    options.curveImageCount = 30
    options.outputFolder = folder.path + "/" + place
    change(&options)
    return options
  }

  private func run(
    _ study: Study, _ names: [String], _ options: StudyOptions, epochs: Int = 3, on device: any Device,
    pause: @escaping () -> Bool = { false }, observe: @escaping (StudyRunner.Event) -> Void = { _ in }
  ) throws -> StudyResult {
    let runner = StudyRunner(
      study, options, data: data, device: device, version: "test", pause: pause, observe: observe)
    return try runner.run(try study.experiments(named: names)) { _ in epochs }
  }

  /// What must be the same in two folders, to the last bit: checkpoints, reconstructions, and metrics but for times.
  private func essence(_ run: RunFolder) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in [RunFolder.bestName, RunFolder.lastName, RunFolder.samplesName] where run.has(name) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: run.file(name)))
    }
    let metrics = run.history.map { metrics in
      var metrics = metrics
      (metrics.seconds, metrics.imagesPerSecond) = (0, 0)
      return JSON.object(metrics.json).text
    }
    files["metrics"] = Data(metrics.joined(separator: "\n").utf8)
    return files
  }

  /// Batch norm's running statistics, dropout, Adam's moments: all must survive.
  @Test(
    arguments: TestDevices.all,
    [
      ("aldecoa", ["n64-p0.2"]), ("manolucos", ["batchnorm"]), ("manolucos", ["classifier-fc-sgd"]),
      ("molina", ["adam"]),
    ])
  func `a run stopped after any step and resumed has the bits of one that was not`(
    on device: TestDevice, _ experiment: (study: String, names: [String])
  ) throws {
    try device.use { device in
      let study = try Study.named(experiment.study)
      let whole = try run(study, experiment.names, options("whole"), epochs: 2, on: device)
      // Five steps an epoch; the second stop counts from the first.
      for stops in [[2], [5, 6], [3, 4, 9]] {
        let place = stops.map(String.init).joined(separator: "-")
        var (steps, paused, resumed) = (0, 0, 0)
        func attempt(stop: Int?) throws -> StudyResult {
          try run(
            study, experiment.names, options(place) { $0.isResuming = true }, epochs: 2, on: device,
            pause: {
              steps += 1
              return steps == stop
            },
            observe: { if case .resumed = $0 { resumed += 1 } })
        }
        for stop in stops {
          do { _ = try attempt(stop: stop) } catch is TrainingPaused { paused += 1 }
        }
        let result = try attempt(stop: nil)
        #expect(paused == stops.count && resumed >= paused)
        for (a, b) in zip(whole.experiments, result.experiments) {
          #expect(try essence(a.runs[0].folder) == essence(b.runs[0].folder), "\(experiment) stopped at \(stops)")
          let files = try FileManager.default.contentsOfDirectory(atPath: b.runs[0].folder.path)
          #expect(files.count { $0.hasPrefix("events.out.tfevents.") } == 1)
        }
      }
    }
  }
}

/// What is done about runs that are in the folder already.
@Suite("Runs that are there")
struct PresentRunTests {
  let folder: TemporaryFolder
  let data: ImageDataset

  init() throws {
    folder = try TemporaryFolder()
    data = try ImageDataset.small()
  }

  /// What happened to each run, a word each.
  private func run(
    _ names: [String] = ["adam"], epochs: Int = 1, build: String = "a",
    _ change: (inout StudyOptions) -> Void = { _ in }, pause: @escaping () -> Bool = { false }
  ) throws -> [String] {
    var options = StudyOptions()
    options.batchSize = 16
    options.outputFolder = folder.path
    change(&options)
    var events: [String] = []
    let runner = StudyRunner(
      .molina, options, data: data, device: try CPUDevice(threads: 1), version: "test", build: build, pause: pause
    ) { event in
      switch event {
      case .began: events.append("began")
      case .resumed: events.append("resumed")
      case .kept: events.append("kept")
      case .failed: events.append("failed")
      case .note: events.append("note")
      case .progress, .epoch, .ended: break
      }
    }
    _ = try runner.run(try Study.molina.experiments(named: names)) { _ in epochs }
    return events
  }

  private func conflict(_ body: () throws -> [String]) -> RunConflict.Reason? {
    #expect(throws: RunConflict.self) { _ = try body() }?.reason
  }

  @Test func `a run that has ended is kept, others are made`() throws {
    #expect(try run() == ["began"])
    #expect(try run(["adam", "base"]) == ["began", "kept"])
    #expect(try run(["adam"]) { $0.seedCount = 2 } == ["kept", "began"])
    // Whether it was another build does not matter to what has ended.
    #expect(try run(build: "b") == ["kept"])
  }

  @Test func `what a killed process left goes, beside runs that are kept too`() throws {
    _ = try run()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let before = folder.contents()
    for name in ["molina", "molina/adam/seed-0"] {
      _ = try folder.write("\(name)/.telar-\(process.processIdentifier)-1-loss.png", [1])
    }
    #expect(try run() == ["kept"])
    #expect(folder.contents() == before)
  }

  @Test func `a run with other settings is neither kept nor replaced unasked`() throws {
    _ = try run()
    let before = try folder.text("molina/adam/seed-0/result.json")
    #expect(conflict { try run(epochs: 2) } == .otherSettings("settings.epochs is 1 there and 2 here"))
    #expect(
      conflict { try run { $0.batchSize = 20 } } == .otherSettings("settings.batch_size is 16 there and 20 here"))
    #expect(conflict { try run { $0.subset = 30 } } == .otherSettings("data.subset is null there and 30 here"))
    // Nor is anything else begun.
    #expect(conflict { try run(["base", "adam"], epochs: 2) } != nil)
    #expect(!folder.contents().contains("molina/base"))
    #expect(try folder.text("molina/adam/seed-0/result.json") == before)
    #expect(try run(epochs: 2) { $0.isOverwriting = true } == ["began"])
    #expect(try run(epochs: 2) == ["kept"])
  }

  @Test func `a run that has not ended needs a word`() throws {
    var steps = 0
    func stop() throws -> [String] {
      steps = 0
      return try run {
        $0.isOverwriting = true
      } pause: {
        steps += 1
        return steps == 2
      }
    }
    #expect(throws: TrainingPaused.self) { try stop() }
    #expect(conflict { try run() } == .unfinished)
    #expect(conflict { try run(epochs: 2) { $0.isResuming = true } } != nil)
    #expect(try run(build: "b") { $0.isResuming = true } == ["note", "resumed"])
    #expect(throws: TrainingPaused.self) { try stop() }
    #expect(try run { $0.isOverwriting = true } == ["began"])
    // Both words: what is the same goes on or is kept, what differs is replaced.
    #expect(
      try run(["adam", "base"]) {
        $0.isOverwriting = true
        $0.isResuming = true
      } == ["began", "kept"])
    #expect(
      try run(["adam"], epochs: 2) {
        $0.isOverwriting = true
        $0.isResuming = true
      } == ["began"])
  }

  @Test func `a folder of something else is never touched`() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path + "/molina/adam/seed-0", withIntermediateDirectories: true)
    try folder.write("molina/adam/seed-0/thesis.txt", [1])
    #expect(conflict { try run { $0.isOverwriting = true } } == .notARun)
    #expect(folder.contents().filter { $0.contains("seed-0/") } == ["molina/adam/seed-0/thesis.txt"])
  }

  @Test func `a folder in which a process was killed at its first file is as good as empty`() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path + "/molina/adam/seed-0", withIntermediateDirectories: true)
    try folder.write("molina/adam/seed-0/.telar-4194304-1-run.json", [1])
    #expect(try run() == ["began"])
    #expect(!folder.contents().contains { $0.contains("/.") })
  }

  @Test func `what a user put beside a run survives its being made again`() throws {
    _ = try run()
    try folder.write("molina/adam/seed-0/notes.txt", [1])
    _ = try run(epochs: 2) { $0.isOverwriting = true }
    #expect(folder.contents().contains("molina/adam/seed-0/notes.txt"))
  }

  enum Damage: CaseIterable { case cut, flippedBit, missingChecksum }

  @Test(arguments: Damage.allCases)
  func `a damaged state is an error, and the other runs go on`(damage: Damage) throws {
    var steps = 0
    #expect(throws: TrainingPaused.self) {
      try run { _ in
      } pause: {
        steps += 1
        return steps == 2
      }
    }
    let path = folder.path + "/molina/adam/seed-0/state.safetensors"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    switch damage {
    case .cut: bytes = bytes.prefix(bytes.count / 2)
    case .flippedBit: bytes[bytes.count - 1_000] ^= 1
    case .missingChecksum:
      // The white space behind the header's JSON, which a program that writes the file anew does not know.
      let headerEnd = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      for place in (headerEnd - 34)..<headerEnd { bytes[place] = 0x20 }
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try run(["base", "adam"]) { $0.isResuming = true } == ["began", "failed"])
  }

  /// Stops the run in its second epoch.
  private func stopInSecondEpoch() throws {
    var steps = 0
    #expect(throws: TrainingPaused.self) {
      try run(epochs: 3) { _ in
      } pause: {
        steps += 1
        return steps == 5
      }
    }
  }

  /// What a folder holds, name by name.
  private func bytes(of place: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + place)
    return try names.reduce(into: [:]) {
      $0[$1] = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(place)/\($1)"))
    }
  }

  @Test(arguments: ["missing state", "damaged state", "damaged result", "damaged record"])
  func `nothing that was paid for goes because a file beside it is damaged`(damage: String) throws {
    let place = "molina/adam/seed-0"
    let name: String
    switch damage {
    case "missing state":
      try stopInSecondEpoch()
      name = "state.safetensors"
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(place)/\(name)")
    case "damaged state":
      try stopInSecondEpoch()
      name = "state.safetensors"
      try folder.write("\(place)/\(name)", [1, 2, 3])
    case "damaged result":
      _ = try run(epochs: 3)
      name = "result.json"
      try folder.write("\(place)/\(name)", Array("{".utf8))
    default:
      _ = try run(epochs: 3)
      name = "run.json"
      try folder.write("\(place)/\(name)", Array("{".utf8))
    }
    let before = try bytes(of: place)
    #expect(before["metrics.jsonl"] != nil && before["best.safetensors"] != nil)
    var options = StudyOptions()
    options.batchSize = 16
    options.outputFolder = folder.path
    options.isResuming = true
    let runner = StudyRunner(.molina, options, data: data, device: try CPUDevice(threads: 1), version: "test")
    let result = try runner.run(try Study.molina.experiments(named: ["adam", "base"])) { _ in 3 }
    #expect(result.failures.count == 1 && result.experiments.map(\.experiment.name) == ["base"])
    let error = try #require(result.failures.first?.error as? RunDamaged)
    #expect(error.problem.contains(name) && error.problem.contains("--overwrite"))
    if damage != "damaged record" { #expect(error.problem.contains("best.safetensors")) }
    #expect(try bytes(of: place) == before)
    #expect(try run(epochs: 3) { $0.isOverwriting = true } == ["began"])
  }

  @Test func `a run whose result was damaged ends again where its state is left`() throws {
    try stopInSecondEpoch()
    try folder.write("molina/adam/seed-0/result.json", Array("{".utf8))
    #expect(try run(epochs: 3) { $0.isResuming = true } == ["resumed"])
    #expect(try run(epochs: 3) == ["kept"])
  }

  @Test func `an event file that is none ends its run only`() throws {
    try stopInSecondEpoch()
    let name = try #require(
      try bytes(of: "molina/adam/seed-0").keys.first { $0.hasPrefix("events.out.tfevents.") })
    try folder.write("molina/adam/seed-0/\(name)", [])
    #expect(try run(["adam", "base"], epochs: 3) { $0.isResuming = true } == ["began", "failed"])
  }

  @Test func `metrics grow by a line an epoch, and are made whole when a run goes on`() throws {
    try stopInSecondEpoch()
    let place = "molina/adam/seed-0"
    let first = try folder.text("\(place)/metrics.jsonl")
    #expect(first.split(separator: "\n").count == 1)
    // A crash after the second epoch's line, which then is done again, and in the middle of the next.
    try folder.write("\(place)/metrics.jsonl", Array((first + first + #"{"epoch":3,"tr"#).utf8))
    try folder.write("\(place)/metrics.csv", Array("x".utf8))
    #expect(RunFolder(folder.path + "/" + place).history.count == 2)
    #expect(try run(epochs: 3) { $0.isResuming = true } == ["resumed"])
    #expect(RunFolder(folder.path + "/" + place).history.map(\.epoch) == [1, 2, 3])
    #expect(try folder.text("\(place)/metrics.jsonl").hasPrefix(first))
    #expect(try folder.text("\(place)/metrics.csv").split(separator: "\n").count == 4)
  }

  @Test func `metrics with the line ends of another system are read`() throws {
    _ = try run(epochs: 2)
    let place = "molina/adam/seed-0"
    let text = try folder.text("\(place)/metrics.jsonl")
    let history = RunFolder(folder.path + "/" + place).history
    try folder.write("\(place)/metrics.jsonl", Array(text.replacing("\n", with: "\r\n").utf8))
    #expect(history.count == 2 && RunFolder(folder.path + "/" + place).history == history)
  }

  @Test func `what another process works on is left to it`() throws {
    _ = try run()
    let lock = try FolderLock(Folder(folder.path + "/molina/adam/seed-0"))
    #expect(try run(epochs: 2) { $0.isOverwriting = true } == ["failed"])
    withExtendedLifetime(lock) {}
    #expect(try run() == ["kept"])
  }
}

import Figures
import Files
import Foundation
import Safetensors
import TelarData
import TelarNN
import TelarTraining
import TuningFiles

/// The engine that runs the experiments of any study.
public final class StudyRunner {
  /// What happens while it runs.
  public enum Event {
    /// A run begins: the experiment's full name with its seed, and what it is.
    case began(run: String, summary: String)
    case progress(run: String, Trainer.Progress, epochs: Int)
    case epoch(run: String, experiment: String, seed: UInt64, EpochMetrics, epochs: Int)
    /// A line that the user should see.
    case note(String)
  }

  private let study: Study
  private let options: StudyOptions
  private let data: FashionMNIST
  private let device: any Device
  private let version: String
  private let observe: (Event) -> Void
  /// Seconds between reports of progress within an epoch; `nil` for none.
  private let progressInterval: Double?

  private var figures: [String] = []
  private var hasNotedMissingFigures = false

  public init(
    _ study: Study, _ options: StudyOptions, data: FashionMNIST, device: any Device, version: String,
    progressInterval: Double? = nil, observe: @escaping (Event) -> Void = { _ in }
  ) {
    self.study = study
    self.options = options
    self.data = data
    self.device = device
    self.version = version
    self.progressInterval = progressInterval
    self.observe = observe
  }

  /// An experiment to be run for so many epochs.
  package struct Job {
    package let experiment: Experiment
    package let epochs: Int
    package let isRequested: Bool
    /// Position of the job whose encoder this one takes.
    package let pretraining: Int?
  }

  /// The experiments in an order in which each finds the encoder that it needs. An autoencoder that was asked for serves
  /// as pre-training too if it has as many epochs as that needs; otherwise it is trained once more, shorter or longer.
  package static func plan(_ experiments: [Experiment], of study: Study, epochs: (Experiment) -> Int) -> [Job] {
    var jobs = experiments.filter { $0.pretraining == nil && !$0.isClassifier }
      .map { Job(experiment: $0, epochs: epochs($0), isRequested: true, pretraining: nil) }
    for experiment in experiments where experiment.isClassifier {
      let count = epochs(experiment)
      var source: Int?
      if let name = experiment.pretraining {
        source = jobs.firstIndex { $0.experiment.name == name && $0.epochs == count }
        if source == nil {
          source = jobs.count
          jobs.append(Job(experiment: study.experiment(name), epochs: count, isRequested: false, pretraining: nil))
        }
      }
      jobs.append(Job(experiment: experiment, epochs: count, isRequested: true, pretraining: source))
    }
    return jobs
  }

  /// Runs the experiments, each with all seeds, and draws the figures.
  ///
  /// - Throws: `NotFiniteError`, `OutputError`, `DeviceError`.
  public func run(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> StudyResult {
    let folder = try RunFolder.numbered(study.name, under: options.outputFolder)
    let training = options.subset.map(data.training.prefix) ?? data.training
    let images = try Trainer.Images(
      training: training, validation: data.validation, curveCount: options.curveImageCount, on: device)
    let jobs = Self.plan(experiments, of: study, epochs: epochs)
    var runs = [[RunResult]](repeating: [], count: jobs.count)
    for seed in 0..<UInt64(options.seedCount) {
      // Networks whose encoder a later job takes.
      var networks: [Int: Network] = [:]
      for (index, job) in jobs.enumerated() {
        let (network, result) = try run(job, jobs, seed, networks, images, in: folder)
        if jobs.contains(where: { $0.pretraining == index }) { networks[index] = network }
        runs[index].append(result)
      }
    }
    let results = zip(jobs, runs).map {
      ExperimentResult(experiment: $0.experiment, isRequested: $0.isRequested, runs: $1)
    }
    try drawCharts(of: results, in: folder)
    let result = StudyResult(
      study: study, options: options, experiments: results, folder: folder.path, figures: figures,
      peakDeviceBytes: device.counters.peakBytesAllocated)
    try folder.write(result.table + "\n", to: "results.txt")
    try folder.write(result.lines.map { $0.text + "\n" }.joined(), to: "results.jsonl")
    return result
  }

  // MARK: One run

  private func run(
    _ job: Job, _ jobs: [Job], _ seed: UInt64, _ networks: [Int: Network], _ images: Trainer.Images,
    in folder: RunFolder
  ) throws -> (Network, RunResult) {
    let experiment = job.experiment
    let settings = TrainingSettings(
      loss: experiment.loss, optimizer: experiment.optimizer, batchSize: options.batchSize ?? experiment.batchSize,
      epochs: job.epochs, seed: seed, curveImageCount: options.curveImageCount)
    let fullName = "\(study.name)/\(experiment.name)"
    let name = options.seedCount > 1 ? "\(fullName) seed \(seed)" : fullName
    let network = try Network(
      experiment.architecture, on: device, inputShape: [data.training.height, data.training.width, 1], seed: seed)
    if let pretraining = job.pretraining, let source = networks[pretraining] {
      try network.copyPart("encoder", from: source)
    }
    // The same autoencoder with two numbers of epochs has two folders.
    let isTwice = jobs.contains { $0.experiment.name == experiment.name && $0.epochs != job.epochs }
    let own = try folder.folder(
      isTwice && !job.isRequested ? "\(experiment.name)-\(job.epochs)-epochs" : experiment.name
    )
    .folder("seed-\(seed)")
    try own.write(record(job, settings, network), to: "run.json")

    observe(.began(run: name, summary: job.isRequested ? experiment.summary : "pre-training: \(experiment.summary)"))
    let trainer = try Trainer(name, network, images, settings)
    for _ in 0..<settings.epochs {
      let metrics = try trainer.runEpoch(interval: progressInterval) { [observe] progress in
        observe(.progress(run: name, progress, epochs: settings.epochs))
      }
      try own.write(trainer.history)
      observe(.epoch(run: name, experiment: fullName, seed: seed, metrics, epochs: settings.epochs))
    }
    try network.save(to: own.file("checkpoint.safetensors"))
    var confusion: [[Int]]?
    if experiment.isClassifier {
      let matrix = try confusionMatrix(
        network, on: images.validation, classCount: FashionMNIST.classNames.count,
        batchSize: settings.evaluationBatchSize)
      let count = grouped(data.validation.count)
      try draw(
        ConfusionChart(
          title: "\(fullName): \(count) validation images after \(job.epochs) epochs",
          classNames: FashionMNIST.classNames, counts: matrix), to: own.file("confusion"))
      confusion = matrix
    } else {
      try draw(try reconstructions(network, images, title: fullName), to: own.file("reconstructions"))
    }
    return (
      network, RunResult(seed: seed, history: trainer.history, confusion: confusion, folder: own.path)
    )
  }

  /// Everything that it takes to repeat the run, and what it ran on.
  private func record(_ job: Job, _ settings: TrainingSettings, _ network: Network) -> JSON.Members {
    let properties = device.properties
    let training = min(options.subset ?? data.training.count, data.training.count)
    return [
      "study": .string(study.name), "experiment": .string(job.experiment.name),
      "summary": .string(job.experiment.summary), "version": .string(version),
      "settings": .object(settings.json),
      "pretraining": job.experiment.pretraining.map { .string("\($0), \(job.epochs) epochs") } ?? .null,
      "frozen": .array(network.parts.filter(\.isFrozen).map { .string($0.name) }),
      "trained_parameters": .integer(network.trainableCount),
      "network": network.architecture.json,
      "readings": .array(study.readings.map(JSON.string)),
      "device": .object([
        "identifier": .string(properties.identifier), "name": .string(properties.name),
        "driver": .string(properties.driver), "instruction_set": .string(properties.instructionSet),
        "compute_units": .integer(properties.computeUnits), "family": .string(properties.family.rawValue),
      ]),
      "tuning": device.tuning.json,
      "data": .object([
        "folder": .string(data.directory), "is_fashion_mnist": .boolean(data.isPublished),
        "training_images": .integer(training), "validation_images": .integer(data.validation.count),
        "sha256": .object(
          data.sums.sorted { $0.key < $1.key }.reduce(into: JSON.Members()) { $0[$1.key] = .string($1.value) }),
      ]),
      "started": .string(Date.now.formatted(.iso8601)),
    ]
  }

  /// The first validation image of each class over what the network makes of it.
  private func reconstructions(_ network: Network, _ images: Trainer.Images, title: String) throws -> ImageGrid {
    let shown = FashionMNIST.classNames.indices.compactMap { label in
      data.validation.labels.firstIndex(of: UInt8(label))
    }
    let size = data.validation.height * data.validation.width
    let pixels = shown.map { index in
      data.validation.pixels[(index * size)..<((index + 1) * size)].map { Float($0) / 255 }
    }
    let input = try device.tensor(
      [shown.count, data.validation.height, data.validation.width, 1], Array(pixels.joined()))
    let output = try network(input).values()
    return ImageGrid(
      title: "\(title): validation images and their reconstructions", height: data.validation.height,
      width: data.validation.width,
      columnNames: shown.map { FashionMNIST.classNames[Int(data.validation.labels[$0])] },
      rows: [
        .init(name: "original", images: pixels),
        .init(
          name: "reconstruction", images: shown.indices.map { Array(output[($0 * size)..<(($0 + 1) * size)]) }),
      ])
  }

  // MARK: Figures

  private func drawCharts(of results: [ExperimentResult], in folder: RunFolder) throws {
    for chart in study.charts {
      let shown = chart.experiments.compactMap { name in
        results.first { $0.isRequested && $0.experiment.name == name }
      }
      // A single curve of several says nothing that the experiment's own figure does not.
      guard shown.count > 1 else { continue }
      try drawCurves(of: shown, "\(study.name), \(chart.title)", to: folder.path + "/", suffix: "-\(chart.name)")
    }
    for result in results {
      for run in result.runs {
        let single = ExperimentResult(experiment: result.experiment, isRequested: true, runs: [run])
        try drawCurves(of: [single], "\(study.name)/\(result.experiment.name)", to: run.folder + "/", suffix: "")
      }
    }
  }

  /// Loss, and accuracy where there is one: training broken, validation whole.
  private func drawCurves(of results: [ExperimentResult], _ title: String, to prefix: String, suffix: String) throws {
    let isClassification = results.allSatisfy(\.experiment.isClassifier)
    func series(_ training: Metric, _ validation: Metric) -> [LineChart.Series] {
      results.enumerated().flatMap { index, result in
        [(training, "training", true), (validation, "validation", false)].map { metric, half, isDashed in
          let points = result.curve(metric).enumerated().map { (x: Double($0 + 1), y: $1) }
          return LineChart.Series(
            name: results.count > 1 ? "\(result.experiment.name), \(half)" : half, points: points, colour: index,
            isDashed: isDashed)
        }
      }
    }
    try draw(
      LineChart(
        title: "\(title): loss", xLabel: "epoch",
        yLabel: isClassification ? "cross entropy" : "mean squared error", hasLogarithmicY: !isClassification,
        series: series(.trainingLoss, .validationLoss)), to: prefix + "loss" + suffix)
    if isClassification {
      try draw(
        LineChart(
          title: "\(title): accuracy", xLabel: "epoch", yLabel: "share of images classified correctly",
          series: series(.trainingAccuracy, .validationAccuracy)), to: prefix + "accuracy" + suffix)
    }
  }

  private func draw(_ figure: some Figure, to stem: String) throws {
    let outcome = try figure.write(to: stem)
    figures.append(outcome.path)
    if case .csvOnly(_, let reason) = outcome, !hasNotedMissingFigures {
      observe(.note(reason))
      hasNotedMissingFigures = true
    }
  }
}

extension Experiment {
  /// The network's parts by the names that checkpoints have.
  public var architecture: Architecture {
    switch model {
    case .autoencoder(let encoder, let decoder):
      Architecture([Part("encoder", encoder), Part("decoder", decoder)])
    case .classifier(let encoder, let head, _, let isEncoderFrozen):
      Architecture([Part("encoder", encoder, isFrozen: isEncoderFrozen), Part("classifier", head)])
    }
  }
}

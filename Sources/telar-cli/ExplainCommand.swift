import ArgumentParser
import Foundation
import Telar
import TelarBench
import TelarStudies

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show a network layer by layer, and the kernels that a device runs for it.",
    discussion: """
      Prints each layer with the shape behind it, its parameters and its multiply-adds for one image; then each step of \
      the plan, which may join several layers, with the route that is taken for the forward pass and for each gradient, \
      its kernels and how often they are launched. Nothing is computed, and no device is opened without --device.

      TARGET
        a network of telar bench      telar explain brunello-finetune
        a checkpoint                  telar explain best.safetensors --evaluation
        an experiment of a study      telar explain aldecoa case-1
        an experiment of a recipe     telar explain widths.toml mlp-width-64

      EXAMPLE
        telar explain manolucos-ae-64-96 --pretend gpu
      """)

  @Argument(
    help: ArgumentHelp("A network, a checkpoint, a study or a recipe.", valueName: "target"),
    completion: Completions.target)
  var target: String

  @Argument(
    help: ArgumentHelp("An experiment of the study or recipe.", valueName: "experiment"),
    completion: Completions.experiment)
  var experiment: String?

  @Option(
    help: ArgumentHelp(
      "The device whose kernels are shown, with its tuning; by default the processor.", valueName: "name"),
    completion: Completions.device)
  var device: String?

  @Option(
    help: ArgumentHelp(
      "A device that need not be there: gpu, or a set of instructions as cpu:avx2.", valueName: "name"),
    completion: .list(DeviceProperties.typicalNames))
  var pretend: String?

  @Option(help: ArgumentHelp("Threads of the processor.", valueName: "count"))
  var threads: Int?

  @Option(help: ArgumentHelp("Images a batch; by default the experiment's, otherwise 100.", valueName: "count"))
  var batchSize: Int?

  @Flag(help: "Explain the network in use, and not a step of training.")
  var evaluation = false

  @Flag(help: "Print one JSON object a line: each layer, each step, the totals.")
  var json = false

  private static let largestBatch = 100_000

  func validate() throws {
    if let batchSize, !(1...Self.largestBatch ~= batchSize) {
      throw ValidationError("--batch-size \(batchSize) is not 1 to \(Self.largestBatch)")
    }
    if device != nil, pretend != nil { throw ValidationError("--device and --pretend exclude each other") }
    if let threads, !(1...1024 ~= threads) { throw ValidationError("--threads \(threads) is not 1 to 1024") }
    if let pretend, DeviceProperties.typical(pretend) == nil {
      throw ValidationError(
        UsageError.unknown("device to pretend", pretend, known: DeviceProperties.typicalNames).description)
    }
  }

  func run() throws {
    let target = try ExplainTarget(target, experiment: experiment)
    let (properties, tuning) = try chosenDevice()
    let explanation = try Explanation(
      target.architecture, inputShape: target.inputShape, batch: batchSize ?? target.batchSize,
      loss: evaluation ? nil : target.loss, optimizer: target.optimizer, on: properties, tuning: tuning)
    let report = ExplanationReport(
      explanation, name: target.name, batch: batchSize ?? target.batchSize, isTraining: !evaluation,
      device: properties)
    (json ? report.jsonLines : report.lines).forEach(Console.result)
  }

  /// What is explained for: the processor's own kernels without a tuning, unless something else is asked for.
  private func chosenDevice() throws -> (DeviceProperties, Tuning) {
    if let pretend { return (DeviceProperties.typical(pretend)!, Tuning()) }
    guard let device else {
      return (try CPUDevice(threads: threads).properties, Tuning())
    }
    let properties = try DeviceCatalog.choose(device, threads: threads, workload: .announced).device.properties
    return (properties, try TuningFile.tuning(for: properties).tuning)
  }
}

/// What `telar explain` was given.
private struct ExplainTarget {
  var name: String
  var architecture: Architecture
  var inputShape = BenchmarkNetwork.inputShape
  var batchSize = 100
  var loss: Loss
  var optimizer: any Optimizer = Adam()

  init(_ target: String, experiment: String?) throws {
    name = target
    if let network = BenchmarkNetwork.all.first(where: { $0.name == target.lowercased() }) {
      guard experiment == nil else { throw UsageError("\(target) is a network, and has no experiments") }
      (architecture, loss) = (network.architecture, network.loss)
    } else if target.lowercased().hasSuffix(".safetensors") {
      guard experiment == nil else { throw UsageError("a checkpoint has no experiments") }
      let checkpoint = try Checkpoint(target)
      (architecture, loss) = (checkpoint.architecture, checkpoint.info.loss)
      inputShape = checkpoint.info.inputShape
    } else if target.lowercased().hasSuffix(".toml") || FileManager.default.fileExists(atPath: target) {
      let recipe = try Recipe(path: target)
      self = try ExplainTarget(of: recipe.study, experiment, usual: recipe.usualExperiments)
    } else if let study = Study.all.first(where: { $0.name == target.lowercased() }) {
      self = try ExplainTarget(of: study, experiment, usual: study.experiments)
    } else {
      throw UsageError(
        "'\(target)' is no file, and no network or study."
          + Spelling.advice(target, among: BenchmarkNetwork.all.map(\.name) + Study.all.map(\.name)))
    }
  }

  private init(of study: Study, _ name: String?, usual: [Experiment]) throws {
    guard name != nil || usual.count == 1 else {
      throw UsageError(
        "name one experiment of \(study.name): \(usual.map(\.name).joined(separator: ", "))")
    }
    let experiment = try name.map { try study.experiments(named: [$0])[0] } ?? usual[0]
    self.name = "\(study.name) \(experiment.name)"
    (architecture, loss) = (experiment.architecture, experiment.loss)
    (batchSize, optimizer) = (experiment.batchSize, experiment.optimizer)
  }
}

import ArgumentParser
import Telar

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Run the experiments of a study and hold the results against its claims.",
    discussion: """
      Each start leaves a folder of its own under --out, aldecoa-001, aldecoa-002 and so on: for each experiment and \
      seed the settings (run.json), metrics (metrics.jsonl, metrics.csv), the trained network \
      (checkpoint.safetensors) and figures with the CSV behind each. Nothing is overwritten.

      Progress is on standard error, results are on standard output. With --json there is one object a line: one an \
      epoch, then one a claim.

      EXAMPLES
        telar study aldecoa case-1 case-2 case-3 case-4 --epochs 3
        telar study brunello ae-1 --device opencl:0 --seeds 3
        telar study aldecoa --list
      """)

  @Argument(help: "The study: aldecoa or brunello.")
  var study: String?

  @Argument(help: ArgumentHelp("Experiments of the study; all of them when none is named.", valueName: "experiment"))
  var experiments: [String] = []

  @Flag(help: "List the experiments and what is claimed of them, and run nothing.")
  var list = false

  @OptionGroup var device: DeviceOptions
  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Epochs of every experiment; by default as many as the study has.", valueName: "count"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Images a batch in every experiment; by default as the study has it.", valueName: "count"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("Run each experiment with this many seeds, from 0.", valueName: "count"))
  var seeds: Int?

  @Option(help: ArgumentHelp("Train on this many of the first training images only.", valueName: "count"))
  var subset: Int?

  @Option(
    help: ArgumentHelp(
      "Measure the training curve on this many of the first training images.", valueName: "count"))
  var curveImages = 10_000

  @Option(
    help: ArgumentHelp(
      """
      Hold the results against runs on record, a file of JSON lines with experiment, seed, epoch, val_loss and \
      val_accuracy. Experiments, epochs and three seeds are as there, unless given.
      """, valueName: "file"))
  var against: String?

  @Option(help: ArgumentHelp("Where to make the folder of this start.", valueName: "folder"))
  var out = "runs"

  @Flag(help: "Print results as JSON, one object a line.")
  var json = false

  @Flag(help: "Print how long each kernel took.")
  var profile = false

  private var options: StudyOptions {
    var options = StudyOptions()
    options.epochs = epochs
    options.batchSize = batchSize
    options.seedCount = seeds ?? (against == nil ? 1 : 3)
    options.subset = subset
    options.curveImageCount = curveImages
    options.outputFolder = out
    return options
  }

  func validate() throws {
    do {
      guard let study else {
        if list { return }
        throw UsageError("name a study: \(Study.all.map(\.name).joined(separator: " or ")).")
      }
      _ = try Study.named(study).experiments(named: experiments)
      try options.validate()
      if out.isEmpty { throw UsageError("--out names no folder") }
    } catch let error as UsageError {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    if list { return listExperiments() }
    let study = try Study.named(study!)
    let reference = try against.map { try ReferenceRuns(path: $0, study: study) }
    var chosen = try study.experiments(named: experiments)
    if let reference, experiments.isEmpty { chosen = chosen.filter { reference.epochs(of: $0.name) != nil } }
    let epochs: (Experiment) -> Int = { experiment in
      self.epochs ?? reference?.epochs(of: experiment.name) ?? experiment.epochs
    }

    let data = try data.load()
    let device = try device.open()
    if profile { device.profiler = Profiler() }
    let reporter = StudyReporter(isJSON: json)
    let runner = StudyRunner(
      study, options, data: data, device: device, version: telarVersion,
      progressInterval: Console.isTerminal ? 0.5 : nil, observe: reporter.observe)
    let result = try runner.run(chosen, epochs: epochs)
    reporter.finish(result)
    if let profiler = device.profiler { ProfileReport(profiler.report).show(asJSON: json) }
    if let reference {
      let comparison = reference.compare(with: result)
      (json ? comparison.lines.map(\.text) : comparison.table).forEach(Console.result)
      if comparison.outside > 0 { throw CheckFailed(description: comparison.summary) }
    }
  }

  private func listExperiments() {
    let studies = (try? study.map { [try Study.named($0)] }) ?? Study.all
    for study in studies {
      if json {
        for experiment in study.experiments {
          Console.result(
            JSON.object([
              "experiment": .string("\(study.name)/\(experiment.name)"), "summary": .string(experiment.summary),
              "epochs": .integer(experiment.epochs), "batch_size": .integer(experiment.batchSize),
              "claims": .array(experiment.claims.map { .string("\($0.metric.rawValue) \($0.text)") }),
            ]).text)
        }
        continue
      }
      Console.result("\(study.name): \(study.title)")
      let width = study.experiments.map(\.name.count).max() ?? 0
      for experiment in study.experiments {
        let name = experiment.name + String(repeating: " ", count: width - experiment.name.count)
        let claims = experiment.claims.map { "\($0.metric.rawValue) \($0.text)" }
        let claimed = claims.isEmpty ? "" : "; claimed: \(claims.joined(separator: ", "))"
        Console.result("  \(name)  \(experiment.summary); \(experiment.epochs) epochs\(claimed)")
      }
    }
  }
}

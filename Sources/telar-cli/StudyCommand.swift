import ArgumentParser
import Foundation
import Telar
import TelarStudies

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Run the experiments of a study and hold the results against its claims.",
    discussion: """
      Each experiment and seed has a folder, STUDY/EXPERIMENT/seed-N under --out, with settings (run.json), metrics \
      (metrics.jsonl, metrics.csv, TensorBoard events), the trained network (last.safetensors, best.safetensors), its \
      results (result.json) and figures. A run that is there already is not made again, and never replaced without \
      --overwrite. Ctrl-C ends a run after the step under way; --resume goes on with it.

      Progress is on standard error, results are on standard output. With --json there is one object a line: one when \
      a run begins, resumes, is there already, ends or fails, one an epoch, and in the end one a claim. When \
      nobody reads them any more, or their disk is full, the runs go on and are saved; the exit code is then 74.

      EXAMPLES
        telar study aldecoa case-1 case-2 case-3 case-4 --epochs 3
        telar study brunello ae-1 --device opencl:0 --seeds 3
        telar study molina open --seeds 5
        telar study molina --resume
        telar study aldecoa --list
        telar study aldecoa n64-p0.2 --print-recipe > mine.toml
      """)

  @Argument(
    help: ArgumentHelp("The study: \(Study.all.map(\.name).joined(separator: ", ")).", valueName: "study"),
    completion: Completions.study)
  var study: String?

  @Argument(
    help: ArgumentHelp(
      "Experiments of the study, or groups such as open; all of the text's own when none is named.",
      valueName: "experiment"), completion: Completions.experiment)
  var experiments: [String] = []

  @Flag(help: "List the experiments and what is claimed of them, and run nothing.")
  var list = false

  @Flag(help: "Print the experiments as a recipe for telar train, under the other options, and run nothing.")
  var printRecipe = false

  @OptionGroup var device: DeviceOptions
  @OptionGroup var data: DataOptions

  @OptionGroup var running: RunningOptions

  @Option(
    help: ArgumentHelp(
      """
      Hold the results against runs on record, a file of JSON lines with experiment, seed, epoch, val_loss and \
      val_accuracy. Experiments, epochs and three seeds are as there, unless given.
      """, valueName: "file"), completion: .file())
  var against: String?

  private var options: StudyOptions { running.options(defaultSeedCount: against == nil ? 1 : 3) }

  // Names are looked up here and not in `validate()`, so that the parser sees all arguments first: `--epoch 3` is then
  // an unknown option, and not an unknown experiment 3.
  func run() throws {
    try options.validate()
    if list {
      var studies = try study.map { [try Study.named($0)] } ?? Study.all
      if !experiments.isEmpty { studies[0].experiments = try studies[0].experiments(named: experiments) }
      return ExperimentList(studies: studies).show(asJSON: running.json)
    }
    guard let name = study else {
      throw UsageError("name a study: \(Study.all.map(\.name).joined(separator: ", ")).")
    }
    let study = try Study.named(name)
    let reference = try against.map { try ReferenceRuns(path: $0, study: study) }
    var chosen = try study.experiments(named: experiments)
    try reference?.check(experiments)
    if let reference, experiments.isEmpty { chosen = chosen.filter { reference.epochs(of: $0.name) != nil } }
    func epochs(_ experiment: Experiment) -> Int {
      running.epochs ?? reference?.epochs(of: experiment.name) ?? experiment.epochs
    }
    if printRecipe { return show(recipeOf: chosen, study, epochs) }
    if reference != nil, running.subset != nil || running.batchSize != nil {
      let option = running.subset != nil ? "--subset" : "--batch-size"
      Console.note("\(option) makes other runs than those on record; what follows may lie outside because of it.")
    }
    let session = StudySession(study: study, options: options, running: running, device: device, data: data)
    let result = try session.run(chosen, epochs: epochs)
    if let reference {
      let comparison = reference.compare(with: result)
      (running.json ? comparison.lines.map(\.text) : comparison.table).forEach(Console.result)
      if comparison.outside > 0 { throw CheckFailed(description: comparison.summary) }
    }
    try session.checkComplete(result)
  }

  private func show(recipeOf experiments: [Experiment], _ study: Study, _ epochs: (Experiment) -> Int) {
    var writer = RecipeWriter(study, experiments, options, epochs: epochs)
    // Relative paths in a recipe start from its folder, which may be any.
    writer.data.path = data.data.map { URL(fileURLWithPath: $0).path }
    writer.data.allowsOtherData = data.allowOtherData
    Console.results(writer.text)
  }
}

import Foundation
import TelarData
import TelarIO
import TelarNN
import TelarTraining

/// Runs the experiments of a study.
public final class StudyRunner {
  /// An event of the study's runs.
  public enum Event {
    /// A run starts.
    case began(RunName, summary: String)
    /// An interrupted run continues after the given number of epochs.
    case resumed(RunName, summary: String, epochs: Int)
    /// A run that has ended is kept.
    case kept(RunName, summary: String, RunResult)
    case progress(RunName, Trainer.Progress, epochs: Int)
    case epoch(RunName, EpochMetrics, epochs: Int)
    /// A run has ended with a result.
    case ended(RunName, RunResult)
    /// A run has no result; the others go on.
    case failed(RunName, reason: String)
    /// A line for the user.
    case note(String)
  }

  /// One run of an experiment.
  public struct RunName: CustomStringConvertible, Sendable {
    /// `STUDY/EXPERIMENT`.
    public let experiment: String
    public let seed: UInt64
    /// `STUDY/FOLDER`, with the seed where there are several.
    public let description: String
  }

  let study: Study
  let options: StudyOptions
  let data: ImageDataset
  let device: any Device
  let version: String
  let build: String
  let observe: (Event) -> Void
  /// Seconds between progress reports within an epoch; `nil` for none.
  let progressInterval: Double?
  /// Called before each training step; if it returns true, the run is saved and ``TrainingPaused`` thrown.
  let pause: () -> Bool
  /// The image sets on the device, by split and normalization.
  var images: [Experiment.DataSettings: Trainer.Images] = [:]

  /// - Parameters:
  ///   - version: the program's version, for the record.
  ///   - build: an identifier of the program's build, for the record.
  public init(
    _ study: Study, _ options: StudyOptions, data: ImageDataset, device: any Device, version: String,
    build: String = "", progressInterval: Double? = nil, pause: @escaping () -> Bool = { false },
    observe: @escaping (Event) -> Void = { _ in }
  ) {
    self.study = study
    self.options = options
    self.data = data
    self.device = device
    self.version = version
    self.build = build
    self.progressInterval = progressInterval
    self.pause = pause
    self.observe = observe
  }

  /// Runs experiments with all seeds, and draws the figures.
  ///
  /// A run that has ended is kept. If a run has no result, the runs that need its weights are left out, and the others
  /// go on.
  ///
  /// - Parameter epochs: the number of epochs of an experiment.
  /// - Throws: ``RunConflict`` before any run starts; ``TrainingPaused``, `OutputError`, `DeviceError`.
  public func run(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> StudyResult {
    try run(experiments, epochs: epochs) { try self.result(of: $0, $1, pretrained: $2) }
  }

  /// What is to be run: jobs, and their runs with all seeds.
  struct Plan {
    let folder: RunFolder
    let jobs: [Job]
    let runs: [Planned]
  }

  /// Plans the runs and makes the study's folder ready for them.
  ///
  /// - Throws: ``RunConflict``, `OutputError`.
  func prepare(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> Plan {
    let folder = RunFolder(options.outputFolder).folder(study.name)
    let jobs = Job.plan(experiments, of: study, epochs: epochs)
    try checkImages(of: jobs.map(\.experiment))
    try options.checkSizes(of: jobs.map(\.experiment), in: data)
    try checkRecipe(in: folder)
    let planned = try plan(jobs, in: folder)
    AtomicFile.removeLeftovers(in: try folder.made())
    try writeStudy(to: folder)
    return Plan(folder: folder, jobs: jobs, runs: planned)
  }

  /// Runs experiments with all seeds, or those of the options' shard, and draws the figures.
  ///
  /// - Parameter make: comes to the result of a run, from that of its pre-training.
  func run(
    _ experiments: [Experiment], epochs: (Experiment) -> Int,
    by make: (Planned, RunName, _ pretrained: RunResult?) throws -> RunResult
  ) throws -> StudyResult {
    let plan = try prepare(experiments, epochs: epochs)
    let (folder, jobs) = (plan.folder, plan.jobs)
    var failures: [RunFailure] = []
    var results: [[RunResult]] = Array(repeating: [], count: jobs.count)
    for run in plan.runs {
      let name = name(of: run.job, run.seed)
      if run.present == nil, let shard = options.shard, !shard.contains(run, of: jobs) { continue }
      do {
        let source = run.job.pretraining.flatMap { index in results[index].first { $0.seed == run.seed } }
        if run.job.pretraining != nil, source == nil, run.present == nil { throw NoResult(.pretrainingFailed) }
        results[run.index].append(try make(run, name, source))
      } catch let error where Self.endsOneRunOnly(error) {
        failures.append(RunFailure(run: "\(name)", error: error))
        observe(.failed(name, reason: "\(error)"))
      }
    }
    let (experiments, others) = StudyResult.belongingTogether(
      zip(jobs, results).map { ($0.experiment, $0.isRequested, $1) }, of: study)
    let figures = StudyFigures(of: study, pause: pause) { [observe] in observe(.note($0)) }
    let all = StudyResult(reading: folder, of: study, except: results.flatMap(\.self))
    try figures.draw(all.experiments, in: folder)
    let result = StudyResult(
      study: study, options: options, experiments: experiments, others: others, failures: failures, folder: folder,
      figures: figures.paths, peakDeviceBytes: device.counters.peakBytesAllocated)
    try folder.write(all.table + "\n", to: "results.txt")
    try folder.write(all.lines.map { $0.text + "\n" }.joined(), to: "results.jsonl")
    return result
  }

  /// Checks that the folder does not belong to another recipe, whose experiments would be mixed with these.
  ///
  /// A recipe is the same if its file is the same, whatever its text, or its text is the same, whatever its file.
  ///
  /// - Throws: ``RunConflict``.
  private func checkRecipe(in folder: RunFolder) throws {
    guard let recipe = study.recipe, let path = recipe.path, !options.isOverwriting,
      let other = keptRecipePath(in: folder), other != path, !isKept(recipe, in: folder)
    else { return }
    throw RunConflict(folder: folder.path, .otherRecipe(path: other))
  }

  /// The path of the recipe that a folder belongs to; `nil` where it is not recorded.
  private func keptRecipePath(in folder: RunFolder) -> String? {
    guard case .string(let path)? = folder.members(of: RunFolder.studyName)?["recipe_path"] else { return nil }
    return path
  }

  /// Whether a folder keeps a recipe with the same text.
  private func isKept(_ recipe: Study.RecipeFile, in folder: RunFolder) -> Bool {
    let text = Array(recipe.text.utf8)
    return (try? InputFile.read(folder.file(RunFolder.recipeName), atMost: text.count)) == text
  }

  /// Writes the study's name and recipe to its folder.
  private func writeStudy(to folder: RunFolder) throws {
    var members: JSON.Members = ["study": .string(study.name), "title": .string(study.title)]
    if let recipe = study.recipe {
      members["recipe"] = .string(RunFolder.recipeName)
      // A copy of the recipe, such as the one in the folder, keeps the path of the original.
      let path = isKept(recipe, in: folder) ? keptRecipePath(in: folder) ?? recipe.path : recipe.path
      members["recipe_path"] = path.map(JSON.string)
      if recipe.shape != .fashionMNIST { members["data_shape"] = recipe.shape.json }
      try folder.write(recipe.text, to: RunFolder.recipeName)
    }
    try folder.write(members, to: RunFolder.studyName)
  }

  /// Whether an error concerns a single run, so that the others go on.
  private static func endsOneRunOnly(_ error: any Error) -> Bool {
    switch error {
    case is NotFiniteError, is NoResult, is NotMade, is RunDamaged, is RunConflict, is SafetensorsError,
      is ShapeError, is EventFileError, is InputError:
      true
    // A full disk concerns all runs.
    case let error as OutputError: if case .writeFailed = error { false } else { true }
    case let error as DeviceError:
      switch error {
      case .allocationTooLarge, .outOfMemory, .buildFailed: true
      default: false
      }
    default: false
    }
  }

  func name(of job: Job, _ seed: UInt64) -> RunName {
    let name = "\(study.name)/\(job.folderName)"
    return RunName(
      experiment: "\(study.name)/\(job.experiment.name)", seed: seed,
      description: options.seedCount > 1 ? "\(name) seed \(seed)" : name)
  }
}

import ArgumentParser
import Telar
import TelarStudies

/// How to run experiments, and where to put their results.
struct RunningOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Epochs of every experiment; by default as many as it has.", valueName: "count"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Images a batch in every experiment; by default as it has.", valueName: "count"))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp(
      "Run each experiment with this many seeds, from 0; verdicts take two at least.", valueName: "count"))
  var seeds: Int?

  @Option(help: ArgumentHelp("Train on this many of the first training images only.", valueName: "count"))
  var subset: Int?

  @Option(
    help: ArgumentHelp(
      "Measure the training curve on this many of the first training images, by default 10,000.", valueName: "count"))
  var curveImages: Int?

  @Option(help: ArgumentHelp("Where the results go.", valueName: "folder"), completion: .directory)
  var out = "runs"

  @Flag(help: "Go on with runs that have not ended.")
  var resume = false

  @Flag(help: "Replace runs that are there; with --resume, only those with other settings.")
  var overwrite = false

  @Option(
    help: ArgumentHelp(
      "Make this many runs at once, each in a process with its share of the threads; auto: one for each core of a "
        + "processor, one on other devices.", valueName: "count"), completion: .list(["auto"]))
  var jobs: Jobs = .count(1)

  @Option(
    help: ArgumentHelp(
      "Make the K-th of N parts of the runs only, for arrays of jobs on a cluster; auto: as SLURM_ARRAY_TASK_ID says.",
      valueName: "K/N"), completion: .list(["auto"]))
  var shard: ShardChoice?

  /// In a process that another has started: the key of the only run to make.
  @Option(help: .hidden)
  var worker: String?

  @Flag(help: "Print results as JSON, one object a line.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print results and errors only.")
  var quiet = false

  @Flag(help: "Print how long each kernel took.")
  var profile = false

  func validate() throws {
    if out.isEmpty { throw ValidationError("--out names no folder") }
    if profile, jobs != .count(1) { throw ValidationError("--profile is of one run at a time: leave out --jobs") }
  }

  /// - Parameter defaultSeedCount: the number of seeds without `--seeds`.
  func options(defaultSeedCount: Int) -> StudyOptions {
    var options = StudyOptions()
    options.epochs = epochs
    options.batchSize = batchSize
    options.seedCount = seeds ?? defaultSeedCount
    options.subset = subset
    options.curveImageCount = curveImages
    options.shard = shard?.shard
    options.outputFolder = out
    options.isResuming = resume
    options.isOverwriting = overwrite
    return options
  }
}

/// Runs a check of arguments, whose errors become usage errors.
func usage<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as UsageError { throw ValidationError(error.description) }
}

import Foundation
import Telar
import TelarStudies

/// Runs experiments for a command: opens data and device, prints events, and handles signals between steps.
struct StudySession {
  let study: Study
  let options: StudyOptions
  let running: RunningOptions
  let device: DeviceOptions
  let data: DataOptions
  /// The data set, where it has been read; otherwise it is read when experiments are run.
  var images: ImageDataset?

  /// - Throws: ``Stopped`` after a signal, when everything is saved.
  func run(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> StudyResult {
    Console.isQuiet = running.quiet || running.worker != nil
    Console.isOutputOptional = true
    let images = try images ?? data.load()
    let device = try openDevice()
    if running.profile { device.profiler = Profiler() }
    if let key = running.worker {
      try work(on: key, of: experiments, epochs, images, device)
      TelarCommand.leave(with: 0)
    }
    let reporter = StudyReporter(isJSON: running.json)
    let runner = runner(options, images, device, reporter.observe)
    Interruption.isGraceful = true
    let result: StudyResult
    do {
      let count = running.jobs.count(on: device.properties)
      result =
        count > 1
        ? try run(experiments, epochs, inJobs: count, runner, images, device)
        : try runner.run(experiments, epochs: epochs)
    } catch is TrainingPaused {
      throw Stopped(signal: Interruption.requested)
    }
    Interruption.isGraceful = false
    reporter.finish(result)
    if let profiler = device.profiler { ProfileReport(profiler.report).show(asJSON: running.json) }
    return result
  }

  private func runner(
    _ options: StudyOptions, _ images: ImageDataset, _ device: any Device,
    _ observe: @escaping (StudyRunner.Event) -> Void
  ) -> StudyRunner {
    let isShown = running.worker != nil || Console.isTerminal && !running.quiet
    return StudyRunner(
      study, options, data: images, device: device, version: telarVersion, build: BuildIdentity.current,
      progressInterval: isShown ? 0.5 : nil, pause: { Interruption.isRequested || Worker.isOrphan }, observe: observe)
  }

  // MARK: Several runs at once

  /// Makes the runs in worker processes, then collects their results.
  private func run(
    _ experiments: [Experiment], _ epochs: (Experiment) -> Int, inJobs count: Int, _ runner: StudyRunner,
    _ images: ImageDataset, _ device: any Device
  ) throws -> StudyResult {
    let pending = try runner.pendingRuns(of: experiments, epochs: epochs)
    let board = JobBoard(pending, isJSON: running.json)
    let threads = max(1, device.properties.computeUnits / min(count, max(1, pending.count)))
    let queue = JobQueue(
      pending, arguments: Worker.arguments(on: device.properties, threads: threads), observe: board.observe)
    let failures = queue.run(count: count) { Interruption.requested }
    Console.board([])
    if Interruption.isRequested { throw TrainingPaused() }
    var options = options
    (options.isOverwriting, options.isResuming) = (false, true)
    return try self.runner(options, images, device) { event in
      if case .note(let text) = event { Console.note(text) }
    }.collect(experiments, epochs: epochs, failures: failures)
  }

  /// In a worker: makes the run of that key.
  private func work(
    on key: String, of experiments: [Experiment], _ epochs: (Experiment) -> Int, _ images: ImageDataset,
    _ device: any Device
  ) throws {
    let reporter = StudyReporter(isJSON: true, isWorker: true)
    Interruption.isGraceful = true
    do {
      try runner(options, images, device, reporter.observe).make(key, of: experiments, epochs: epochs)
    } catch is TrainingPaused {
      throw Stopped(signal: Interruption.isRequested ? Interruption.requested : SIGHUP)
    }
  }

  /// - Throws: ``CheckFailed`` when runs have no result.
  func checkComplete(_ result: StudyResult) throws {
    guard !result.failures.isEmpty else { return }
    let runs = result.failures.map(\.run).joined(separator: ", ")
    // The common cause, if there is one; runs that only lack their pre-training did not fail themselves.
    let errors = result.failures.map(\.error).filter { ($0 as? NoResult)?.reason != .pretrainingFailed }
    let codes = Set(errors.map { Failure($0).exitCode })
    throw CheckFailed(
      description:
        "\(result.failures.count == 1 ? "a run" : "\(result.failures.count) runs") came to no result: \(runs).",
      exitCode: codes.count == 1 ? codes.first! : ExitStatus.checkFailed)
  }

  /// Opens the requested device. For `auto`, it is the device of existing runs, if any, as runs of another one could
  /// not be averaged with them.
  private func openDevice() throws -> any Device {
    var device = device
    if device.device.lowercased() == "auto", !options.isOverwriting,
      let recorded = StudyRunner.recordedDevice(of: study, in: options.outputFolder)
    {
      device.device = recorded
      do {
        let opened = try device.open()
        Console.note("Chosen because the runs in \(options.outputFolder)/\(study.name) were made on it.")
        return opened
      } catch DeviceError.noSuchDevice, DeviceError.noOpenCL {
        throw UsageError(
          "the runs in \(options.outputFolder)/\(study.name) were made on \(recorded), which this machine does not have. "
            + "Name a device with --device and another place with --out DIR.")
      }
    }
    return try device.open()
  }
}

/// A signal stopped the run, which is saved.
struct Stopped: Error, CustomStringConvertible {
  let signal: Int32

  /// The user's command line with `--resume`.
  var description: String {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if !arguments.contains("--resume") { arguments.append("--resume") }
    // A program called by a path may not be on the search path.
    let program = CommandLine.arguments[0].contains("/") ? CommandLine.arguments[0] : "telar"
    let words = ([program] + arguments).map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,".contains($0) }
        ? word : "'" + word.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }
    return "\(Self.word(for: signal)); all is saved. To go on: " + words.joined(separator: " ")
  }

  static func word(for signal: Int32) -> String {
    switch signal {
    case SIGINT: "interrupted"
    case SIGTERM: "terminated"
    default: "stopped by signal \(signal)"
    }
  }
}

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

  /// - Throws: ``Stopped`` after a signal, when everything is saved.
  func run(_ experiments: [Experiment], epochs: (Experiment) -> Int) throws -> StudyResult {
    Console.isQuiet = running.quiet
    Console.isOutputOptional = true
    let images = try data.load()
    let device = try openDevice()
    if running.profile { device.profiler = Profiler() }
    let reporter = StudyReporter(isJSON: running.json)
    let runner = StudyRunner(
      study, options, data: images, device: device, version: telarVersion, build: BuildIdentity.current,
      progressInterval: Console.isTerminal && !running.quiet ? 0.5 : nil, pause: { Interruption.isRequested },
      observe: reporter.observe)
    Interruption.isGraceful = true
    let result: StudyResult
    do {
      result = try runner.run(experiments, epochs: epochs)
    } catch is TrainingPaused {
      throw Stopped(signal: Interruption.requested)
    }
    Interruption.isGraceful = false
    reporter.finish(result)
    if let profiler = device.profiler { ProfileReport(profiler.report).show(asJSON: running.json) }
    return result
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
    return "\(signal == SIGINT ? "interrupted" : "terminated"); all is saved. To go on: "
      + words.joined(separator: " ")
  }
}

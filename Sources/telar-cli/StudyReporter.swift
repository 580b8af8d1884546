import Foundation
import Telar
import TelarStudies

/// Prints the events of a study: progress on standard error, results on standard output.
final class StudyReporter {
  private let isJSON: Bool
  /// Whether the process is a worker, which tells all that its parent shows.
  private let isWorker: Bool
  private var pace = Pace()
  private var lastValidationLoss: Double?

  init(isJSON: Bool, isWorker: Bool = false) {
    self.isJSON = isJSON
    self.isWorker = isWorker
  }

  func observe(_ event: StudyRunner.Event) {
    switch event {
    case .began(let run, let summary):
      showAsJSON("began", run, ["summary": .string(summary)])
      Console.note("\(run): \(summary)")
      begin()
    case .resumed(let run, let summary, let epochs):
      showAsJSON("resumed", run, ["summary": .string(summary), "epochs_done": .integer(epochs)])
      Console.note("\(run): \(summary), going on after \(epochs) epochs")
      begin()
    case .kept(let run, let summary, let result):
      showAsJSON("kept", run, ["summary": .string(summary), "epochs_done": .integer(result.history.count)])
      result.history.forEach { showAsJSON(run, $0) }
      Console.note("\(run): \(summary), there already: \(result.history.count) epochs in \(result.folder.path)")
    case .progress(let run, let progress, let epochs):
      if isWorker { showAsJSON("progress", run, progress.json) }
      Console.progress(line(run, progress, epochs))
    case .epoch(let run, let metrics, let epochs):
      pace.note(epoch: metrics.epoch)
      lastValidationLoss = metrics.validationLoss
      showAsJSON(run, metrics)
      Console.note(line(run, metrics, epochs))
    case .ended(let run, let result):
      var members = result.history[result.epoch - 1].json
      members["epoch"] = nil
      members["epochs_done"] = .integer(result.history.count)
      // The epoch of the final weights: the last, or with early stopping the best.
      members["kept_epoch"] = .integer(result.epoch)
      members["checkpoint"] = .string(result.checkpoint)
      showAsJSON("ended", run, members)
    case .failed(let run, let reason):
      showAsJSON("failed", run, ["reason": .string(reason)])
      Console.note("  \(reason) The others go on.")
    case .note(let text):
      Console.note(text)
    }
  }

  private func begin() {
    pace = Pace()
    lastValidationLoss = nil
  }

  /// Prints an event of a run, if results are JSON.
  private func showAsJSON(_ event: String, _ run: StudyRunner.RunName, _ more: JSON.Members) {
    var members = more
    members["event"] = .string(event)
    showAsJSON(run, members)
  }

  /// Prints an epoch, if results are JSON.
  private func showAsJSON(_ run: StudyRunner.RunName, _ metrics: EpochMetrics) {
    showAsJSON("epoch", run, metrics.json)
  }

  private func showAsJSON(_ run: StudyRunner.RunName, _ more: JSON.Members) {
    guard isJSON else { return }
    var members: JSON.Members = ["experiment": .string(run.experiment), "seed": .integer(Int(run.seed))]
    for (key, value) in more { members[key] = value }
    Console.result(JSON.object(members).text)
  }

  /// `aldecoa/case-1  epoch 3/15  step 240/600  loss 0.3384  val 0.3321  5,357 images/s  2:40 left`
  private func line(_ run: StudyRunner.RunName, _ progress: Trainer.Progress, _ epochs: Int) -> String {
    let share = Double(progress.imagesDone) / Double(max(1, progress.imageCount))
    let validation = lastValidationLoss.map { "  val loss \(lossText($0))" } ?? ""
    let left = pace.secondsLeft(epoch: progress.epoch, share: share, epochs: epochs).map { "  \(clock($0)) left" } ?? ""
    return "\(run)  epoch \(progress.epoch)/\(epochs)  step \(progress.step)/\(progress.stepsPerEpoch)  "
      + "loss \(lossText(progress.loss))\(validation)  \(grouped(Int(min(1e15, progress.imagesPerSecond)))) images/s\(left)"
  }

  /// `  epoch  3/15  train 0.3384  val 0.3321  val accuracy 88.04 %  11.2 s  5,357 images/s`
  private func line(_ run: StudyRunner.RunName, _ metrics: EpochMetrics, _ epochs: Int) -> String {
    let width = String(epochs).count
    let epoch =
      String(repeating: " ", count: max(0, width - String(metrics.epoch).count)) + "\(metrics.epoch)/\(epochs)"
    let accuracy = metrics.validationAccuracy.map { String(format: "  val accuracy %.2f %%", $0 * 100) } ?? ""
    return
      "  epoch \(epoch)  train loss \(lossText(metrics.trainingLoss))  val loss \(lossText(metrics.validationLoss))"
      + accuracy + String(format: "  %.1f s  %.0f images/s", metrics.seconds, metrics.imagesPerSecond)
      + others(metrics)
  }

  /// The further metrics, in lines of their own.
  private func others(_ metrics: EpochMetrics) -> String {
    let margin = "\n        "
    var (lines, width) = ("", 80)
    for (metric, value) in metrics.validationMetrics.sorted(by: { $0.key < $1.key }) {
      let text = "  \(Metric.validation(metric).rawValue) \(Metric.validation(metric).text(value))"
      if width + text.count > 80 { (lines, width) = (lines + margin, margin.count - 1) }
      (lines, width) = (lines + text, width + text.count)
    }
    return lines
  }

  /// Prints the results, and where they are.
  func finish(_ result: StudyResult) {
    if isJSON {
      result.lines.forEach { Console.result($0.text) }
      Console.note("Results are in \(result.folder.path).")
      return
    }
    Console.result("")
    Console.results(result.table)
    Console.result("")
    Console.result("Results are in \(result.folder.path):")
    let places = Places(result)
    for (what, files) in places.lines { Console.result("  \(what)  \(files)") }
  }
}

/// `2:40`, `1:02:40`
func clock(_ seconds: Double) -> String {
  guard seconds < 1e9 else { return "long" }
  let whole = Int(max(0, seconds).rounded())
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return hours > 0
    ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60) : String(format: "%d:%02d", minutes, whole % 60)
}

extension Trainer.Progress {
  /// What a worker says of a step.
  fileprivate var json: JSON.Members {
    [
      "epoch": .integer(epoch), "share": .number(Double(imagesDone) / Double(max(1, imageCount))),
      "loss": .number(loss), "images_per_s": .number(imagesPerSecond),
    ]
  }
}

/// The folders of figures, by what the figures show.
private struct Places {
  let lines: [(String, String)]

  init(_ result: StudyResult) {
    func matching(_ stem: String) -> [String] {
      result.figures.filter { ($0 as NSString).lastPathComponent.hasPrefix(stem) }
    }
    func places(_ paths: [String]) -> String {
      // Figures of the whole study are in its folder; those of an experiment in folders that differ by its name.
      let own = paths.filter { ($0 as NSString).deletingLastPathComponent == result.folder.path }
      let listed = own.isEmpty ? paths : own
      let relative = listed.map { String($0.dropFirst(result.folder.path.count + 1)) }
      return relative.count > 4 ? relative.prefix(3).joined(separator: " ") + " …" : relative.joined(separator: " ")
    }
    let groups = [
      ("curves:         ", matching("loss") + matching("accuracy")), ("confusion:      ", matching("confusion")),
      ("reconstructions:", matching("reconstructions")),
    ]
    lines =
      groups.filter { !$0.1.isEmpty }.map { ($0.0, places($0.1)) }
      + [
        (
          "networks:       ",
          "EXPERIMENT/seed-N/best.safetensors and last.safetensors, settings and metrics beside them"
        )
      ]
  }
}

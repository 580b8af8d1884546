import Foundation
import Telar

/// Shows a study as it runs: progress on standard error, results on standard output.
struct StudyReporter {
  let isJSON: Bool

  func observe(_ event: StudyRunner.Event) {
    switch event {
    case .began(let run, let summary):
      Console.note("\(run): \(summary)")
    case .progress(let run, let progress, let epochs):
      let percent = 100 * progress.imagesDone / max(1, progress.imageCount)
      Console.progress(
        "\(run)  epoch \(progress.epoch)/\(epochs)  \(percent) %  loss \(number(progress.loss))  "
          + "\(Int(progress.imagesPerSecond)) images/s")
    case .epoch(let run, let experiment, let seed, let metrics, let epochs):
      if isJSON {
        var members: JSON.Members = ["experiment": .string(experiment), "seed": .integer(Int(seed))]
        for (key, value) in metrics.json { members[key] = value }
        Console.result(JSON.object(members).text)
      }
      Console.note(line(run, metrics, epochs))
    case .note(let text):
      Console.note(text)
    }
  }

  /// `  epoch  3/15  train 0.3384  val 0.3321  val accuracy 88.04 %  11.2 s  5,357 images/s`
  private func line(_ run: String, _ metrics: EpochMetrics, _ epochs: Int) -> String {
    let width = String(epochs).count
    let epoch = String(repeating: " ", count: width - String(metrics.epoch).count) + "\(metrics.epoch)/\(epochs)"
    let accuracy = metrics.validationAccuracy.map { String(format: "  val accuracy %.2f %%", $0 * 100) } ?? ""
    return "  epoch \(epoch)  train loss \(number(metrics.trainingLoss))  val loss \(number(metrics.validationLoss))"
      + accuracy + String(format: "  %.1f s  %.0f images/s", metrics.seconds, metrics.imagesPerSecond)
  }

  private func number(_ loss: Double) -> String { String(format: loss < 0.1 ? "%.5f" : "%.4f", loss) }

  /// The results, and where they lie.
  func finish(_ result: StudyResult) {
    if isJSON {
      result.lines.forEach { Console.result($0.text) }
      Console.note("Results are in \(result.folder).")
      return
    }
    Console.result("")
    Console.result(result.table)
    Console.result("")
    Console.result("Results are in \(result.folder):")
    let places = Places(result)
    for (what, files) in places.lines { Console.result("  \(what)  \(files)") }
  }
}

/// Where the figures of a start lie, by what they show.
private struct Places {
  let lines: [(String, String)]

  init(_ result: StudyResult) {
    func matching(_ stem: String) -> [String] {
      result.figures.filter { ($0 as NSString).lastPathComponent.hasPrefix(stem) }
    }
    func places(_ paths: [String]) -> String {
      // The figures of a whole study stand in its folder; those of an experiment in folders that differ by its name.
      let own = paths.filter { ($0 as NSString).deletingLastPathComponent == result.folder }
      let listed = own.isEmpty ? paths : own
      let relative = listed.map { String($0.dropFirst(result.folder.count + 1)) }
      return relative.count > 4 ? relative.prefix(3).joined(separator: " ") + " …" : relative.joined(separator: " ")
    }
    let groups = [
      ("curves:         ", matching("loss") + matching("accuracy")), ("confusion:      ", matching("confusion")),
      ("reconstructions:", matching("reconstructions")),
    ]
    lines =
      groups.filter { !$0.1.isEmpty }.map { ($0.0, places($0.1)) }
      + [("networks:       ", "EXPERIMENT/seed-N/checkpoint.safetensors, settings and metrics beside them")]
  }
}

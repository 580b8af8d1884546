import ArgumentParser
import Telar
import TelarBench

struct BenchCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Name what became slower from one file of benchmark results to another.",
    discussion: """
      Both are files of JSON lines as bench train, gemm or ops print with --json, also of several rounds, whose median \
      counts. Percents are of the time that something takes, also where the file has a rate. Exits 1 when something \
      became slower by more than the threshold.

      EXAMPLE
        telar bench ops --json > old.jsonl
        telar bench ops --json > new.jsonl
        telar bench compare old.jsonl new.jsonl
      """)

  @Argument(help: ArgumentHelp("The results to compare with.", valueName: "old"), completion: .file())
  var old: String

  @Argument(help: ArgumentHelp("The results to judge.", valueName: "new"), completion: .file())
  var new: String

  @Option(help: ArgumentHelp("Changes up to this do not count.", valueName: "percent"))
  var threshold = 10.0

  @Flag(help: "Print one JSON object a line: what, name, and old, new, unit and percent where both files have it.")
  var json = false

  func validate() throws {
    guard 0...1000 ~= threshold else { throw ValidationError("--threshold \(threshold) is not 0 to 1000") }
  }

  func run() throws {
    let comparison = try BenchComparison(
      old: SavedResults(path: old), new: SavedResults(path: new), threshold: threshold)
    for (what, changes) in [("slower", comparison.slower), ("faster", comparison.faster)] {
      for change in changes { Console.result(json ? change.json(what) : change.line(what)) }
    }
    for (what, results) in [("only in old", comparison.onlyInOld), ("only in new", comparison.onlyInNew)] {
      for result in results {
        Console.result(
          json
            ? JSON.object(["what": .string(what), "name": .string(result.name)]).text
            : Column.left(what, 12) + Column.left("", 9) + result.name)
      }
    }
    let limit = threshold == threshold.rounded() ? "\(Int(threshold))" : "\(threshold)"
    if !json {
      Console.result(
        "\(comparison.slower.count) slower, \(comparison.faster.count) faster, \(comparison.similar) within \(limit) %")
    }
    if let worst = comparison.slower.first {
      throw CheckFailed(
        description: "\(comparison.slower.count) slower by more than \(limit) %, first \(worst.new.name).")
    }
  }
}

extension BenchComparison.Change {
  fileprivate func line(_ what: String) -> String {
    let sign = percent < 0 ? "−" : "+"
    let percents = Column.number(abs(percent), decimals: 1)
    let values = [old, new].map { Column.number($0.value, decimals: 4) }
    return Column.left(what, 12) + Column.left("\(sign)\(percents) %", 9) + "\(new.name): "
      + "\(values[0]) → \(values[1]) \(new.unit.rawValue)"
  }

  fileprivate func json(_ what: String) -> String {
    JSON.object([
      "what": .string(what), "name": .string(new.name), "old": .number(old.value), "new": .number(new.value),
      "unit": .string(new.unit.rawValue), "percent": .rounded(percent, 2),
    ]).text
  }
}

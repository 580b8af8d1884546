import Foundation
import TelarIO
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Runs whose files say something else than any run would: whatever that is, the report is made, and so are figures.
///
/// No `precondition`, index or conversion of a number may be reached by what a file holds, which traps and ends the test.
@Suite struct MutatedRunTests {
  let folder: TemporaryFolder
  let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  /// Numbers that sums, differences, quotients, powers and conversions have trouble with.
  private static let values: [JSON] = [
    .integer(0), .integer(-1), .integer(1), .integer(11), .integer(.max), .integer(.min), .integer(1 << 40),
    .number(1.79e308), .number(-1.79e308),
    .number(.leastNonzeroMagnitude), .number(2 * .leastNonzeroMagnitude), .number(-0.0), .number(1e300),
    .number(1e19), .number(1e-7), .number(0.5), .null, .boolean(true), .string(""), .string("é\u{0}\r\n'"),
    .array([]), .object([:]), .array([.integer(.min), .null]), .object(["a": .number(1e308)]),
  ]

  /// The value with one thing in it changed, at any depth.
  private func mutated(_ json: JSON, _ random: inout SeededGenerator) -> JSON {
    let goesDeeper = Int.random(in: 0..<8, using: &random) > 0
    switch json {
    case .object(var members) where !members.isEmpty && goesDeeper:
      let key = random.pick(Array(members.keys))
      let choice = Int.random(in: 0..<8, using: &random)
      members[key] = choice == 0 ? nil : mutated(members[key] ?? .null, &random)
      return .object(members)
    case .array(var elements) where !elements.isEmpty && goesDeeper:
      let index = Int.random(in: 0..<elements.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: elements.remove(at: index)
      case 1: elements.append(elements[index])
      default: elements[index] = mutated(elements[index], &random)
      }
      return .array(elements)
    default: return random.pick(Self.values)
    }
  }

  private func mutate(_ name: String, of run: String, _ random: inout SeededGenerator) throws {
    let path = "\(run)/\(name)"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var lines = name.hasSuffix("l") ? text.split(separator: "\n").map(String.init) : [text]
    let index = Int.random(in: 0..<lines.count, using: &random)
    // A number of one metric in all epochs, so that it makes a curve.
    if lines.count > 1, Bool.random(using: &random) {
      let key = random.pick(["epoch", "train_loss", "curve_loss", "val_loss", "val_accuracy", "seconds"])
      lines = try lines.map { line in
        guard case .object(var members) = try JSON(parsing: line) else { return line }
        members[key] = random.pick(Self.values)
        return JSON.object(members).text
      }
    } else {
      lines[index] = mutated(try JSON(parsing: lines[index]), &random).text
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
  }

  /// Reconstructions and weights of shapes that do not go together.
  private func writeTensors(to run: String, _ random: inout SeededGenerator) throws {
    let shapes = [
      [10, 28, 28], [11, 28, 28], [1, 1, 1], [0, 1 << 40, 1 << 20], [3, 0, 1 << 60], [2, 3], [], [1, 4, 9], [1, 9, 4],
      [300, 1, 1], [7, 1, 300], [16, 1, 3, 3], [10, 784], [5, 784, 1], [3, 1, 70, 70], [4, 1, 0, 3],
    ]
    for (file, names) in [
      ("samples.safetensors", ["original", "epoch-0", "epoch-2", "epoch--1", "epoch-9223372036854775807", "epoch-02"]),
      ("last.safetensors", ["classifier.1.weight", "encoder.0.weight", "other"]),
    ] {
      let isWhole = Bool.random(using: &random)
      let shape = random.pick(shapes)
      var writer = SafetensorsWriter()
      for name in names where isWhole || Int.random(in: 0..<4, using: &random) > 0 {
        let shape = isWhole ? shape : random.pick(shapes)
        let count = shape.reduce(1, *)
        if file.hasPrefix("samples"), Int.random(in: 0..<10, using: &random) > 0 {
          writer.add(name, shape: shape, [UInt8](repeating: 3, count: count))
        } else {
          let value = random.pick([Float.nan, .infinity, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, 0.5])
          writer.add(name, shape: shape, [Float](repeating: value, count: count))
        }
      }
      try writer.write(to: "\(run)/\(file)")
    }
  }

  @Test(arguments: Array(1...3) as [UInt64])
  func `no file of a run ends the report or the figures`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let studies = [("molina", ["base", "adam"]), ("brunello", ["ae-1", "ae-2"]), ("aldecoa", ["case-1", "case-2"])]
    for (study, experiments) in studies {
      for experiment in experiments {
        for number in 0..<2 {
          let isClassifier = study != "brunello"
          var run = RunFixture(
            experiment, losses: [2, 1, 0.5], accuracies: isClassifier ? [0.2, 0.3, 0.4] : nil)
          (run.study, run.seed, run.testLoss) = (study, number, 1)
          let size = random.pick([2, 10, 11])
          if isClassifier { run.confusion = (0..<size).map { row in (0..<size).map { $0 == row ? 5 : 1 } } }
          let path = try run.write(into: folder)
          try writeTensors(to: path, &random)
          for _ in 0..<Int.random(in: 0..<4, using: &random) {
            try mutate(random.pick(["run.json", "result.json", "metrics.jsonl", "metrics.jsonl"]), of: path, &random)
          }
        }
      }
    }
    _ = try Report(of: folder.path, generator: "telar test", gnuplot: nil).write(to: output.path)
    for study in Study.all {
      let runs = RunFolder(folder.path + "/" + study.name)
      let result = StudyResult(reading: runs, of: study)
      try StudyFigures(of: study, gnuplot: nil) { _ in }.draw(result.experiments, in: runs)
      for line in [result.table] + result.lines.map(\.text) { #expect(!line.isEmpty) }
    }
  }
}

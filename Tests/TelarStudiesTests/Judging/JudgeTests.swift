import Foundation
import TelarIO
import TelarStudies
import TelarTraining
import TestSupport
import Testing

/// Verdicts on runs of several seeds.
@Suite struct JudgeTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Writes runs of thirty epochs that end with the given accuracies, one a seed.
  private func write(_ experiment: String, _ accuracies: [Double], study: String = "molina") throws {
    for (seed, accuracy) in accuracies.enumerated() {
      var run = RunFixture(
        experiment, losses: curve(to: 1.5 - accuracy, from: 2), accuracies: curve(to: accuracy, from: 0.2))
      (run.study, run.seed) = (study, seed)
      run.batchSize = try #require(Study.named(study).experiment(experiment)).batchSize
      run.confusion = (0..<10).map { row in (0..<10).map { $0 == row ? 900 : $0 == (row + 1) % 10 ? 100 : 0 } }
      try run.write(into: folder)
    }
  }

  private func read(_ study: Study = .molina) -> StudyResult {
    StudyResult(reading: RunFolder(folder.path + "/" + study.name), of: study)
  }

  private func line(_ result: StudyResult, _ claim: String) throws -> [String: JSON] {
    let lines = result.lines.compactMap { if case .object(let members) = $0 { members } else { nil } }
    let found = try #require(lines.first { $0["claim"] == .string(claim) })
    return Dictionary(uniqueKeysWithValues: found.map { ($0.key, $0.value) })
  }

  @Test func `one seed has no interval, so nothing is judged`() throws {
    try write("base", [0.8])
    try write("adam", [0.9])
    let result = read()
    for line in result.lines {
      guard case .object(let members) = line else { continue }
      #expect(members["verdict"] == .string("not judged") && members["held"] == .null)
    }
    #expect(result.table.contains("one seed has no interval"))
  }

  @Test func `a comparison rests on the differences of the same seeds`() throws {
    // Seeds differ by more than the experiments do, and in every seed adam is better by about a point.
    let base = [0.70, 0.78, 0.74, 0.72, 0.80]
    try write("base", base)
    try write("adam", zip(base, [0.011, 0.009, 0.010, 0.012, 0.008]).map { $0 + $1 })
    let line = try line(read(), "Adam is more accurate than SGD")
    #expect(line["verdict"] == .string("held") && line["held"] == .boolean(true))
    #expect(abs(try #require(line["difference"]?.double) - 0.01) < 1e-9)
    // Five seeds, all of one sign: 2 of 32 patterns.
    #expect(line["exact_p"] == .number(2.0 / 32))
    let holm = try #require(line["p_holm"]?.double)
    #expect(try #require(line["p"]?.double) < holm && holm < 0.05)
  }

  @Test func `differences that the seeds do not carry cannot be told apart`() throws {
    try write("base", [0.70, 0.72, 0.71])
    try write("adam", [0.71, 0.715, 0.715])
    let result = read()
    let line = try line(result, "Adam is more accurate than SGD")
    #expect(line["verdict"] == .string("cannot be told apart") && line["held"] == .null)
    guard case .integer(let more)? = line["more_seeds"] else { return #expect(Bool(false), "\(line)") }
    #expect(more > 3)
    #expect(result.table.contains("about \(more) more"))
  }

  @Test func `the other way round does not hold`() throws {
    try write("base", [0.90, 0.91, 0.905, 0.903])
    try write("adam", [0.80, 0.812, 0.803, 0.806])
    #expect(try line(read(), "Adam is more accurate than SGD")["verdict"] == .string("did not hold"))
  }

  @Test func `likeness takes two one-sided tests, not a failed test of difference`() throws {
    try write("base", [0.70, 0.72, 0.71, 0.715])
    try write("no-dropout", [0.702, 0.719, 0.712, 0.716])
    let alike = "no dropout gains little"
    #expect(try line(read(), alike)["verdict"] == .string("held"))
    // As wide as this, likeness cannot be told although no difference is seen.
    try write("no-dropout", [0.60, 0.82, 0.65, 0.80])
    #expect(try line(read(), alike)["verdict"] == .string("cannot be told apart"))
    try write("no-dropout", [0.90, 0.92, 0.912, 0.915])
    #expect(try line(read(), alike)["verdict"] == .string("did not hold"))
  }

  @Test func `seeds that only one of two experiments has are left out`() throws {
    try write("base", [0.70, 0.72, 0.71])
    try write("adam", [0.80])
    let line = try line(read(), "Adam is more accurate than SGD")
    #expect(line["not_judged"] == .string("one seed has no interval"))
    try write("adam", [0.80, 0.82, 0.81])
    try FileManager.default.moveItem(
      atPath: folder.path + "/molina/adam/seed-0", toPath: folder.path + "/molina/adam/seed-7")
    try FileManager.default.moveItem(
      atPath: folder.path + "/molina/adam/seed-1", toPath: folder.path + "/molina/adam/seed-8")
    #expect(try self.line(read(), "Adam is more accurate than SGD")["not_judged"] == .string("too few seeds in common"))
  }

  @Test func `Holm's correction counts the comparisons of the study`() throws {
    // A difference that one test would call plain, and seven of them do not.
    try write("base", [0.70, 0.72, 0.71, 0.715])
    try write("adam", [0.71, 0.741, 0.731, 0.729])
    let alone = try line(read(), "Adam is more accurate than SGD")
    for name in ["no-dropout", "lr-0.1", "neurons-256-128"] { try write(name, [0.70, 0.73, 0.70, 0.713]) }
    let many = try line(read(), "Adam is more accurate than SGD")
    #expect(alone["p"] == many["p"])
    #expect(try #require(many["p_holm"]?.double) > #require(alone["p_holm"]?.double))
  }

  @Test func `the terminal's table fits eighty columns and shows the spread`() throws {
    for experiment in Study.molina.ownExperiments { try write(experiment.name, [0.70, 0.72, 0.71]) }
    let table = read().table
    for line in table.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    let text = table.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("71.00 ± 1.00 %") && text.contains("means of 3 seeds ± standard deviation"))
    #expect(text.contains("✗ did not hold: base val accuracy about 80.00 %"))
  }

  @Test func `the test set's own uncertainty stands beside an accuracy`() throws {
    try write("base", [0.89, 0.90, 0.91])
    let claim = try line(read(), "val accuracy about 80.00 %")
    // 1.96 √(0.9 · 0.1 / 10,000), a little less by Wilson's formula.
    #expect(abs(try #require(claim["test_images"]?.double) - 0.00588) < 1e-5)
  }

  @Test func `experiments of the same settings share their runs`() throws {
    #expect(
      Study.brunello.twin(of: try #require(Study.brunello.experiment("case-0-pretrained-frozen")))?.name
        == "dropout-0.2")
    let twins = Study.all.flatMap { study in study.experiments.filter { study.twin(of: $0) != nil }.map(\.name) }
    #expect(twins == ["case-0-pretrained-frozen"])
    let jobs = Job.plan(
      try Study.brunello.experiments(named: ["dropout-0.2", "case-0-pretrained-frozen"]), of: .brunello
    ) { $0.epochs }
    #expect(jobs.map(\.folderName) == ["ae-1-40-epochs", "dropout-0.2"])
    let alone = Job.plan(try Study.brunello.experiments(named: ["case-0-pretrained-frozen"]), of: .brunello) {
      $0.epochs
    }
    #expect(alone.map(\.folderName) == ["ae-1-40-epochs", "dropout-0.2"] && alone.map(\.isRequested) == [false, true])
    for seed in 0..<2 {
      var run = RunFixture(
        "dropout-0.2", losses: Array(repeating: 0.3, count: 40), accuracies: Array(repeating: 0.9, count: 40))
      (run.study, run.seed) = ("brunello", seed)
      try run.write(into: folder)
    }
    let result = read(.brunello)
    #expect(result.experiments.map(\.experiment.name) == ["dropout-0.2", "case-0-pretrained-frozen"])
    #expect(
      result.notes.contains("case-0-pretrained-frozen has the settings of dropout-0.2 and was not trained again."))
  }
}

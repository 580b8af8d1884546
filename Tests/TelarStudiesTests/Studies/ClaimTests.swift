import TelarData
import TelarStudies
import TestSupport
import Testing

@Suite("Claims")
struct ClaimTests {
  /// The verdict on the final values of several seeds.
  private func verdict(_ expectation: Claim.Expectation, _ metric: Metric, _ values: [Double]) -> Verdict {
    let sample = Sample(values)
    let claim = Claim(metric, expectation)
    return Judge.verdict(sample, Interval.ofMean(sample), claim.conditions[0].region).verdict
  }

  @Test func `bounds are judged by the interval`() {
    let accuracies = [0.9061, 0.9043, 0.9078, 0.9052, 0.9069]
    #expect(verdict(.above(0.9), .validationAccuracy, accuracies) == .held)
    #expect(verdict(.above(0.91), .validationAccuracy, accuracies) == .notHeld)
    // The interval is 0.9043 to 0.9078.
    #expect(verdict(.above(0.905), .validationAccuracy, accuracies) == .cannotBeTold)
    #expect(verdict(.below(0.91), .validationAccuracy, accuracies) == .held)
    #expect(verdict(.below(0.9), .validationAccuracy, accuracies) == .notHeld)
    #expect(verdict(.below(0.907), .validationAccuracy, accuracies) == .cannotBeTold)
    #expect(verdict(.above(0.9), .validationAccuracy, [0.95]) == .notJudged)
    #expect(verdict(.above(1), .validationLoss, [2, .nan, 2]) == .notJudged)
  }

  @Test func `about is judged by two one-sided tests within the margin`() {
    #expect(verdict(.near(0.8), .validationAccuracy, [0.79, 0.8, 0.805, 0.795]) == .held)
    #expect(verdict(.near(0.8), .validationAccuracy, [0.829, 0.831, 0.83, 0.832]) == .notHeld)
    #expect(verdict(.near(0.8), .validationAccuracy, [0.81, 0.829, 0.80, 0.82]) == .cannotBeTold)
    #expect(verdict(.near(0.0025), .validationLoss, [0.0024, 0.0025, 0.0026]) == .held)
    #expect(verdict(.near(0.0025), .validationLoss, [0.0029, 0.00295, 0.003]) == .notHeld)
    #expect(Claim.margin(of: .validationAccuracy, at: 0.8) == 0.02)
    #expect(abs(Claim.margin(of: .trainingLoss, at: 0.3) - 0.03) < 1e-12)
  }

  @Test func `what is open says how many seeds would tell`() throws {
    let sample = Sample([0.9061, 0.9043, 0.9078, 0.9052, 0.9069])
    let interval = Interval.ofMean(sample)
    let open = Judge.verdict(sample, interval, .above(0.905))
    #expect(open.verdict == .cannotBeTold)
    let needed = try #require(open.needed)
    #expect(needed == SampleSize.needed(distance: sample.mean - 0.905, deviation: sample.deviation) && needed > 5)
    #expect(Judge.verdict(sample, interval, .above(sample.mean)).needed == nil)
    #expect(Judge.verdict(sample, interval, .above(0.9)).needed == nil)
  }

  @Test func `claims about certain epochs`() {
    let curve = [0.5, 0.86, 0.9]
    func values(_ expectation: Claim.Expectation) -> [Bool?] {
      Claim(.validationAccuracy, expectation).conditions.map { condition in
        condition.measure.value(of: curve).map(condition.region.contains)
      }
    }
    #expect(values(.aboveInEpoch(2, 0.85)) == [true] && values(.aboveInEpoch(2, 0.86)) == [false])
    #expect(values(.aboveInEpoch(4, 0.8)) == [nil])
    #expect(values(.inside(0.85...0.95, fromEpoch: 2)) == [true, true])
    #expect(values(.inside(0.85...0.95, fromEpoch: 1)) == [false, true])
    #expect(values(.inside(0.85...0.95, fromEpoch: 4)) == [nil, nil])
    #expect(Measure(.validationLoss, .mean(epochs: 2)).value(of: [4, 2, 1]) == 3)
    #expect(Measure(.validationLoss, .mean(epochs: 4)).value(of: [4, 2, 1]) == nil)
  }

  @Test func `all conditions of a claim must hold`() {
    #expect(Verdict.all([.held, .held]) == .held)
    #expect(Verdict.all([.held, .cannotBeTold]) == .cannotBeTold)
    #expect(Verdict.all([.cannotBeTold, .notHeld]) == .notHeld)
    #expect(Verdict.all([.notHeld, .notJudged]) == .notJudged && Verdict.all([]) == .notJudged)
  }

  @Test func `claims read well`() {
    #expect(Claim(.validationAccuracy, .above(0.9)).text == "> 90.00 %")
    #expect(Claim(.validationLoss, .near(0.0025)).text == "about 0.00250")
    // Digits of a loss are seen however small or large it is.
    for (loss, text) in [
      (1.15e-7, "1.150e-7"), (.leastNonzeroMagnitude, "4.941e-324"), (0.000_999, "9.990e-4"), (0.001, "0.00100"),
      (0.0999, "0.09990"),
      (0.1, "0.1000"), (2.30259, "2.3026"), (999_999, "999999.0000"), (1.5e6, "1.500e6"), (1.79e308, "1.790e308"),
      (0, "0.0000"), (-1.15e-7, "-1.150e-7"), (.nan, "nan"), (.infinity, "inf"),
    ] as [(Double, String)] { #expect(Metric.validationLoss.text(loss) == text) }
    #expect(Claim(.validationLoss, .rises).text == "rises in the last epochs")
    #expect(Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)).text == "does not rise again (5 %)")
    #expect(
      Claim(.validationLoss, .gainsLittle(afterEpoch: 60, within: 0.05)).text == "falls less than 5 % after epoch 60")
  }
}

@Suite("Runs on record")
struct ReferenceRunsTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["\n", "\r\n"])
  func `the last epoch that all seeds reach counts`(newline: String) throws {
    let text = """
      {"experiment": "aldecoa/sgd", "seed": 0, "epoch": 1, "val_loss": 0.3}
      {"experiment": "aldecoa/sgd", "seed": 0, "epoch": 2, "val_loss": 0.2}

      {"experiment": "aldecoa/sgd", "seed": 1, "epoch": 1, "val_loss": 0.4}
      {"claim": "of no interest here"}
      {"experiment": "brunello/ae-1", "seed": 0, "epoch": 7, "val_loss": 0.4}
      """
    let path = try folder.write("runs.jsonl", Array(text.replacing("\n", with: newline).utf8))
    let runs = try ReferenceRuns(path: path, study: .aldecoa)
    #expect(runs.epochs(of: "sgd") == 1)
    #expect(runs.epochs(of: "case-1") == nil)
    #expect(try ReferenceRuns(path: path, study: .brunello).epochs(of: "ae-1") == 7)
  }

  @Test func `bounds are the widest of the three`() {
    // 10 % of the mean of a loss.
    let narrow = ReferenceRuns.bounds([1.0, 1.0], .validationLoss)
    #expect(abs(narrow.lowerBound - 0.9) < 1e-12 && abs(narrow.upperBound - 1.1) < 1e-12)
    // Twice the deviation, √2/10 of these two.
    let wide = ReferenceRuns.bounds([0.9, 1.1], .validationLoss)
    #expect(abs(wide.lowerBound - (0.9 - 0.2 * 2.0.squareRoot())) < 1e-12)
    // Two points of an accuracy.
    let accuracy = ReferenceRuns.bounds([0.8], .validationAccuracy)
    #expect(abs(accuracy.lowerBound - 0.78) < 1e-12 && abs(accuracy.upperBound - 0.82) < 1e-12)
  }

  @Test func `a broken file is named with its line`() throws {
    for (text, problem) in [
      ("{\"epoch\": 1}", "line 1 lacks experiment, seed, epoch or val_loss"),
      ("{}\nnonsense", "line 2 is no JSON object"), ("{}\r\n\r\nnonsense\r\n", "line 3 is no JSON object"),
      ("{}\n\n\u{ff}", "line 3 is not UTF-8 text"),
      (
        #"{"experiment": "aldecoa/sgd", "seed": 0, "epoch": 100001, "val_loss": 1}"#,
        "line 1 has the epoch 100001, not 1 to 100000"
      ),
    ] {
      // ÿ stands for a byte that UTF-8 does not have.
      let bytes = text.unicodeScalars.map { UInt8($0.value) }
      let path = try folder.write("broken.jsonl", bytes)
      let error = #expect(throws: ReferenceRunsError.self) { try ReferenceRuns(path: path, study: .aldecoa) }
      #expect(error?.kind == .malformed && error?.description.hasPrefix("\(path): \(problem); ") == true)
    }
    let path = folder.path + "/nothing"
    let error = #expect(throws: ReferenceRunsError.self) { try ReferenceRuns(path: path, study: .aldecoa) }
    #expect(error?.kind == .missing)
  }

  @Test func `a file that is too long is refused before it is read`() throws {
    let path = try folder.writeSparse("long.jsonl", length: 3 << 30)
    let error = #expect(throws: ReferenceRunsError.self) { try ReferenceRuns(path: path, study: .aldecoa) }
    #expect(error?.kind == .malformed && error?.description.contains("has 3221225472 bytes, more than") == true)
  }
}

import TelarData
import TelarStudies
import TestSupport
import Testing

@Suite("Claims")
struct ClaimTests {
  @Test func `bounds on the last value`() {
    #expect(Claim(.validationAccuracy, .above(0.9)).isMet(by: [0.5, 0.91]) == true)
    #expect(Claim(.validationAccuracy, .above(0.9)).isMet(by: [0.91, 0.9]) == false)
    #expect(Claim(.validationAccuracy, .below(0.75)).isMet(by: [0.7]) == true)
    #expect(Claim(.validationAccuracy, .near(0.8)).isMet(by: [0.781]) == true)
    #expect(Claim(.validationAccuracy, .near(0.8)).isMet(by: [0.829]) == false)
    #expect(Claim(.validationLoss, .near(0.0025)).isMet(by: [0.0027]) == true)
    #expect(Claim(.validationLoss, .near(0.0025)).isMet(by: [0.0028]) == false)
    #expect(Claim(.validationLoss, .near(0.0025)).isMet(by: []) == nil)
  }

  @Test func `shapes of curves`() {
    let falling = [5.0, 4, 3, 3.1, 2, 1.5]
    #expect(Claim(.validationLoss, .fallsSteadily).isMet(by: falling) == true)
    #expect(Claim(.validationLoss, .fallsSteadily).isMet(by: [5, 4, 4.5, 3, 3.5]) == false)
    #expect(Claim(.validationLoss, .fallsSteadily).isMet(by: [5, 4]) == nil)
    #expect(Claim(.validationLoss, .rises(lastEpochs: 3)).isMet(by: [5, 2, 2.5, 2.2, 2.3]) == true)
    #expect(Claim(.validationLoss, .rises(lastEpochs: 3)).isMet(by: falling) == false)
    #expect(Claim(.validationLoss, .rises(lastEpochs: 3)).isMet(by: [1, 2, 3]) == nil)
    #expect(Claim(.validationLoss, .oscillates).isMet(by: [5, 6, 4.8, 5.5, 4.9]) == true)
    #expect(Claim(.validationLoss, .oscillates).isMet(by: [5, 6, 4, 5.5, 1]) == true)
    #expect(Claim(.validationLoss, .oscillates).isMet(by: falling) == false)
    #expect(Claim(.validationLoss, .oscillatesWithoutImproving).isMet(by: [5, 6, 4.8, 5.5, 4.9]) == true)
    #expect(Claim(.validationLoss, .oscillatesWithoutImproving).isMet(by: [5, 6, 4, 5.5, 1]) == false)
    #expect(Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)).isMet(by: [5, 2, 2.1]) == true)
    #expect(Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)).isMet(by: [5, 2, 2.11]) == false)
    #expect(Claim(.validationLoss, .doesNotRiseAgain(within: 0.05)).isMet(by: [5, 2]) == nil)
    #expect(Claim(.validationLoss, .risesAgain(by: 0.05)).isMet(by: [5, 2, 2.1]) == false)
    #expect(Claim(.validationLoss, .risesAgain(by: 0.05)).isMet(by: [5, 2, 2.11]) == true)
    #expect(Claim(.validationLoss, .risesAgain(by: 0.05)).isMet(by: [5, 2]) == nil)
  }

  @Test func `claims about certain epochs`() {
    let curve = [0.5, 0.86, 0.9]
    #expect(Claim(.validationAccuracy, .aboveInEpoch(2, 0.85)).isMet(by: curve) == true)
    #expect(Claim(.validationAccuracy, .aboveInEpoch(2, 0.86)).isMet(by: curve) == false)
    #expect(Claim(.validationAccuracy, .aboveInEpoch(4, 0.8)).isMet(by: curve) == nil)
    #expect(Claim(.validationAccuracy, .inside(0.85...0.95, fromEpoch: 2)).isMet(by: curve) == true)
    #expect(Claim(.validationAccuracy, .inside(0.85...0.95, fromEpoch: 1)).isMet(by: curve) == false)
    #expect(Claim(.validationAccuracy, .inside(0.85...0.95, fromEpoch: 4)).isMet(by: curve) == nil)
  }

  @Test func `several seeds are judged by their means, and ups and downs one by one`() {
    let claim = Claim(.validationLoss, .oscillates)
    let (up, down) = ([5.0, 6, 4, 5, 3], [5.0, 4, 5, 3, 4])
    #expect(claim.isMet(by: zip(up, down).map { ($0 + $1) / 2 }) == false, "the mean is smooth")
    #expect(claim.isMet(by: [up, down], finals: [3, 4]) == true)
    #expect(claim.isMet(by: [up, [5, 4, 3, 2, 1]], finals: [3, 1]) == false)
    #expect(claim.isMet(by: [up, [5, 4]], finals: [3, 4]) == nil)
    #expect(claim.isMet(by: [], finals: []) == nil)
    #expect(Claim(.validationLoss, .below(2)).isMet(by: [[3, 1], [3, 2]], finals: [1, 2]) == true)
    #expect(Claim(.validationLoss, .below(2)).isMet(by: [[3, 1], [3, 3]], finals: [1, 3]) == false)
  }

  @Test func `the network that is kept counts, not the last epoch`() {
    let curve = [0.9, 0.7]
    #expect(Claim(.validationAccuracy, .above(0.8)).isMet(by: curve, final: 0.9) == true)
    #expect(Claim(.validationAccuracy, .above(0.8)).isMet(by: curve) == false)
    #expect(Claim(.validationLoss, .rises(lastEpochs: 1)).isMet(by: [1, 2], final: 1) == true)
    #expect(Claim(.testLoss, .below(0.8)).isMet(by: [], final: 0.7) == true)
  }

  @Test func `comparisons`() {
    func comparison(_ expectation: Comparison.Expectation) -> Comparison {
      Comparison("text", .validationLoss, ["a", "b"], expectation)
    }
    #expect(comparison(.increasing).isMet(by: [1, 2]))
    #expect(!comparison(.increasing).isMet(by: [2, 2]))
    #expect(comparison(.atLeastTimes(2)).isMet(by: [1, 2]))
    #expect(comparison(.lastIsLargest).isMet(by: [1, 2]))
    #expect(!comparison(.lastIsLargest).isMet(by: [2, 2]))
    #expect(!comparison(.atLeastTimes(2)).isMet(by: [1, 1.9]))
    #expect(comparison(.alike(within: 0.1)).isMet(by: [1.05, 1]))
    #expect(!comparison(.alike(within: 0.1)).isMet(by: [1.2, 1]))
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
    #expect(Claim(.validationLoss, .rises(lastEpochs: 3)).text == "rises in the last 3 epochs")
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

import TelarTraining
import Testing

@Suite("Scores of classes")
struct ClassScoresTests {
  private func scores(_ truths: [Int], _ predictions: [Int], classes: Int) -> ClassScores {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (truth, prediction) in zip(truths, predictions) { counts[truth][prediction] += 1 }
    return ClassScores(counts)
  }

  private func isClose(_ a: [Double?], _ b: [Double?]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == nil && $1 == nil || abs(($0 ?? 9) - ($1 ?? -9)) < 1e-12 }
  }

  /// Computed by scikit-learn 1.9.1. Class 3 and 6 occur nowhere.
  @Test func `precision, recall and F1 are scikit-learn's`() {
    let scores = scores(
      [0, 0, 0, 1, 1, 2, 2, 2, 2, 4, 4, 5, 5, 5], [0, 0, 1, 1, 1, 2, 2, 0, 4, 4, 2, 5, 5, 0], classes: 7)
    #expect(isClose(scores.precisions, [0.5, 2.0 / 3, 2.0 / 3, nil, 0.5, 1, nil]))
    #expect(isClose(scores.recalls, [2.0 / 3, 1, 0.5, nil, 0.5, 2.0 / 3, nil]))
    #expect(isClose(scores.f1s, [4.0 / 7, 0.8, 4.0 / 7, nil, 0.5, 0.8, nil]))
    #expect(abs(scores.macroPrecision - 2.0 / 3) < 1e-12 && abs(scores.macroRecall - 2.0 / 3) < 1e-12)
    #expect(abs(scores.macroF1 - 0.6485714285714286) < 1e-12 && abs(scores.balancedAccuracy - 2.0 / 3) < 1e-12)
  }

  /// One image is taken for class 3, which has none: it counts in macro means, and not in the balanced accuracy.
  @Test func `a class that images are only taken for counts in macro means`() {
    let scores = scores([0, 0, 0, 1, 1, 2], [0, 3, 0, 1, 1, 2], classes: 4)
    #expect(abs(scores.macroPrecision - 0.75) < 1e-12 && abs(scores.macroRecall - 2.0 / 3) < 1e-12)
    #expect(abs(scores.macroF1 - 0.7) < 1e-12 && abs(scores.balancedAccuracy - 8.0 / 9) < 1e-12)
    #expect(scores.recalls[3] == nil && scores.precisions[3] == 0 && scores.f1s[3] == 0)
  }

  @Test func `without images all means are 0`() {
    for scores in [ClassScores([]), ClassScores([[0, 0], [0, 0]])] {
      #expect(scores.macroF1 == 0 && scores.balancedAccuracy == 0 && scores.macroPrecision == 0)
    }
  }
}

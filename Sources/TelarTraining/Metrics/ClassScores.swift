/// Scores of a classifier, by class and averaged, from its confusion matrix.
///
/// - Source: semantics of scikit-learn's `precision_recall_fscore_support` with `zero_division=0`, and of its
///   `balanced_accuracy_score`.
public struct ClassScores: Sendable, Equatable {
  /// Images by true class (row) and predicted class (column).
  public let counts: [[Int]]
  /// The share of a class's images that are taken for it; `nil` for a class without images.
  public let recalls: [Double?]
  /// The share of the images taken for a class that are of it; `nil` where none is taken for it.
  public let precisions: [Double?]
  /// The harmonic mean of recall and precision, one that is `nil` counting as zero; `nil` for a class that has no images
  /// and that none is taken for.
  public let f1s: [Double?]

  /// - Precondition: the matrix is square.
  /// - Cost: reads the matrix twice.
  public init(_ counts: [[Int]]) {
    precondition(counts.allSatisfy { $0.count == counts.count }, "a confusion matrix that is not square")
    self.counts = counts
    func ratio(_ part: Int, of whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
    var columns = [Int](repeating: 0, count: counts.count)
    for row in counts { for (column, count) in row.enumerated() { columns[column] += count } }
    recalls = counts.indices.map { ratio(counts[$0][$0], of: counts[$0].reduce(0, +)) }
    precisions = counts.indices.map { ratio(counts[$0][$0], of: columns[$0]) }
    f1s = zip(recalls, precisions).map { recall, precision in
      guard recall != nil || precision != nil else { return nil }
      let (recall, precision) = (recall ?? 0, precision ?? 0)
      return recall + precision > 0 ? 2 * recall * precision / (recall + precision) : 0
    }
  }

  /// The mean precision of the classes that have images or that some are taken for; 0 where that is none.
  public var macroPrecision: Double { macro(precisions) }
  /// The mean recall of the same classes.
  public var macroRecall: Double { macro(recalls) }
  /// The mean F1 of the same classes.
  public var macroF1: Double { macro(f1s) }
  /// The mean recall of the classes that have images; 0 where that is none.
  public var balancedAccuracy: Double { Self.mean(recalls.compactMap(\.self)) }

  /// The mean over the classes that occur, undefined scores counting as zero.
  private func macro(_ scores: [Double?]) -> Double {
    Self.mean(zip(scores, f1s).compactMap { score, f1 in f1 == nil ? nil : score ?? 0 })
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}

/// What a user may choose when a study runs. What is `nil` is as the study has it.
public struct StudyOptions: Sendable {
  public var epochs: Int?
  public var batchSize: Int?
  /// How many seeds, from 0.
  public var seedCount = 1
  /// Train on this many of the first training images only.
  public var subset: Int?
  /// The training curve is measured on this many of the first training images; where it is `nil`, on 10,000 or as many
  /// as there are.
  public var curveImageCount: Int?
  /// The folder in which each study has a folder of its own.
  public var outputFolder = "runs"
  /// Whether runs in the folder that have not ended are gone on with; otherwise they are an error.
  public var isResuming = false
  /// Whether runs in the folder are replaced: those that were asked for, or, when also resuming, those that differ.
  public var isOverwriting = false

  /// On how many of the first training images, at most, the curve is measured.
  package var usedCurveImageCount: Int { curveImageCount ?? 10_000 }

  /// How many epochs a run can have.
  package static let epochRange = 1...100_000

  public init() {}

  /// - Throws: ``UsageError`` for a number that makes no sense.
  public func validate() throws {
    func check(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
      guard let value, !range.contains(value) else { return }
      throw UsageError("\(name) \(value) is not \(grouped(range.lowerBound)) to \(grouped(range.upperBound))")
    }
    try check("--epochs", epochs, Self.epochRange)
    try check("--batch-size", batchSize, 1...60_000)
    try check("--seeds", seedCount, 1...1_000)
    try check("--subset", subset, 1...60_000)
    try check("--curve-images", curveImageCount, 1...60_000)
  }
}

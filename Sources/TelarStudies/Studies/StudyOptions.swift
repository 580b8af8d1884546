/// A user's options for running a study; `nil` keeps the study's own value.
public struct StudyOptions: Sendable {
  public var epochs: Int?
  public var batchSize: Int?
  /// The number of seeds, from 0.
  public var seedCount = 1
  /// The part of the runs to make; `nil` for all of them.
  public var shard: Shard?
  /// The number of training images to use, from the start; `nil` for all.
  public var subset: Int?
  /// The number of training images, from the start, on which the training curve is measured; `nil` for 10,000 or all if
  /// there are fewer.
  public var curveImageCount: Int?
  /// The folder that holds one folder per study.
  public var outputFolder = "runs"
  /// Whether to resume unfinished runs; otherwise they are an error.
  public var isResuming = false
  /// Whether to replace existing runs: the requested ones, or together with ``isResuming`` those that differ.
  public var isOverwriting = false

  /// The most training images on which the training curve is measured.
  package var usedCurveImageCount: Int { curveImageCount ?? 10_000 }

  /// The permitted number of epochs.
  package static let epochRange = 1...100_000

  public init() {}

  /// - Throws: ``UsageError`` for a number outside its range.
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

/// A comparison of two files of results: what became slower and what faster.
public struct BenchComparison: Sendable {
  /// A measurement that both files contain.
  public struct Change: Sendable {
    public var old: SavedResult
    public var new: SavedResult

    /// The increase of time in percent; negative when it decreased.
    public var percent: Double { (old.timeRatio(to: new) - 1) * 100 }
  }

  /// The measurements whose time increased by more than the threshold, the worst first.
  public let slower: [Change]
  /// The measurements whose time was larger in the old file by more than the threshold, the best first.
  public let faster: [Change]
  /// The number of measurements in neither.
  public let similar: Int
  public let onlyInOld: [SavedResult]
  public let onlyInNew: [SavedResult]

  /// - Parameter threshold: in percent of the time.
  /// - Throws: ``SavedResultsError`` when the files have no measurement in common.
  public init(old: SavedResults, new: SavedResults, threshold: Double) throws {
    let inNew = Dictionary(uniqueKeysWithValues: new.results.map { ($0.name, $0) })
    let inOld = Set(old.results.map(\.name))
    let changes = old.results.compactMap { result in inNew[result.name].map { Change(old: result, new: $0) } }
    if changes.isEmpty {
      throw SavedResultsError(.malformed, path: new.path, "it has no result in common with \(old.path)")
    }
    let limit = 1 + threshold / 100
    slower = changes.filter { $0.old.timeRatio(to: $0.new) > limit }.sorted { $0.percent > $1.percent }
    faster = changes.filter { $0.new.timeRatio(to: $0.old) > limit }.sorted { $0.percent < $1.percent }
    similar = changes.count - slower.count - faster.count
    onlyInOld = old.results.filter { inNew[$0.name] == nil }
    onlyInNew = new.results.filter { !inOld.contains($0.name) }
  }
}

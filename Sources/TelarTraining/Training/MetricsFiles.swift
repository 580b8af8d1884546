import TelarIO

/// The metrics of a run's epochs as they grow: `metrics.jsonl`, an object a line, and `metrics.csv`.
///
/// An epoch costs a line in each, however many there were before. A line that a crash cut short is no metrics to
/// readers, and is made whole when the run goes on.
final class MetricsFiles {
  private let folder: RunFolder
  private var files: (lines: AppendedFile, table: AppendedFile)?

  init(in folder: RunFolder) { self.folder = folder }

  /// Writes the epoch that has just ended. The first call writes those before it too, so that the files hold what the
  /// run holds, whatever they held before.
  ///
  /// - Parameter history: of all epochs so far, at least one.
  /// - Throws: `OutputError`.
  func add(_ history: [EpochMetrics]) throws {
    guard let files, let last = history.last else {
      try folder.write(history.map(\.jsonLine).joined(), to: RunFolder.metricsName)
      try folder.write(
        EpochMetrics.csvHeader + history.map(\.csvLine).joined(), to: RunFolder.metricsTableName)
      let opened = try folder.made()
      files = (
        try AppendedFile(RunFolder.metricsName, in: opened), try AppendedFile(RunFolder.metricsTableName, in: opened)
      )
      return
    }
    try files.lines.append(Array(last.jsonLine.utf8))
    try files.table.append(Array(last.csvLine.utf8))
  }

  /// Waits until the metrics are on the disk.
  func flush() throws {
    try files?.lines.flush()
    try files?.table.flush()
  }
}

extension EpochMetrics {
  fileprivate var jsonLine: String { JSON.object(json).text + "\n" }
}

import TelarIO

/// The metrics files of a run, one line per epoch: `metrics.jsonl`, JSON objects, and `metrics.csv`.
///
/// Writing an epoch appends a line to each. Readers skip a line that a crash truncated; it is rewritten when the run is
/// resumed.
final class MetricsFiles {
  private let folder: RunFolder
  private var files: (lines: AppendedFile, table: AppendedFile)?

  init(in folder: RunFolder) { self.folder = folder }

  /// Writes the last epoch of `history`. The first call writes all of its epochs, so that the files always hold the
  /// run's history, whatever they held before.
  ///
  /// - Parameter history: the metrics of all epochs so far, at least one.
  /// - Throws: `OutputError`.
  func add(_ history: [EpochMetrics]) throws {
    guard let files, let last = history.last else {
      try folder.write(history.map(\.jsonLine).joined(), to: RunFolder.metricsName)
      try folder.write(
        history[0].csvHeader + history.map(\.csvLine).joined(), to: RunFolder.metricsTableName)
      let opened = try folder.made()
      files = (
        try AppendedFile(RunFolder.metricsName, in: opened), try AppendedFile(RunFolder.metricsTableName, in: opened)
      )
      return
    }
    try files.lines.append(Array(last.jsonLine.utf8))
    try files.table.append(Array(last.csvLine.utf8))
  }

  /// Waits until everything written is on the disk.
  func flush() throws {
    try files?.lines.flush()
    try files?.table.flush()
  }
}

extension EpochMetrics {
  fileprivate var jsonLine: String { JSON.object(json).text + "\n" }
}

import TelarIO

/// The metrics files of a run, one line per epoch: `metrics.jsonl`, JSON objects, and `metrics.csv`.
///
/// Writing an epoch appends a line to each. Readers skip a line that a crash truncated; it is rewritten when the run is
/// resumed.
final class MetricsFiles: TrainingCallback {
  private let folder: RunFolder
  private var files: (lines: AppendedFile, table: AppendedFile)?

  init(in folder: RunFolder) { self.folder = folder }

  /// Writes the epoch. The first call writes all of the run's epochs, so that the files always hold its history, whatever
  /// they held before.
  ///
  /// - Throws: `OutputError`.
  func epochEnded(_ metrics: EpochMetrics, of trainer: Trainer) throws -> TrainingDecision {
    if let files {
      try files.lines.append(Array(metrics.jsonLine.utf8))
      try files.table.append(Array(metrics.csvLine.utf8))
      return .proceed
    }
    let history = trainer.history
    try folder.write(history.map(\.jsonLine).joined(), to: RunFolder.metricsName)
    try folder.write(
      metrics.csvHeader + history.map(\.csvLine).joined(), to: RunFolder.metricsTableName)
    let opened = try folder.made()
    files = (
      try AppendedFile(RunFolder.metricsName, in: opened), try AppendedFile(RunFolder.metricsTableName, in: opened)
    )
    return .proceed
  }

  /// Waits until everything written is on the disk.
  func runEnded(_ trainer: Trainer) throws {
    try files?.lines.flush()
    try files?.table.flush()
  }
}

extension EpochMetrics {
  fileprivate var jsonLine: String { JSON.object(json).text + "\n" }
}

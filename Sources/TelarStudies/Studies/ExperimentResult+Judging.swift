import TelarIO

extension ExperimentResult {
  /// Why the runs say nothing of what a text claims of the experiment, in a few words: other data, or other settings than
  /// the text's. `nil` when they do.
  package var obstacle: String? {
    if runs.contains(where: { $0.isOfOtherData }) { return "other data than Fashion-MNIST" }
    if let count = runs.lazy.compactMap({ $0.recorded("data", "subset") }).first { return "trained on \(count) images" }
    let batches = runs.lazy.compactMap { $0.recorded("settings", "batch_size") }
    if let size = batches.first(where: { $0 != experiment.batchSize }) {
      return "batches of \(size) instead of \(experiment.batchSize)"
    }
    let short = runs.filter { $0.history.count < experiment.epochs && !$0.hasStoppedEarly }.map(\.history.count)
    return short.min().map { "\($0) of \(experiment.epochs) epochs" }
  }

  /// The same for one claim. A curve that early stopping ended goes up in its last epochs, whatever the experiment, so
  /// that its ups and downs say nothing.
  package func obstacle(to claim: Claim) -> String? {
    if let obstacle { return obstacle }
    return claim.isAboutShape && runs.contains(where: \.hasStoppedEarly) ? "stopped early" : nil
  }
}

extension RunResult {
  fileprivate var isOfOtherData: Bool {
    guard case .object(let members)? = record["data"], case .boolean(let isFashion)? = members["is_fashion_mnist"]
    else { return false }
    return !isFashion
  }
}

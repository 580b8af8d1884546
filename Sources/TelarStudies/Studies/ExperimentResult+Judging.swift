import TelarIO

extension ExperimentResult {
  /// Why the runs cannot be compared with the text's claims, in a few words: other data or settings than the text's.
  /// `nil` when they can.
  ///
  /// - Parameter isOwn: whether the claims are a recipe's, about its own data.
  package func obstacle(isOwn: Bool) -> String? {
    if !isOwn, runs.contains(where: { $0.isOfOtherData }) { return "other data than Fashion-MNIST" }
    if let count = runs.lazy.compactMap({ $0.recorded("data", "subset") }).first { return "trained on \(count) images" }
    let batches = runs.lazy.compactMap { $0.recorded("settings", "batch_size") }
    if let size = batches.first(where: { $0 != experiment.batchSize }) {
      return "batches of \(size) instead of \(experiment.batchSize)"
    }
    let short = runs.filter { $0.history.count < experiment.epochs && !$0.hasStoppedEarly }.map(\.history.count)
    return short.min().map { "\($0) of \(experiment.epochs) epochs" }
  }

  /// Why the runs cannot be compared with a claim.
  package func obstacle(to claim: Claim, isOwn: Bool) -> String? {
    claim.conditions.lazy.compactMap { obstacle(to: $0.measure, isOwn: isOwn) }.first ?? obstacle(isOwn: isOwn)
  }

  /// Why the runs say nothing of a number. After early stopping every curve rises in its last epochs, so its shape is
  /// not evidence.
  package func obstacle(to measure: Measure, isOwn: Bool) -> String? {
    if let obstacle = obstacle(isOwn: isOwn) { return obstacle }
    return measure.isAboutShape && runs.contains(where: \.hasStoppedEarly) ? "stopped early" : nil
  }

  /// The number of images that the confusion matrix or the record counts; `nil` where it is unknown.
  var validationImageCount: Int? {
    runs.first.flatMap { run in
      run.confusion.map { $0.joined().reduce(0, +) } ?? run.recorded("data", "validation_images")
    }
  }
}

extension RunResult {
  fileprivate var isOfOtherData: Bool {
    guard case .object(let members)? = record["data"], case .boolean(let isFashion)? = members["is_fashion_mnist"]
    else { return false }
    return !isFashion
  }
}

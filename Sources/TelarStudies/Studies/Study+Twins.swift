import TelarIO

extension Study {
  /// An earlier experiment of a published study with the same network, data and settings, whose runs are this one's too;
  /// `nil` where there is none.
  package func twin(of experiment: Experiment) -> Experiment? {
    guard recipe == nil, !experiment.architecture.parts.isEmpty else { return nil }
    let settings = experiment.training
    for other in experiments {
      if other.name == experiment.name { return nil }
      if other.training == settings { return other }
    }
    return nil
  }
}

extension Experiment {
  /// All that determines a run but its seed.
  fileprivate var training: JSON {
    var members = asked(of: [:])
    members["computes_normalization"] = .boolean(data.computesNormalization)
    members["epochs"] = .integer(epochs)
    members["batch_size"] = .integer(batchSize)
    members["pretraining_epochs"] = pretraining?.epochs.map(JSON.integer)
    members["keeps_epochs"] = pretraining.map { .boolean($0.keepsEpochs) }
    return .object(members)
  }
}

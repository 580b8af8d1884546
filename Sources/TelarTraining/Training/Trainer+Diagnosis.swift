import TelarIO
import TelarNN

/// Locating the origin of a loss that is not finite.
extension Trainer {
  /// Repeats the steps from a saved state, one at a time, until the loss is not finite, and searches that step for the
  /// first such value. Training is deterministic, so this is the step that ended the run. The trainer cannot be used
  /// afterwards.
  ///
  /// - Cost: at most the steps since the state was saved, each synchronized.
  /// - Returns: `nil` when the loss of every step is finite, and only their sum overflowed.
  func origin(of error: NotFiniteError, from state: SafetensorsFile) throws -> NotFiniteError.Origin? {
    try load(from: state)
    while history.count < error.epoch - 1 { try runEpoch() }
    try beginEpoch()
    var origin: NotFiniteError.Origin?
    struct Found: Error {}
    do {
      while imagesDone < images.training.count {
        try takeStep { loss, batch, mode in
          guard try !loss.item().isFinite else { return }
          origin = .init(
            step: imagesDone / settings.stepImageCount + 1,
            what: try network.firstNotFinite(for: batch.inputs, mode) ?? "the loss itself")
          throw Found()
        }
      }
    } catch is Found {}
    return origin
  }
}

extension Network {
  /// The first tensor that is not finite when a batch passes through the network: a layer's weights or output.
  ///
  /// - Returns: `the output of encoder.4 (Linear)`; `nil` when all are finite.
  package func firstNotFinite(for x: Tensor, _ mode: Mode) throws -> String? {
    for parameter in parameters where try parameter.tensor.values().contains(where: { !$0.isFinite }) {
      return "\(parameter.key), after the step before,"
    }
    var x = x
    for part in parts {
      for index in part.layerNames.indices {
        x = try part.runLayer(index, on: x, mode)
        if try x.values().contains(where: { !$0.isFinite }) { return "the output of \(part.layerNames[index])" }
      }
    }
    return nil
  }
}

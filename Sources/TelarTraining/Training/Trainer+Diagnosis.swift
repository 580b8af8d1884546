import TelarIO
import TelarNN

/// Finding where a loss that is not finite began.
extension Trainer {
  /// Goes back to a sound state and takes the steps again, one at a time, up to the one whose loss is not finite. Since
  /// a run is deterministic, that is the one which ended it. The trainer is of no use afterwards.
  ///
  /// - Cost: at most the steps since the state was saved, each waited for.
  /// - Returns: `nil` when all losses of the epoch are finite, as when its sum only overflowed.
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
            step: imagesDone / settings.batchSize + 1,
            what: try network.firstNotFinite(for: batch.images, mode) ?? "the loss itself")
          throw Found()
        }
      }
    } catch is Found {}
    return origin
  }
}

extension Network {
  /// What is not finite first on the way of a batch through the network: a layer's weights, or its output.
  ///
  /// - Returns: `the output of encoder.4 (Linear)`; `nil` when all is finite.
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

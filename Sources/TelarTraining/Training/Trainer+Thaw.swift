import TelarNN

/// Parts that are frozen in the first epochs of a run and trained after them.
extension Trainer {
  /// The parts among the settings' ``TrainingSettings/thaw`` that are trained after this many epochs.
  func thawed(after epochs: Int) -> Set<String> {
    Set(settings.thaw.filter { $0.value <= epochs }.map(\.key))
  }

  /// The steps of a network. While parts are frozen, groups of parameters are without those.
  ///
  /// - Throws: `AttributeError` for groups that match nothing in the end.
  static func step(of network: Network, _ settings: TrainingSettings) throws -> TrainingStep {
    var groups = settings.options.parameterGroups
    if !settings.thaw.isEmpty {
      let frozen = Set(network.parts.filter { $0.isFrozen && settings.thaw[$0.name] == nil }.map(\.name))
      let trained = network.parameters.filter { $0.spec.role == .parameter && !frozen.contains($0.part) }
      _ = try settings.optimizer.grouped(by: groups, trained.map { ($0.key, $0.spec) })
      groups = groups.compactMap { $0.matching(network) }
    }
    let step = try TrainingStep(network, settings.optimizer, groups: groups)
    step.optimizerState.clipNorm = settings.options.clipNorm
    return step
  }

  /// Trains these parts, which the network had frozen in the beginning, and no others of them.
  ///
  /// The network is made anew, as the memory of its parameters depends on which are trained; it keeps its values, and the
  /// optimizer what it has kept of parameters that were trained before. For others it begins as at the start of a run.
  ///
  /// - Cost: nothing when these parts are trained already.
  func train(parts: Set<String>) throws {
    guard parts != thawedParts else { return }
    let architecture = Architecture(
      architecture.parts.map { $0.frozen($0.isFrozen && !parts.contains($0.name)) })
    let next = try Network(
      architecture, on: network.device, inputShape: network.inputShape, seed: network.seed)
    for part in network.parts { try next.copyPart(part.name, from: network) }
    let nextStep = try Self.step(of: next, settings)
    try nextStep.optimizerState.take(from: step.optimizerState)
    nextStep.step = step.step
    average = try average.map { try ParameterAverage($0, goingOnFor: next) }
    (network, step, thawedParts) = (next, nextStep, parts)
  }
}

extension Study {
  /// The names of experiments and of all experiments that these are pre-trained by, directly or indirectly.
  public func namesNeeded(by experiments: [Experiment]) -> Set<String> {
    var needed = Set(experiments.map(\.name))
    var sources = experiments.compactMap { $0.pretraining?.experiment }
    while let name = sources.popLast() {
      guard needed.insert(name).inserted, let source = experiment(name)?.pretraining?.experiment else { continue }
      sources.append(source)
    }
    return needed
  }
}

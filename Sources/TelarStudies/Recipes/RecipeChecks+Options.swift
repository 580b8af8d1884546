import TelarNN
import TelarTraining

/// Whether an experiment's optional settings fit its network and data.
extension RecipeChecks {
  func checkOptions(of draft: RecipeReader.Draft) throws(RecipeError) {
    let experiment = draft.experiment, options = experiment.options
    func error(_ keyword: String, _ problem: String) -> RecipeError {
      RecipeError(line: draft.node.line, place: "\(experiment.name), \(keyword)", problem)
    }
    switch options.objective {
    case .binaryCrossEntropy?:
      let last = experiment.architecture.parts.last?.layers.layers.last
      if !(last is Sigmoid) {
        throw error(
          "loss",
          "binary_cross_entropy is for a network that ends in Sigmoid, and this one ends in "
            + (last.map { type(of: $0).moduleName } ?? "nothing"))
      }
      if experiment.data.computesNormalization || experiment.data.normalization != .unit {
        throw error("loss", "binary_cross_entropy is for pixels from 0 to 1; set normalization = false")
      }
    case .crossEntropy?:
      do {
        _ = try options.objective?.classWeights(counts: [Int](repeating: 1, count: data.classCount))
      } catch let problem {
        throw error("loss", "\((problem as? AttributeError)?.problem ?? "\(problem)")")
      }
    case .meanAbsoluteError?, .huber?, nil: break
    }
    guard !options.parameterGroups.isEmpty else { return }
    let trained = experiment.architecture.parts.filter { !$0.isFrozen || experiment.thaw[$0.name] != nil }.flatMap {
      part in
      part.layers.layers.enumerated().flatMap { index, layer in
        layer.parameters.filter { $0.role == .parameter }.map { ("\(part.name).\(index).\($0.name)", $0) }
      }
    }
    do {
      _ = try experiment.optimizer.grouped(by: options.parameterGroups, trained)
    } catch let problem {
      throw error("parameter_groups", "\((problem as? AttributeError)?.problem ?? "\(problem)")")
    }
  }
}

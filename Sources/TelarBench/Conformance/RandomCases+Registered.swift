import TelarNN

extension RandomCases {
  /// Candidate shapes of samples.
  private static let samples = [[5, 7, 17], [6, 5, 4], [4, 3, 3], [5, 7, 1], [17], [4], [1]]

  /// Cases of registered optimizers and layers, by their names in golden files. Layers have example values for required
  /// keywords, and shapes that fit.
  ///
  /// - Parameter named: operators with cases of their own.
  static func registered(besides named: Set<String>) -> [(op: String, make: Maker)] {
    var makers: [(op: String, make: Maker)] = []
    for name in OptimizerRegistry.names.map({ $0.lowercased() }) where !named.contains(name) {
      makers.append((name, { $0.optimizer(name, ["learning_rate": .number(0.01)]) }))
    }
    for name in LayerRegistry.names {
      guard let layer = LayerRegistry.example(of: name), !named.contains(type(of: layer).functionName) else { continue }
      let fitting = samples.filter { (try? layer.outputShape(of: $0)) != nil }
      guard !fitting.isEmpty else { continue }
      makers.append((type(of: layer).functionName, { $0.layer(layer, on: fitting) }))
    }
    return makers
  }

  private mutating func layer(_ layer: any Layer, on samples: [[Int]]) -> (OperatorCase, BoundKind) {
    let sample = pick(samples), batch = pick([1, 3, 8])
    guard let output = try? layer.outputShape(of: sample) else { preconditionFailure("\(layer) takes \(sample)") }
    func ofBatch(_ shape: [Int]) -> [Int] { [batch] + (shape.count == 3 ? [shape[2], shape[0], shape[1]] : shape) }
    var tensors = ["input": values(ofBatch(sample)), "grad_output": values(ofBatch(output))]
    for spec in layer.parameters {
      let numbers = values(spec.shape)
      // A buffer may be a variance.
      tensors[spec.name] = spec.role == .buffer ? numbers.magnitude : numbers
    }
    return (
      makeCase(type(of: layer).functionName, layer.attributes, tensors),
      BoundKind(absolute: 4e-5, relative: 4e-5, gradient: 2e-4)
    )
  }
}

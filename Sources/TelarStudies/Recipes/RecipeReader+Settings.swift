import TelarIO
import TelarNN
import TelarTraining

/// Settings that are tables or choices.
extension RecipeReader {
  static func loss(_ node: TOMLNode) throws(RecipeError) -> Loss {
    try choice(node, Dictionary(uniqueKeysWithValues: Loss.allCases.map { ($0.rawValue, $0) }))
  }

  static func optimizer(_ node: TOMLNode) throws(RecipeError) -> any Optimizer {
    enum Kind { case adam, sgd }
    var reader = try TableReader(node)
    var kind = Kind.adam
    if let name = reader.take("name") { kind = try choice(name, [Adam.name: .adam, SGD.name: .sgd]) }
    func number(_ name: String, _ fallback: Double, _ rule: String, _ isFine: (Double) -> Bool) throws(RecipeError)
      -> Double
    {
      try reader.take(name)?.number(rule, isFine) ?? fallback
    }
    let rate = try number("learning_rate", 1e-3, "a number above 0") { 0 < $0 && $0 <= 1e30 }
    let optimizer: any Optimizer
    switch kind {
    case .adam:
      let share = "a number from 0 to below 1"
      optimizer = Adam(
        learningRate: rate, beta1: try number("beta1", 0.9, share) { 0 <= $0 && $0 < 1 },
        beta2: try number("beta2", 0.999, share) { 0 <= $0 && $0 < 1 },
        epsilon: try number("epsilon", 1e-8, "a number from 0 to 1") { 0 <= $0 && $0 <= 1 },
        weightDecay: try number("weight_decay", 0, "a number from 0") { 0 <= $0 && $0 <= 1e30 })
    case .sgd:
      let momentum = try number("momentum", 0, "a number from 0") { 0 <= $0 && $0 <= 1e30 }
      let nesterov = reader.take("nesterov")
      let isNesterov = try nesterov?.boolean() ?? false
      if let nesterov, isNesterov, momentum == 0 { throw nesterov.error("needs a momentum above 0") }
      optimizer = SGD(
        learningRate: rate, momentum: momentum, nesterov: isNesterov,
        weightDecay: try number("weight_decay", 0, "a number from 0") { 0 <= $0 && $0 <= 1e30 })
    }
    try reader.end()
    return optimizer
  }

  static func schedule(_ node: TOMLNode) throws(RecipeError) -> LearningRateSchedule {
    enum Kind { case constant, step, cosine }
    var reader = try TableReader(node)
    var kind = Kind.constant
    if let name = reader.take("kind") {
      kind = try choice(name, ["constant": .constant, "step": .step, "cosine": .cosine])
    }
    let shape: LearningRateSchedule.Shape
    switch kind {
    case .constant: shape = .constant
    case .step:
      let stepSize = try reader.require("step_size").integer(1...100_000)
      let gamma = try reader.take("gamma")?.number("a number from 0") { 0 <= $0 && $0 <= 1e30 }
      shape = .step(stepSize: stepSize, gamma: gamma ?? 0.1)
    case .cosine:
      let minimum = try reader.take("minimum")?.number("a number from 0") { 0 <= $0 && $0 <= 1e30 }
      shape = .cosine(minimum: minimum ?? 0)
    }
    let warmUp = try reader.take("warm_up_epochs")?.number("a number of epochs from 0") { 0 <= $0 && $0 <= 100_000 }
    try reader.end()
    return LearningRateSchedule(shape, warmUpEpochs: warmUp ?? 0)
  }

  /// - Returns: `nil` when it is switched off.
  static func earlyStopping(_ node: TOMLNode) throws(RecipeError) -> EarlyStopping? {
    if node.isFalse { return nil }
    var reader = try TableReader(node)
    let patience = try reader.require("patience").integer(1...100_000)
    let improvement = try reader.take("minimum_improvement")?.number("a number from 0") { 0 <= $0 && $0 <= 1e30 }
    try reader.end()
    return EarlyStopping(patience: patience, minimumImprovement: improvement ?? 0)
  }

  static func normalization(_ node: TOMLNode) throws(RecipeError) -> Normalization {
    if node.isFalse { return .unit }
    var reader = try TableReader(node)
    let mean = try reader.require("mean").number("a number from -1000 to 1000") { abs($0) <= 1000 }
    let deviation = try reader.require("deviation").number("a number above 0, at most 1000") {
      1e-6 <= $0 && $0 <= 1000
    }
    try reader.end()
    return Normalization(mean: mean, deviation: deviation)
  }

  /// A choice by its name, ignoring case.
  private static func choice<Choice>(_ node: TOMLNode, _ choices: [String: Choice]) throws(RecipeError) -> Choice {
    let name = try node.string()
    if let found = choices.first(where: { $0.key.lowercased() == name.lowercased() }) { return found.value }
    let known = choices.keys.sorted()
    throw node.error("must be \(known.map { JSON.quoted($0) }.joined(separator: " or ")), not \(node.shown)")
  }
}

import TelarIO
import TelarNN
import TelarTraining

/// Settings that are tables or choices.
extension RecipeReader {
  static func loss(_ node: TOMLNode) throws(RecipeError) -> Loss {
    try choice(node, Loss.allCases.map(\.rawValue).sorted()) { Loss(rawValue: $0.lowercased()) }
  }

  static func optimizer(_ node: TOMLNode) throws(RecipeError) -> any Optimizer {
    var reader = try TableReader(node)
    var type: any Optimizer.Type = Adam.self
    if let name = reader.take("name") { type = try choice(name, OptimizerRegistry.names) { OptimizerRegistry[$0] } }
    let optimizer: any Optimizer = try reader.construct { try type.init(attributes: &$0) }
    try reader.end()
    return optimizer
  }

  static func schedule(_ node: TOMLNode) throws(RecipeError) -> LearningRateSchedule {
    var reader = try TableReader(node)
    var type: any ScheduleShape.Type = ConstantShape.self
    if let kind = reader.take("kind") { type = try choice(kind, ScheduleRegistry.names) { ScheduleRegistry[$0] } }
    let shape: any ScheduleShape = try reader.construct { try type.init(attributes: &$0) }
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
  private static func choice<Choice>(
    _ node: TOMLNode, _ names: [String], _ find: (String) -> Choice?
  ) throws(RecipeError) -> Choice {
    if let found = find(try node.string()) { return found }
    throw node.error("must be \(names.map { JSON.quoted($0) }.joined(separator: " or ")), not \(node.shown)")
  }
}

import TelarData
import TelarIO
import TelarNN
import TelarTraining

/// Settings that are tables or choices.
extension RecipeReader {
  static func loss(_ node: TOMLNode) throws(RecipeError) -> (loss: Loss, objective: Objective?) {
    var reader = try TableReader(TOMLNode(.table(["loss": node]), path: node.path, line: node.line))
    return try reader.construct { attributes in
      try attributes.take("loss", default: (Loss.reconstruction, Objective?.none)) { value, _ in
        try Objective.read(value, place: "loss")
      }
    }
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

  /// What is off unless asked for.
  ///
  /// - Parameters:
  ///   - members: the settings among ``TrainingOptions/keywords`` that there are.
  ///   - settings: the experiment's table.
  static func options(
    _ members: OrderedMembers<TOMLNode>, _ objective: Objective?, _ settings: TOMLNode, for shape: DataShape
  ) throws(RecipeError) -> TrainingOptions {
    var reader = try TableReader(TOMLNode(.table(members), path: settings.path, line: settings.line))
    var options: TrainingOptions = try reader.construct { attributes in
      let options = try TrainingOptions(attributes: &attributes)
      if let augmentation = options.augmentation {
        for (name, pixels) in [("crop", augmentation.crop), ("cutout", augmentation.cutout)]
        where pixels > max(shape.size.height, shape.size.width) {
          throw attributes.error(
            "augmentation.\(name)",
            "is \(pixels) pixels, more than the images of \(shape.size.height)×\(shape.size.width) have")
        }
      }
      return options
    }
    options.objective = objective
    return options
  }

  /// - Returns: `nil` for what is computed from the data.
  static func normalization(_ node: TOMLNode) throws(RecipeError) -> Normalization? {
    if node.isFalse { return .unit }
    if case .string(let text) = node.value {
      guard text == computed else {
        throw node.error(
          "must be a table of mean and deviation, \(JSON.quoted(computed)) or false, not \(node.shown)"
            + Spelling.remark(text, among: [computed]) { JSON.quoted($0) })
      }
      return nil
    }
    var reader = try TableReader(node)
    let meanNode = try reader.require("mean"), deviationNode = try reader.require("deviation")
    let mean = try channels(meanNode, "a number from -1000 to 1000") { abs($0) <= 1000 }
    let deviation = try channels(deviationNode, "a number above 0, at most 1000") { 1e-6 <= $0 && $0 <= 1000 }
    try reader.end()
    guard mean.count == deviation.count else {
      throw node.error("has \(mean.count) means and \(deviation.count) deviations")
    }
    return Normalization(mean: mean, deviation: deviation)
  }

  /// The value of `normalization` that has it computed.
  static let computed = "computed"

  /// A number, or a list of a number a channel.
  private static func channels(_ node: TOMLNode, _ rule: String, _ accepts: (Double) -> Bool) throws(RecipeError)
    -> [Double]
  {
    guard case .array(let elements) = node.value else { return [try node.number(rule, accepts)] }
    guard ImageSize.channelCounts.contains(elements.count) else {
      throw node.error("lists \(elements.count) numbers, and images have 1, 3 or 4 channels")
    }
    var numbers: [Double] = []
    for element in elements { numbers.append(try element.number(rule, accepts)) }
    return numbers
  }

  /// A choice by its name, ignoring case.
  private static func choice<Choice>(
    _ node: TOMLNode, _ names: [String], _ find: (String) -> Choice?
  ) throws(RecipeError) -> Choice {
    if let found = find(try node.string()) { return found }
    throw node.error(noneOf: names)
  }
}

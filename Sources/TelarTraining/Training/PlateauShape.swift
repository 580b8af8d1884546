import TelarNN

/// The rate times `factor` whenever the validation loss has not improved for more than `patience` epochs:
/// `torch.optim.lr_scheduler.ReduceLROnPlateau`.
public struct PlateauShape: ScheduleShape {
  public static var kind: String { "plateau" }

  /// What ``threshold`` is a share of, or whether it is a loss itself.
  public enum ThresholdMode: String, Sendable, CaseIterable {
    /// A share of the best loss.
    case relative = "rel"
    case absolute = "abs"
  }

  public var factor: Double
  /// The epochs without improvement that leave the rate as it is.
  public var patience: Int
  /// The least decrease of the best loss that counts as an improvement.
  public var threshold: Double
  public var thresholdMode: ThresholdMode
  /// Epochs after a reduction in which none is counted.
  public var cooldown: Int
  /// The rate is not reduced below it.
  public var minimum: Double
  /// A reduction by no more than this is not made.
  public var epsilon: Double

  /// - Precondition: the factor is from 0 to below 1, the other numbers are finite and not negative.
  public init(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, thresholdMode: ThresholdMode = .relative,
    cooldown: Int = 0, minimum: Double = 0, epsilon: Double = 1e-8
  ) {
    precondition(0 <= factor && factor < 1, "a factor of \(factor)")
    precondition(patience >= 0 && cooldown >= 0, "a patience of \(patience), a cooldown of \(cooldown) epochs")
    precondition(
      [threshold, minimum, epsilon].allSatisfy { $0.isFinite && $0 >= 0 },
      "a threshold of \(threshold), a least rate of \(minimum), a least reduction of \(epsilon)")
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.thresholdMode = thresholdMode
    self.cooldown = cooldown
    self.minimum = minimum
    self.epsilon = epsilon
  }

  public init(attributes: inout AttributeReader) throws {
    let factor = try attributes.double("factor", default: 0.1, .share)
    let patience = try attributes.integer("patience", default: 10, atLeast: 0)
    let threshold = try attributes.double("threshold", default: 1e-4, .nonNegative)
    let modeName = try attributes.string("threshold_mode", default: ThresholdMode.relative.rawValue)
    // A reader that only lists keywords is given an empty text.
    guard let mode = modeName.isEmpty ? .relative : ThresholdMode(rawValue: modeName.lowercased()) else {
      throw attributes.error("threshold_mode", modeName, noneOf: ThresholdMode.allCases.map(\.rawValue))
    }
    if mode == .relative, threshold >= 1 {
      throw attributes.error("threshold", "must be below 1, a share of the best loss, not \(threshold)")
    }
    self.init(
      factor: factor, patience: patience, threshold: threshold, thresholdMode: mode,
      cooldown: try attributes.integer("cooldown", default: 0, atLeast: 0),
      minimum: try attributes.double("minimum", default: 0, .nonNegative),
      epsilon: try attributes.double("epsilon", default: 1e-8, .nonNegative))
  }

  public var attributes: JSON.Members {
    [
      "factor": .number(factor), "patience": .integer(patience), "threshold": .number(threshold),
      "threshold_mode": .string(thresholdMode.rawValue), "cooldown": .integer(cooldown), "minimum": .number(minimum),
      "epsilon": .number(epsilon),
    ]
  }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double { base }

  public func base(_ base: Double, after validationLosses: [Double]) -> Double {
    var (rate, best) = (base, Double.infinity)
    var (waited, cooling) = (0, 0)
    for loss in validationLosses {
      let isBetter = loss < (thresholdMode == .relative ? best * (1 - threshold) : best - threshold)
      if isBetter { best = loss }
      waited = isBetter ? 0 : waited + 1
      if cooling > 0 { (cooling, waited) = (cooling - 1, 0) }
      guard waited > patience else { continue }
      let reduced = max(rate * factor, minimum)
      if rate - reduced > epsilon { rate = reduced }
      (cooling, waited) = (cooldown, 0)
    }
    return rate
  }
}

extension ScheduleShape where Self == PlateauShape {
  /// Multiplied by `factor` when the validation loss has not improved for more than `patience` epochs.
  public static func plateau(factor: Double = 0.1, patience: Int = 10) -> PlateauShape {
    PlateauShape(factor: factor, patience: patience)
  }
}

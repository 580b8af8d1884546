import TelarNN

/// How the learning rate changes over a run: a linear warm-up, if any, and a shape.
public struct LearningRateSchedule: Sendable {
  public var shape: any ScheduleShape
  /// Epochs, at the beginning, over which the rate rises from near zero to what ``shape`` has there.
  public var warmUpEpochs: Double

  public static let constant = LearningRateSchedule(.constant)

  /// - Precondition: the warm-up is finite and not negative.
  public init(_ shape: some ScheduleShape, warmUpEpochs: Double = 0) {
    precondition(warmUpEpochs.isFinite && warmUpEpochs >= 0, "a warm-up of \(warmUpEpochs) epochs")
    self.shape = shape
    self.warmUpEpochs = warmUpEpochs
  }

  /// The base rate of the next epoch: the optimizer's, or what the shape makes of it after these epochs.
  ///
  /// - Parameter validationLosses: of the epochs so far, in order.
  public func base(_ base: Double, after validationLosses: [Double]) -> Double {
    shape.base(base, after: validationLosses)
  }

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - base: the optimizer's, or what ``base(_:after:)`` makes of it.
  ///   - step: from 0.
  ///   - epochs: of the whole run.
  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let rate = shape.rate(base, step: step, stepsPerEpoch: stepsPerEpoch, epochs: epochs)
    let warmUpSteps = warmUpEpochs * Double(stepsPerEpoch)
    return Double(step) < warmUpSteps ? rate * Double(step + 1) / (warmUpSteps + 1) : rate
  }

  /// Name and settings, in the form of `run.json`.
  public var json: JSON {
    var members: JSON.Members = ["kind": .string(type(of: shape).kind)]
    for (name, value) in shape.attributes { members[name] = value }
    members["warm_up_epochs"] = .number(warmUpEpochs)
    return .object(members)
  }
}

extension LearningRateSchedule: Equatable {
  /// Whether name and settings are equal.
  public static func == (a: Self, b: Self) -> Bool { a.json == b.json }
}

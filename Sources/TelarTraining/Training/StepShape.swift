import Foundation
import TelarNN

/// The rate times `gamma` after every `stepSize` epochs: `torch.optim.lr_scheduler.StepLR`.
public struct StepShape: ScheduleShape {
  public static var kind: String { "step" }

  public var stepSize: Int
  public var gamma: Double

  /// - Precondition: there is at least one epoch a step, and the factor is finite and not negative.
  public init(stepSize: Int, gamma: Double) {
    precondition(stepSize >= 1 && gamma.isFinite && gamma >= 0, "steps of \(stepSize) epochs by \(gamma)")
    self.stepSize = stepSize
    self.gamma = gamma
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(
      stepSize: try attributes.integer("step_size"), gamma: try attributes.double("gamma", default: 0.1, .nonNegative))
  }

  public var attributes: JSON.Members { ["step_size": .integer(stepSize), "gamma": .number(gamma)] }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    base * pow(gamma, Double(step / stepsPerEpoch / stepSize))
  }
}

extension ScheduleShape where Self == StepShape {
  /// Multiplied by `gamma` after every `stepSize` epochs.
  public static func step(stepSize: Int, gamma: Double) -> StepShape { StepShape(stepSize: stepSize, gamma: gamma) }
}

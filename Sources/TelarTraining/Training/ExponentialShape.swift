import Foundation
import TelarNN

/// The rate times `gamma` after every epoch: `torch.optim.lr_scheduler.ExponentialLR`.
public struct ExponentialShape: ScheduleShape {
  public static var kind: String { "exponential" }

  public var gamma: Double

  /// - Precondition: the factor is finite and not negative.
  public init(gamma: Double) {
    precondition(gamma.isFinite && gamma >= 0, "a factor of \(gamma)")
    self.gamma = gamma
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(gamma: try attributes.double("gamma", .nonNegative))
  }

  public var attributes: JSON.Members { ["gamma": .number(gamma)] }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    base * pow(gamma, Double(step / stepsPerEpoch))
  }
}

extension ScheduleShape where Self == ExponentialShape {
  /// Multiplied by `gamma` after every epoch.
  public static func exponential(gamma: Double) -> ExponentialShape { ExponentialShape(gamma: gamma) }
}

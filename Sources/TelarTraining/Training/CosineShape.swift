import Foundation
import TelarNN

/// Half a cosine from the optimizer's rate to `minimum` at the end of the run, changing with every step (Loshchilov and
/// Hutter, arXiv:1608.03983): `torch.optim.lr_scheduler.CosineAnnealingLR`.
public struct CosineShape: ScheduleShape {
  public static var kind: String { "cosine" }

  public var minimum: Double

  /// - Precondition: the least rate is finite and not negative.
  public init(minimum: Double) {
    precondition(minimum.isFinite && minimum >= 0, "a least learning rate of \(minimum)")
    self.minimum = minimum
  }

  public init(attributes: inout AttributeReader) throws {
    self.init(minimum: try attributes.double("minimum", default: 0, .nonNegative))
  }

  public var attributes: JSON.Members { ["minimum": .number(minimum)] }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let epoch = Double(step) / Double(stepsPerEpoch)
    return minimum + (base - minimum) * (1 + cos(.pi * min(1, epoch / Double(epochs)))) / 2
  }
}

extension ScheduleShape where Self == CosineShape {
  /// Half a cosine from the optimizer's rate to `minimum` at the end of the run.
  public static func cosine(minimum: Double) -> CosineShape { CosineShape(minimum: minimum) }
}

import Foundation
import TelarIO

/// How the learning rate changes over a run, as a factor of the optimizer's own.
///
/// The forms are PyTorch's `StepLR` and `CosineAnnealingLR`, and a linear warm-up before them; but for the steps of
/// `step`, the rate changes with every batch.
public struct LearningRateSchedule: Sendable, Hashable {
  public enum Shape: Sendable, Hashable {
    case constant
    /// Multiplied by `gamma` after every `stepSize` epochs.
    case step(stepSize: Int, gamma: Double)
    /// Half a cosine from the optimizer's rate to `minimum` at the end of the run (Loshchilov and Hutter,
    /// arXiv:1608.03983).
    case cosine(minimum: Double)
  }

  public var shape: Shape
  /// Epochs, at the beginning, over which the rate rises from near zero to what `shape` has there.
  public var warmUpEpochs: Double

  public static let constant = LearningRateSchedule(.constant)

  /// - Precondition: numbers are finite and not negative, and a step has at least one epoch.
  public init(_ shape: Shape, warmUpEpochs: Double = 0) {
    switch shape {
    case .constant: break
    case .step(let stepSize, let gamma):
      precondition(stepSize >= 1 && gamma.isFinite && gamma >= 0, "steps of \(stepSize) epochs by \(gamma)")
    case .cosine(let minimum): precondition(minimum.isFinite && minimum >= 0, "a least learning rate of \(minimum)")
    }
    precondition(warmUpEpochs.isFinite && warmUpEpochs >= 0, "a warm-up of \(warmUpEpochs) epochs")
    self.shape = shape
    self.warmUpEpochs = warmUpEpochs
  }

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - base: the optimizer's.
  ///   - step: from 0.
  ///   - epochs: of the whole run.
  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let epoch = Double(step) / Double(stepsPerEpoch)
    let rate =
      switch shape {
      case .constant: base
      case .step(let stepSize, let gamma): base * pow(gamma, Double(step / stepsPerEpoch / stepSize))
      case .cosine(let minimum): minimum + (base - minimum) * (1 + cos(.pi * min(1, epoch / Double(epochs)))) / 2
      }
    let warmUpSteps = warmUpEpochs * Double(stepsPerEpoch)
    return Double(step) < warmUpSteps ? rate * Double(step + 1) / (warmUpSteps + 1) : rate
  }

  public var json: JSON {
    var members: JSON.Members
    switch shape {
    case .constant: members = ["kind": .string("constant")]
    case .step(let stepSize, let gamma):
      members = ["kind": .string("step"), "step_size": .integer(stepSize), "gamma": .number(gamma)]
    case .cosine(let minimum): members = ["kind": .string("cosine"), "minimum": .number(minimum)]
    }
    members["warm_up_epochs"] = .number(warmUpEpochs)
    return .object(members)
  }
}

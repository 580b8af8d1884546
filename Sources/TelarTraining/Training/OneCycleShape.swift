import Foundation
import TelarNN

/// One cycle (Smith and Topin, arXiv:1708.07120): from the optimizer's rate divided by `divFactor` up to the optimizer's
/// rate, and down to far below where it began, changing with every step.
///
/// `torch.optim.lr_scheduler.OneCycleLR`, whose `max_lr` is the optimizer's rate and whose `total_steps` are those of the
/// run. The momentum stays as it is, as with `cycle_momentum=False`.
public struct OneCycleShape: ScheduleShape {
  public static var kind: String { "one-cycle" }

  /// The curve between two rates.
  public enum Annealing: String, Sendable, CaseIterable {
    case cosine = "cos"
    case linear
  }

  /// The share of the run's steps in which the rate rises.
  public var risingShare: Double
  public var annealing: Annealing
  /// The optimizer's rate divided by the first.
  public var divFactor: Double
  /// The first rate divided by the last.
  public var finalDivFactor: Double
  /// Whether the rate comes down to the first one in as many steps as it rose, and then goes on to the last; otherwise it
  /// goes from the highest to the last.
  public var isThreePhase: Bool

  /// - Precondition: the share is from 0 to below 1, with three phases at most one half; the factors are positive.
  public init(
    risingShare: Double = 0.3, annealing: Annealing = .cosine, divFactor: Double = 25, finalDivFactor: Double = 1e4,
    isThreePhase: Bool = false
  ) {
    precondition(0 <= risingShare && risingShare < 1, "a rise over a share of \(risingShare) of the steps")
    precondition(!isThreePhase || risingShare <= Self.mostOfThreePhases, "two phases of \(risingShare) of the steps")
    precondition(divFactor > 0 && finalDivFactor > 0, "divisors \(divFactor) and \(finalDivFactor)")
    self.risingShare = risingShare
    self.annealing = annealing
    self.divFactor = divFactor
    self.finalDivFactor = finalDivFactor
    self.isThreePhase = isThreePhase
  }

  /// The largest ``risingShare`` that leaves steps for a third phase.
  private static let mostOfThreePhases = 0.5

  public init(attributes: inout AttributeReader) throws {
    let share = try attributes.double("pct_start", default: 0.3, .share)
    let strategy = try attributes.string("anneal_strategy", default: Annealing.cosine.rawValue)
    let divFactor = try attributes.double("div_factor", default: 25, .positive)
    let finalDivFactor = try attributes.double("final_div_factor", default: 1e4, .positive)
    let isThreePhase = try attributes.flag("three_phase", default: false)
    // A reader that only lists keywords is given an empty text.
    guard let annealing = strategy.isEmpty ? .cosine : Annealing(rawValue: strategy.lowercased()) else {
      throw attributes.error("anneal_strategy", strategy, noneOf: Annealing.allCases.map(\.rawValue))
    }
    if isThreePhase, share > Self.mostOfThreePhases {
      throw attributes.error("pct_start", "must be at most 0.5 with three phases, not \(share)")
    }
    self.init(
      risingShare: share, annealing: annealing, divFactor: divFactor, finalDivFactor: finalDivFactor,
      isThreePhase: isThreePhase)
  }

  public var attributes: JSON.Members {
    [
      "pct_start": .number(risingShare), "anneal_strategy": .string(annealing.rawValue),
      "div_factor": .number(divFactor), "final_div_factor": .number(finalDivFactor),
      "three_phase": .boolean(isThreePhase),
    ]
  }

  public func rate(_ base: Double, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let first = base / divFactor
    let steps = Double(stepsPerEpoch * epochs)
    // The step at which each phase ends, and the rate there.
    var phases = [(end: risingShare * steps - 1, rate: base)]
    if isThreePhase { phases.append((2 * risingShare * steps - 2, first)) }
    phases.append((steps - 1, first / finalDivFactor))
    let index = phases.firstIndex { Double(step) <= $0.end } ?? phases.count - 1
    let (start, from) = index == 0 ? (0, first) : phases[index - 1]
    let (end, to) = phases[index]
    let length = end - start
    return interpolated(from, to, length > 0 ? min(1, (Double(step) - start) / length) : 1)
  }

  private func interpolated(_ from: Double, _ to: Double, _ share: Double) -> Double {
    switch annealing {
    case .cosine: to + (from - to) / 2 * (cos(.pi * share) + 1)
    case .linear: from + (to - from) * share
    }
  }
}

extension ScheduleShape where Self == OneCycleShape {
  /// One cycle with PyTorch's defaults.
  public static var oneCycle: OneCycleShape { OneCycleShape() }
}

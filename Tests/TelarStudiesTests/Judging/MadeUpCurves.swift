import Foundation
import TelarNN
import TelarStudies

/// Curves of a loss whose shape is known, as they were made that way.
struct MadeUpCurve {
  enum Shape: CaseIterable {
    /// Falls to a floor, without noise or with little of it.
    case smooth
    /// Falls to a floor with noise of a hundredth of its height.
    case noisy
    /// Falls and swings up and down by a fifth of its height or more.
    case oscillating
    /// Swings and falls by less than a twentieth.
    case swinging
    /// Falls, and rises again by a tenth of its least value or more.
    case overfitting
    /// Falls over all epochs and has not reached its floor.
    case falling
    /// Rises from its first epoch on.
    case diverging
  }

  let shape: Shape
  let name: String
  let values: [Double]
  /// The epoch of the least value of a curve that overfits.
  var turn: Int?

  /// Forty-nine curves, seven of each shape, of 12 to 200 epochs and losses from thousandths to units.
  static let all: [MadeUpCurve] = {
    var generator = SplitMix64(seed: 5, key: "curves")
    func normal() -> Double {
      Distribution.normalQuantile((Double(generator.next() >> 11) + 0.5) * 0x1p-53)
    }
    let sizes: [(epochs: Int, scale: Double)] = [
      (12, 1), (15, 0.02), (20, 0.5), (30, 2.3), (40, 0.004), (100, 0.3), (200, 0.015),
    ]
    return Shape.allCases.flatMap { shape in
      sizes.map { epochs, scale in
        func curve(_ value: (Double) -> Double) -> [Double] {
          (1...epochs).map { scale * value(Double($0)) }
        }
        let n = Double(epochs)
        func floor(_ x: Double) -> Double { 0.5 + exp(-6 * (x - 1) / n) }
        var turn: Int?
        let values: [Double]
        switch shape {
        case .smooth: values = curve { floor($0) + 0.0005 * normal() }
        case .noisy: values = curve { floor($0) + 0.01 * normal() }
        case .oscillating:
          values = curve { floor($0) + 0.1 * ($0.truncatingRemainder(dividingBy: 2) == 0 ? 1 : -1) + 0.02 * normal() }
        case .swinging: values = curve { 1 - 0.03 * $0 / n + 0.1 * sin($0 * 2.1) + 0.01 * normal() }
        case .overfitting:
          // A fall as above, and a line upwards from a third of the way.
          let place = (n / 3).rounded()
          turn = Int(place)
          values = curve { x in 0.5 + exp(-18 * (x - 1) / n) + 0.25 * max(0, x - place) / (n - place) + 0.003 * normal()
          }
        case .falling: values = curve { 1.5 - $0 / n + 0.003 * normal() }
        case .diverging: values = curve { 0.5 + 2 * $0 / n + 0.01 * normal() }
        }
        return MadeUpCurve(shape: shape, name: "\(shape), \(epochs) epochs", values: values, turn: turn)
      }
    }
  }()

  /// Curves that say nothing.
  static let unusable: [[Double]] = [
    [], [1], [1, 0.9, 0.8], [1, .nan, 0.5, 0.4, 0.3], [1, 0.5, .infinity, 0.4], [1, 2, 1e200, 3, 4],
  ]
}

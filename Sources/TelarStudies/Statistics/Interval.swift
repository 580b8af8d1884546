import Foundation
import TelarNN

/// A confidence interval.
package struct Interval: Sendable, Equatable {
  package let low: Double
  package let high: Double

  package init(_ low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }

  package var halfWidth: Double { (high - low) / 2 }

  /// The least interval that holds both.
  package func union(_ other: Interval) -> Interval { Interval(min(low, other.low), max(high, other.high)) }

  // MARK: Of a mean

  /// Fewer values than this, or a skewness beyond ``skewnessLimit``, call for the bootstrap beside Student's t.
  package static let fewValues = 30
  package static let skewnessLimit = 1.0

  /// The interval of a mean that verdicts rest on: Student's t, and for few or skewed values its union with the BCa
  /// bootstrap.
  ///
  /// The bootstrap follows skewed values, and alone it is too short for a handful of them; the union has at least the
  /// coverage of either.
  ///
  /// - Returns: `nil` with fewer than two values, or with values that are not finite.
  package static func ofMean(_ sample: Sample, level: Double = 0.95) -> Interval? {
    guard let student = student(sample, level: level) else { return nil }
    guard sample.count < fewValues || abs(sample.skewness) > skewnessLimit, sample.count > 2 else { return student }
    return bootstrap(sample, level: level).map(student.union) ?? student
  }

  /// Student's t interval of a mean.
  ///
  /// - Returns: `nil` with fewer than two values, or with values that are not finite.
  package static func student(_ sample: Sample, level: Double = 0.95) -> Interval? {
    guard sample.hasSpread else { return nil }
    let quantile = Distribution.studentQuantile(0.5 + level / 2, degrees: Double(sample.count - 1))
    let half = quantile * sample.deviation / Double(sample.count).squareRoot()
    return Interval(sample.mean - half, sample.mean + half)
  }

  /// The bias-corrected and accelerated bootstrap interval of a mean (Efron, 1987), the same for the same values.
  ///
  /// - Parameters:
  ///   - resamples: the number of resampled means.
  ///   - seed: what the resamples are drawn from.
  /// - Returns: `nil` with fewer than two values, or with values that are not finite.
  /// - Cost: `resamples` times the number of values.
  package static func bootstrap(
    _ sample: Sample, level: Double = 0.95, resamples: Int = 2000, seed: UInt64 = 0
  ) -> Interval? {
    guard sample.hasSpread else { return nil }
    let (values, mean) = (sample.values, sample.mean)
    guard values.contains(where: { $0 != values[0] }) else { return Interval(mean, mean) }
    var generator = SplitMix64(seed: seed, key: "bootstrap")
    let count = UInt64(values.count)
    let means = (0..<resamples).map { _ in
      // A product's high word is uniform over the indices up to a bias of count / 2⁶⁴.
      (0..<count).reduce(0) { sum, _ in sum + values[Int(generator.next().multipliedFullWidth(by: count).high)] }
        / Double(count)
    }.sorted()
    let below = means.reduce(0.0) { $0 + ($1 < mean ? 1 : $1 == mean ? 0.5 : 0) } / Double(resamples)
    guard below > 0, below < 1 else { return Interval(means[0], means[resamples - 1]) }
    let bias = Distribution.normalQuantile(below)
    let acceleration = acceleration(of: values, mean)
    func end(_ share: Double) -> Double {
      let z = bias + Distribution.normalQuantile(share)
      let place = Distribution.normal(bias + z / (1 - acceleration * z)) * Double(resamples - 1)
      let index = min(resamples - 1, max(0, Int(place)))
      let next = min(resamples - 1, index + 1)
      return means[index] + (place - Double(index)) * (means[next] - means[index])
    }
    return Interval(end(0.5 - level / 2), end(0.5 + level / 2))
  }

  /// The acceleration of a mean, from the jackknife: Σ(m − mᵢ)³ / 6(Σ(m − mᵢ)²)^1.5, the mᵢ being means without a value.
  static func acceleration(of values: [Double], _ mean: Double) -> Double {
    // The mean without a value differs from the mean by (mean − value) / (n − 1), and the factor cancels but for its power.
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let cubes = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }

  // MARK: Of a share

  /// Wilson's score interval of a share, such as of images classified correctly.
  ///
  /// - Parameters:
  ///   - share: from 0 to 1.
  ///   - count: the number of images.
  /// - Returns: `nil` without images or for a share outside 0 to 1.
  package static func wilson(share: Double, count: Int, level: Double = 0.95) -> Interval? {
    guard count > 0, 0...1 ~= share else { return nil }
    let z = Distribution.normalQuantile(0.5 + level / 2)
    let n = Double(count)
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return Interval(middle - half, middle + half)
  }
}

import Foundation
import TelarNN

/// The exact sign-flip permutation test: whether paired differences have the mean zero.
package enum SignFlipTest {
  /// The most differences whose sign patterns are all counted, 2^n of them.
  package static let exactLimit = 20
  /// The patterns that are drawn for more differences.
  package static let draws = 100_000

  /// The two-sided p-value: the share of all sign patterns whose mean is at least as far from zero as the observed one.
  ///
  /// With n differences it cannot be less than 2 / 2ⁿ, so that 0.05 takes six of them. For more than ``exactLimit``
  /// differences patterns are drawn, always the same ones.
  ///
  /// - Returns: `nil` without differences or with some that are not finite.
  /// - Cost: up to 2²⁰ additions.
  package static func pValue(_ differences: [Double]) -> Double? {
    guard !differences.isEmpty, differences.allSatisfy(\.isFinite) else { return nil }
    let observed = abs(differences.reduce(0, +))
    // Sums in another order differ in their last digits.
    let bound = observed - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    guard differences.count <= exactLimit else { return drawn(differences, bound) }
    // Patterns in the order of a Gray code, which flips one sign at a time; half of them, as the others mirror them.
    var signs = [Double](repeating: 1, count: differences.count)
    var sum = differences.reduce(0, +)
    var extreme = abs(sum) >= bound ? 1 : 0
    let patterns = 1 << (differences.count - 1)
    for pattern in 1..<max(1, patterns) {
      let index = pattern.trailingZeroBitCount
      sum -= 2 * signs[index] * differences[index]
      signs[index] = -signs[index]
      if abs(sum) >= bound { extreme += 1 }
    }
    return Double(extreme) / Double(patterns)
  }

  private static func drawn(_ differences: [Double], _ bound: Double) -> Double {
    var generator = SplitMix64(seed: 0, key: "sign flips")
    var extreme = 1
    for _ in 0..<draws {
      var (bits, sum) = (UInt64(0), 0.0)
      for (index, difference) in differences.enumerated() {
        if index % 64 == 0 { bits = generator.next() }
        sum += bits & 1 == 0 ? difference : -difference
        bits >>= 1
      }
      if abs(sum) >= bound { extreme += 1 }
    }
    return Double(extreme) / Double(draws + 1)
  }
}

/// Holm's correction of p-values for their number.
package enum Holm {
  /// The adjusted p-values, in the order of the given ones: the k-th least of m times m − k + 1, at least the one before,
  /// at most 1.
  package static func adjusted(_ values: [Double]) -> [Double] {
    var adjusted = values
    var largest = 0.0
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      largest = max(largest, min(1, values[index] * Double(values.count - rank)))
      adjusted[index] = largest
    }
    return adjusted
  }
}

/// Two one-sided tests of whether a mean lies within a range (Schuirmann, 1987).
package enum EquivalenceTest {
  /// The p-value: the larger of the two that the mean lies below and above the range. Small where it lies inside.
  ///
  /// - Returns: `nil` with fewer than two values, or with values that are not finite.
  package static func pValue(_ sample: Sample, within range: ClosedRange<Double>) -> Double? {
    guard sample.hasSpread else { return nil }
    return max(sample.chanceOfMean(atMost: range.lowerBound), sample.chanceOfMean(atLeast: range.upperBound))
  }
}

/// How many values a question takes.
package enum SampleSize {
  /// More are not computed.
  package static let limit = 1000

  /// The number of values with which a mean this far from a bound is told from it.
  ///
  /// The least n with n ≥ ((t(1 − α) + t(power)) · deviation / distance)², the quantiles having n − 1 degrees of freedom.
  ///
  /// - Parameters:
  ///   - distance: how far the mean lies from the bound.
  ///   - deviation: the values' standard deviation.
  ///   - alpha: the level of the one-sided test; 0.025 for one end of a 95 % interval.
  /// - Returns: at least 2; `nil` for more than ``limit``.
  package static func needed(
    distance: Double, deviation: Double, alpha: Double = 0.025, power: Double = 0.8
  ) -> Int? {
    let distance = abs(distance)
    guard distance.isFinite, deviation.isFinite, distance > 0 else { return nil }
    func isEnough(_ count: Int) -> Bool {
      let degrees = Double(count - 1)
      let quantiles =
        Distribution.studentQuantile(1 - alpha, degrees: degrees)
        + Distribution.studentQuantile(power, degrees: degrees)
      let ratio = quantiles * deviation / distance
      return Double(count) >= ratio * ratio
    }
    guard isEnough(limit) else { return nil }
    var (low, high) = (1, limit)
    // More values are never less enough.
    while high - low > 1 {
      let middle = (low + high) / 2
      if isEnough(middle) { high = middle } else { low = middle }
    }
    return high
  }
}

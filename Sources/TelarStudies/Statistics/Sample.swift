import Foundation

/// Numbers of one kind, such as the final accuracy of each seed.
package struct Sample: Sendable {
  package let values: [Double]

  package init(_ values: [Double]) { self.values = values }

  package var count: Int { values.count }

  package var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// The sample standard deviation, with n − 1 in the denominator; 0 for a single value.
  package var deviation: Double {
    guard values.count > 1 else { return 0 }
    let mean = mean
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// The skewness g₁, the third standardised moment; 0 where all values are equal.
  package var skewness: Double {
    let mean = mean
    let second = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let third = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) } / Double(values.count)
    return second > 0 ? third / (second * second.squareRoot()) : 0
  }

  package var median: Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Whether an interval can be computed: at least two values, all finite.
  package var hasSpread: Bool { values.count >= 2 && values.allSatisfy(\.isFinite) }

  // MARK: Tests of the mean

  /// The one-sided p-value of Student's test that the mean is at most `bound`: small where the mean is larger.
  ///
  /// Where all values are equal it is 0 or 1, and ½ at the bound.
  ///
  /// - Precondition: ``hasSpread``.
  package func chanceOfMean(atMost bound: Double) -> Double {
    let error = deviation / Double(count).squareRoot()
    guard error > 0 else { return mean > bound ? 0 : mean < bound ? 1 : 0.5 }
    return Distribution.student(-(mean - bound) / error, degrees: Double(count - 1))
  }

  /// The one-sided p-value of Student's test that the mean is at least `bound`: small where the mean is smaller.
  ///
  /// - Precondition: ``hasSpread``.
  package func chanceOfMean(atLeast bound: Double) -> Double {
    Sample(values.map { -$0 }).chanceOfMean(atMost: -bound)
  }

  /// Hedges' g of the values against zero: mean over deviation, times the correction for few values. `nil` where the
  /// deviation is 0.
  ///
  /// - Precondition: ``hasSpread``.
  package var hedgesG: Double? {
    let deviation = deviation
    guard deviation > 0 else { return nil }
    let degrees = Double(count - 1)
    // J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2)); for one degree of freedom Γ(0) makes it 0.
    let correction =
      degrees > 1 ? exp(lgamma(degrees / 2) - lgamma((degrees - 1) / 2)) / (degrees / 2).squareRoot() : 0
    return correction * mean / deviation
  }
}

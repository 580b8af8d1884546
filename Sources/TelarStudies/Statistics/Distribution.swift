import Foundation

/// Distribution functions of the normal and Student's t distribution, in double precision.
///
/// `ReportsAndStatistics.md` of the documentation has the formulas of this folder with their sources.
package enum Distribution {
  /// P(Z ≤ z) of the standard normal distribution.
  package static func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The standard normal quantile of a probability, by Newton's method.
  ///
  /// - Precondition: 0 < p < 1.
  package static func normalQuantile(_ p: Double) -> Double {
    precondition(p > 0 && p < 1, "the quantile of \(p) is not finite")
    if p > 0.5 { return -normalQuantile(1 - p) }
    // Abramowitz and Stegun 26.2.23 as the start; Newton's method then doubles the digits at each step.
    let t = (-2 * log(p)).squareRoot()
    var z =
      -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))))
    for _ in 0..<4 {
      let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
      guard density > 0 else { break }
      z -= (normal(z) - p) / density
    }
    return z
  }

  /// P(T ≤ t) of Student's t distribution, by the regularised incomplete beta function.
  ///
  /// - Parameter degrees: degrees of freedom, above 0.
  package static func student(_ t: Double, degrees: Double) -> Double {
    guard t.isFinite else { return t > 0 ? 1 : 0 }
    let tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
    return t > 0 ? 1 - tail : tail
  }

  /// The quantile of Student's t distribution, by bisection of its distribution function.
  ///
  /// - Precondition: 0 < p < 1.
  package static func studentQuantile(_ p: Double, degrees: Double) -> Double {
    precondition(p > 0 && p < 1, "the quantile of \(p) is not finite")
    if p < 0.5 { return -studentQuantile(1 - p, degrees: degrees) }
    if p == 0.5 { return 0 }
    var high = 1.0
    while student(high, degrees: degrees) < p, high < 1e300 { high *= 2 }
    var low = high / 2 > 0.5 ? high / 2 : 0
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if student(middle, degrees: degrees) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The regularised incomplete beta function Iₓ(a, b), by its continued fraction with Lentz's method.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    // The fraction converges quickly below the distribution's mean; the other side follows by symmetry.
    if x > (a + 1) / (a + b + 2) { return 1 - front * betaFraction(1 - x, b, a) / b }
    return front * betaFraction(x, a, b) / a
  }

  private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func nonzero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
    var fraction = d
    for m in 1...500 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonzero(1 + even * d)
      c = nonzero(1 + even / c)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonzero(1 + odd * d)
      c = nonzero(1 + odd / c)
      fraction *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return fraction
  }
}

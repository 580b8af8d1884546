import Foundation
import TelarNN
import TelarStudies
import Testing

/// Values of SciPy 1.17.1, checked in; and frequencies on made-up data whose truth is known.
@Suite struct StatisticsTests {
  private let x = [0.9061, 0.9043, 0.9078, 0.9052, 0.9069, 0.9031, 0.9082]
  private let y = [0.9031, 0.9038, 0.9049, 0.9041, 0.9027, 0.9035, 0.9044]
  private var differences: Sample { Sample(zip(x, y).map { $0 - $1 }) }
  private let skewed = [0.1, 0.2, 0.15, 1.9, 0.4, 0.05, 0.31, 0.7, 2.8, 0.22]

  private func isNear(_ value: Double?, _ reference: Double, _ tolerance: Double = 1e-12) -> Bool {
    value.map { abs($0 - reference) <= tolerance * max(abs(reference), 1e-3) } ?? false
  }

  // MARK: Equal to SciPy

  @Test func `quantiles and probabilities are scipy.stats.norm's and t's`() {
    #expect(isNear(Distribution.normalQuantile(0.975), 1.959963984540054))
    #expect(isNear(Distribution.normalQuantile(1e-10), -6.361340902404056))
    #expect(isNear(Distribution.normal(-2.5), 0.006209665325776132))
    for (p, degrees, quantile) in [
      (0.975, 1, 12.706204736174694), (0.975, 2, 4.302652729749462), (0.975, 4, 2.7764451051977934),
      (0.975, 9, 2.262157162798205), (0.95, 29, 1.6991270265334972), (0.6, 3, 0.2766706623326898),
      (0.999, 5, 5.893429531356009), (0.9, 2.5, 1.7302509288071766), (0.025, 4, -2.7764451051977934),
    ] as [(Double, Double, Double)] {
      #expect(isNear(Distribution.studentQuantile(p, degrees: degrees), quantile), "\(p) \(degrees)")
    }
    for (t, degrees, probability) in [
      (1.5, 3, 0.8847080673775886), (-2.25, 9, 0.025501630353475396), (0.3, 1, 0.5927735790777423),
      (12, 4, 0.9998617857257485), (-40, 2, 0.0003122073360923703), (-3.2, 7, 0.0075329056712446505), (0, 5, 0.5),
    ] as [(Double, Double, Double)] {
      #expect(isNear(Distribution.student(t, degrees: degrees), probability), "\(t) \(degrees)")
    }
    #expect(Distribution.student(.infinity, degrees: 3) == 1 && Distribution.student(-.infinity, degrees: 3) == 0)
  }

  @Test func `Student's interval and p-values are scipy.stats.ttest_rel's`() {
    let interval = Interval.student(differences)
    #expect(isNear(interval?.low, 0.0005315376654732603) && isNear(interval?.high, 0.003782748048812487))
    #expect(isNear(2 * differences.chanceOfMean(atMost: 0), 0.017532210728611906))
    #expect(isNear(differences.chanceOfMean(atLeast: 0), 1 - 0.017532210728611906 / 2))
    #expect(isNear(differences.skewness, -0.2812819694403881))
    #expect(isNear(EquivalenceTest.pValue(differences, within: -0.005...0.005), 0.0026052127390015648))
    #expect(isNear(differences.hedgesG, 1.0660223315832986))
  }

  @Test func `the BCa bootstrap is scipy.stats.bootstrap's but for the draws`() {
    let interval = Interval.bootstrap(Sample(skewed), resamples: 50_000)
    #expect(isNear(interval?.low, 0.271, 0.02) && isNear(interval?.high, 1.4777, 0.02))
    let even = Interval.bootstrap(differences, resamples: 50_000)
    #expect(isNear(even?.low, 0.00087143, 0.06) && isNear(even?.high, 0.00327143, 0.02))
    // The same draws each time.
    #expect(Interval.bootstrap(Sample(skewed)) == Interval.bootstrap(Sample(skewed)))
    #expect(Interval.bootstrap(Sample(skewed)) != Interval.bootstrap(Sample(skewed), seed: 1))
    // A skewed sample's interval reaches further on the side of its tail.
    let mean = Sample(skewed).mean
    #expect(interval.map { $0.high - mean > 1.3 * (mean - $0.low) } == true)
  }

  @Test func `the sign-flip test is scipy.stats.permutation_test's`() {
    #expect(SignFlipTest.pValue(differences.values) == 0.03125)
    // By hand: of the sixteen patterns of 1, 2, 3, −4 all but those with the sums 0 are at least 2 from zero.
    #expect(SignFlipTest.pValue([1, 2, 3, -4]) == 14.0 / 16)
    #expect(SignFlipTest.pValue([1, 1, 1, 1, 1]) == 2.0 / 32 && SignFlipTest.pValue([1, 1, 1, 1, 1, 1]) == 2.0 / 64)
    #expect(SignFlipTest.pValue([0, 0, 0]) == 1 && SignFlipTest.pValue([3]) == 1)
    // What is drawn comes near to what is counted.
    let many = (0..<21).map { Double($0 % 5) - 1.4 }
    #expect(isNear(SignFlipTest.pValue(many), 0.1408, 0.05))
    #expect(SignFlipTest.pValue(many) == SignFlipTest.pValue(many))
  }

  @Test func `Wilson's interval is scipy.stats.binomtest's`() {
    let interval = Interval.wilson(share: 0.9, count: 10_000)
    #expect(isNear(interval?.low, 0.8939656314740893) && isNear(interval?.high, 0.9057271698293695))
    #expect(Interval.wilson(share: 1, count: 10).map { $0.high > 0.999_999 && $0.low < 0.73 } == true)
  }

  @Test func `Holm's correction goes step by step`() {
    // The example of Holm's order: 0.01 · 4, 0.02 · 3, then at least as much, at most 1.
    let adjusted = Holm.adjusted([0.03, 0.01, 0.9, 0.02])
    for (value, wanted) in zip(adjusted, [0.06, 0.04, 0.9, 0.06]) { #expect(isNear(value, wanted)) }
    #expect(Holm.adjusted([0.04]) == [0.04] && Holm.adjusted([]) == [])
    #expect(Holm.adjusted([0.5, 0.6, 0.7]) == [1, 1, 1])
    // It keeps the order of the values.
    var generator = SplitMix64(seed: 3, key: "holm")
    let values = (0..<20).map { _ in Double(generator.next() >> 11) * 0x1p-53 }
    let order = values.indices.sorted { values[$0] < values[$1] }
    let holm = Holm.adjusted(values)
    #expect(zip(order, order.dropFirst()).allSatisfy { holm[$0] <= holm[$1] })
    #expect(zip(values, holm).allSatisfy { $0 <= $1 })
  }

  // MARK: What cannot be computed

  @Test func `too few or other numbers have no interval`() {
    for values in [[], [1], [1, .nan], [.infinity, 1, 2]] as [[Double]] {
      let sample = Sample(values)
      #expect(Interval.student(sample) == nil && Interval.bootstrap(sample) == nil && Interval.ofMean(sample) == nil)
      #expect(EquivalenceTest.pValue(sample, within: 0...1) == nil)
    }
    #expect(SignFlipTest.pValue([]) == nil && SignFlipTest.pValue([1, .nan]) == nil)
    #expect(Interval.wilson(share: 0.5, count: 0) == nil && Interval.wilson(share: .nan, count: 9) == nil)
    let equal = Sample([2, 2, 2])
    #expect(Interval.ofMean(equal) == Interval(2, 2) && equal.hedgesG == nil && equal.skewness == 0)
    #expect(equal.chanceOfMean(atMost: 1) == 0 && equal.chanceOfMean(atMost: 3) == 1)
    #expect(equal.chanceOfMean(atMost: 2) == 0.5)
  }

  // MARK: Frequencies

  /// Numbers of a stream that is the same each time.
  private struct Source {
    var generator = SplitMix64(seed: 11, key: "simulation")
    mutating func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) * 0x1p-53 }
    mutating func normal(_ count: Int, mean: Double = 0) -> Sample {
      Sample((0..<count).map { _ in Distribution.normalQuantile(uniform()) + mean })
    }
    mutating func exponential(_ count: Int) -> Sample { Sample((0..<count).map { _ in -log(uniform()) }) }
  }

  /// The share of 2,000 simulations in which something holds.
  private func share(_ holds: () -> Bool) -> Double { Double((0..<2000).count { _ in holds() }) / 2000 }

  @Test(arguments: [2, 3, 5, 10])
  func `95 in 100 intervals of few normal values cover their mean`(count: Int) {
    var source = Source()
    let student = share { Interval.student(source.normal(count)).map { $0.low <= 0 && 0 <= $0.high } == true }
    #expect(0.93...0.97 ~= student)
    let joined = share { Interval.ofMean(source.normal(count)).map { $0.low <= 0 && 0 <= $0.high } == true }
    #expect(0.93...0.97 ~= joined)
  }

  @Test func `95 in 100 intervals of skewed values and of shares cover the truth`() {
    var source = Source()
    let skewed = share { Interval.ofMean(source.exponential(60)).map { $0.low <= 1 && 1 <= $0.high } == true }
    #expect(0.93...0.97 ~= skewed)
    let bootstrap = share { Interval.bootstrap(source.normal(40)).map { $0.low <= 0 && 0 <= $0.high } == true }
    #expect(0.93...0.97 ~= bootstrap)
    let wilson = share {
      let right = (0..<500).count { _ in source.uniform() < 0.9 }
      return Interval.wilson(share: Double(right) / 500, count: 500).map { $0.low <= 0.9 && 0.9 <= $0.high } == true
    }
    #expect(0.93...0.97 ~= wilson)
  }

  @Test func `tests reject as seldom and as often as they say`() throws {
    var source = Source()
    for count in 3...9 {
      let level = share { (SignFlipTest.pValue(source.normal(count).values) ?? 1) <= 0.05 }
      // Three standard errors of 2,000 simulations above the level.
      #expect(level <= 0.05 + 0.015 && (count >= 6) == (level > 0), "\(count): \(level)")
    }
    #expect(share { (SignFlipTest.pValue(source.normal(8, mean: 1.5).values) ?? 1) <= 0.05 } > 0.85)
    let tost = share { (EquivalenceTest.pValue(source.normal(8, mean: 1), within: -1...1) ?? 1) <= 0.05 }
    #expect(tost <= 0.065 && tost > 0.03)
    #expect(share { (EquivalenceTest.pValue(source.normal(20), within: -1...1) ?? 1) <= 0.05 } > 0.95)
    // With as many values as are said to be needed, four in five tests reject.
    let needed = try #require(SampleSize.needed(distance: 0.8, deviation: 1))
    #expect(needed == 15)
    let power = share { 2 * source.normal(needed, mean: 0.8).chanceOfMean(atMost: 0) <= 0.05 }
    #expect(0.76...0.86 ~= power)
    #expect(SampleSize.needed(distance: 0, deviation: 1) == nil)
    #expect(SampleSize.needed(distance: 1e-6, deviation: 1) == nil)
    #expect(SampleSize.needed(distance: 1, deviation: 0) == 2)
    #expect(SampleSize.needed(distance: .nan, deviation: 1) == nil)
  }

  @Test func `Holm's correction keeps the chance of any wrong rejection`() {
    var source = Source()
    let wrong = share {
      let values = (0..<5).map { _ in 2 * min(0.5, source.normal(5).chanceOfMean(atMost: 0)) }
      return Holm.adjusted(values).contains { $0 <= 0.05 }
    }
    #expect(wrong <= 0.065)
    // Without it, five tests reject much more often.
    #expect(share { (0..<5).contains { _ in source.normal(5).chanceOfMean(atMost: 0) <= 0.05 } } > 0.15)
  }
}

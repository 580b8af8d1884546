import TelarStudies
import Testing

/// Rules on the shape of curves, on curves where the answer is known.
@Suite struct CurveTests {
  private func isMet(_ expectation: Claim.Expectation, _ curve: [Double]) -> Bool? {
    let values = Claim(.validationLoss, expectation).conditions.map { condition in
      condition.measure.value(of: curve).map(condition.region.contains)
    }
    return values.contains(nil) ? nil : values.allSatisfy { $0 == true }
  }

  /// The shapes of which a rule holds and does not; it may go either way on the others.
  private func check(_ expectation: Claim.Expectation, holds: [MadeUpCurve.Shape], fails: [MadeUpCurve.Shape]) {
    for curve in MadeUpCurve.all where holds.contains(curve.shape) || fails.contains(curve.shape) {
      #expect(isMet(expectation, curve.values) == holds.contains(curve.shape), "\(expectation): \(curve.name)")
    }
    for curve in MadeUpCurve.unusable { #expect(isMet(expectation, curve) == nil, "\(curve)") }
  }

  private func curve(_ epochs: Int, _ value: (Double) -> Double) -> [Double] {
    (1...epochs).map { value(Double($0)) }
  }

  @Test func `what oscillates is told from what is noisy or rises once`() {
    #expect(MadeUpCurve.all.count == 49)
    check(
      .oscillates, holds: [.oscillating, .swinging], fails: [.smooth, .noisy, .overfitting, .falling, .diverging])
    check(
      .oscillatesWithoutImproving, holds: [.swinging],
      fails: [.smooth, .noisy, .oscillating, .overfitting, .falling, .diverging])
  }

  @Test func `what falls steadily is smooth and does not rise`() {
    check(.fallsSteadily, holds: [.smooth, .falling], fails: [.oscillating, .swinging, .overfitting, .diverging])
  }

  @Test func `what rises again ends well above its least level`() {
    check(.risesAgain(by: 0.05), holds: [.overfitting, .diverging], fails: [.smooth, .noisy, .falling])
    check(.doesNotRiseAgain(within: 0.05), holds: [.smooth, .noisy, .falling], fails: [.overfitting, .diverging])
    check(.rises, holds: [.overfitting, .diverging], fails: [.smooth, .falling])
    // Curves that end 6 to 10 % above a least value of long ago.
    for rise in [0.06, 0.08, 0.1] {
      let curve = curve(20) { $0 < 8 ? 2 - $0 / 7 : 1 + rise * min(1, ($0 - 7) / 6) }
      #expect(isMet(.rises, curve) == true && isMet(.doesNotRiseAgain(within: 0.02), curve) == false)
    }
  }

  @Test func `the start of overfitting is found`() throws {
    for curve in MadeUpCurve.all {
      let start = try #require(Curve(curve.values)).overfittingStart
      if let turn = curve.turn {
        // Within a tenth of the epochs, at least two.
        #expect(abs(start - turn) <= max(2, curve.values.count / 10), "\(curve.name): \(start), not \(turn)")
      } else if [.smooth, .noisy, .falling].contains(curve.shape) {
        #expect(start == curve.values.count, "\(curve.name): \(start)")
      }
    }
  }

  @Test func `what is gained after an epoch is told from noise`() throws {
    for curve in MadeUpCurve.all {
      let count = curve.values.count
      let gain = try #require(Curve(curve.values)?.gain(after: count * 3 / 4))
      switch curve.shape {
      case .falling: #expect(gain > 0.2, "\(curve.name): \(gain)")
      case .smooth, .noisy: #expect(abs(gain) < 0.06, "\(curve.name): \(gain)")
      case .overfitting, .diverging: #expect(gain < 0, "\(curve.name): \(gain)")
      case .oscillating, .swinging: break
      }
    }
    #expect(Curve([3, 2, 1, 1])?.gain(after: 2) == nil && Curve([3, 2, 1, 1])?.gain(after: 0) == nil)
  }

  @Test func `a plateau begins where nothing is gained`() throws {
    let curve = curve(60) { max(1, 5 - $0 / 5) }
    #expect(abs(try #require(Curve(curve)).plateauStart - 20) <= 1)
    #expect(try #require(Curve([Double](repeating: 1, count: 9))).plateauStart == 1)
  }

  @Test func `one outlier changes no verdict`() throws {
    for curve in MadeUpCurve.all where curve.shape == .smooth || curve.shape == .falling {
      var values = curve.values
      values[values.count / 2] *= 3
      #expect(isMet(.doesNotRiseAgain(within: 0.05), values) == true, "\(curve.name)")
      #expect(isMet(.oscillates, values) == false, "\(curve.name)")
    }
  }

  @Test func `slopes are those of most pairs`() {
    #expect(Curve.slope([1, 2, 3, 4]) == 1 && Curve.slope([1, 2, 90, 4, 5]) == 1 && Curve.slope([7]) == 0)
    #expect(abs(Curve.slope((0..<1000).map { 3 - 0.5 * Double($0) }) + 0.5) < 1e-12)
  }

  @Test func `constant curves have no shape but are no error`() throws {
    let flat = try #require(Curve([2, 2, 2, 2, 2]))
    #expect(flat.roughness == 0 && flat.riseAboveLeast == 0 && flat.totalFall == 0)
    #expect(isMet(.fallsSteadily, [2, 2, 2, 2, 2]) == false)
    let zero = try #require(Curve([0, 0, 0, 0]))
    #expect(zero.riseAboveLeast == 0 && zero.totalFall == 0 && zero.gain(after: 1) == nil)
  }

  /// The curves as the texts describe their figures.
  @Test func `the texts' figures have the shapes that they are said to have`() {
    // aldecoa, figure 5: at 0.01 the loss "oscillates a lot and does not seem to fall".
    let aldecoa = [
      0.031, 0.035, 0.029, 0.034, 0.03, 0.036, 0.031, 0.033, 0.029, 0.034, 0.03, 0.032, 0.035, 0.03, 0.031,
    ]
    #expect(isMet(.oscillatesWithoutImproving, aldecoa) == true)
    // brunello, figure 7: validation rises from about the tenth epoch on, to 0.3704.
    let brunello = curve(40) { $0 <= 10 ? 0.42 - 0.018 * $0 : 0.24 + 0.0043 * ($0 - 10) }
    #expect(isMet(.overfits(from: 5...15), brunello) == true && isMet(.overfits(from: 15...25), brunello) == false)
    // brunello, figure 1: 0.0032 after 60 epochs and 0.0025 after 100 is a gain of 22 %.
    let autoencoder = curve(100) { $0 <= 60 ? 0.012 - 0.000149 * ($0 - 1) : 0.0032 - 0.0000175 * ($0 - 60) }
    #expect(isMet(.gainsLittle(afterEpoch: 60, within: 0.05), autoencoder) == false)
    // borgnino under plain SGD: 9 to 11 % are gained over the last 50 of 200 epochs.
    let borgnino = curve(200) { $0 <= 150 ? 0.03 - 0.00016 * $0 : 0.006 - 0.000012 * ($0 - 150) }
    #expect(isMet(.gainsLittle(afterEpoch: 150, within: 0.05), borgnino) == false)
    #expect(isMet(.fallsSteadily, borgnino) == true)
  }

  @Test func `accuracies are looked at as errors`() throws {
    let accuracy = curve(30) { 0.9 - 0.4 / $0 }
    let measure = Measure(.validationAccuracy, .riseAboveLeast)
    #expect(abs(try #require(measure.value(of: accuracy))) < 0.01)
    let falling = curve(30) { $0 < 10 ? 0.5 + 0.04 * $0 : 0.9 - 0.01 * ($0 - 10) }
    #expect(try #require(measure.value(of: falling)) > 0.5)
  }
}

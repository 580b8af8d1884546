/// The permitted difference of a result from its reference.
package enum Bound {
  /// Equal; -0 equals 0.
  case exact
  /// factor · magnitude + 1e-30 per element: for sums of products; the magnitude is the sum of their absolute values.
  case magnitude([Float], factor: Double)
  /// absolute + relative · |reference|.
  case within(absolute: Double, relative: Double)

  /// The bound for a sum of `terms` terms in any order, with factor 8 √terms 2⁻²⁴.
  package static func sum(terms: Double, magnitude: [Float]) -> Bound {
    .magnitude(magnitude, factor: 8 * terms.squareRoot() * 0x1p-24)
  }

  /// The largest error over all elements, as a fraction of the bound.
  ///
  /// There is no fraction for NaN or infinity where the reference is finite, or for any difference where none is
  /// permitted.
  package func worst(_ name: String, _ values: [Float], _ reference: [Float]) -> Worst {
    precondition(values.count == reference.count, "\(values.count) values against \(reference.count)")
    var worst = 0.0
    var place = 0
    for index in values.indices {
      let (value, expected) = (values[index], reference[index])
      if value == expected || value.isNaN && expected.isNaN { continue }
      let error = abs(Double(value) - Double(expected))
      let bound =
        switch self {
        case .exact: 0.0
        case .magnitude(let magnitude, let factor): factor * Double(magnitude[index]) + 1e-30
        case .within(let absolute, let relative): absolute + relative * abs(Double(expected))
        }
      let fraction = error / bound
      guard fraction.isFinite else {
        return Worst(
          fraction: nil, place: "\(name)[\(index)]", detail: "\(name)[\(index)] is \(value) and should be \(expected)")
      }
      if fraction > worst { (worst, place) = (fraction, index) }
    }
    return Worst(
      fraction: worst, place: "\(name)[\(place)]",
      detail: worst <= 1 ? nil : "\(name)[\(place)] is \(values[place]) and should be \(reference[place])")
  }

  package struct Worst {
    /// `nil` when the error is not a finite multiple of the bound.
    package var fraction: Double?
    package var place: String
    /// A description of a failure.
    package var detail: String?
  }
}

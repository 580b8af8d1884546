/// How far a result may be from its reference.
package enum Bound {
  /// Equal; -0 equals 0.
  case exact
  /// factor · magnitude + 1e-30, element by element: for sums of products, whose magnitude is the sum of absolute values.
  case magnitude([Float], factor: Double)
  /// absolute + relative · |reference|.
  case within(absolute: Double, relative: Double)

  /// The factor for a sum of so many terms in any order: 8 √terms 2⁻²⁴.
  package static func sum(terms: Double, magnitude: [Float]) -> Bound {
    .magnitude(magnitude, factor: 8 * terms.squareRoot() * 0x1p-24)
  }

  /// The worst error of all elements as a fraction of the bound.
  ///
  /// NaN or infinity where the reference has none is no fraction, nor is a difference where none is allowed.
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
    /// `nil` when the error is no finite multiple of the bound.
    package var fraction: Double?
    package var place: String
    /// What is wrong, when something is.
    package var detail: String?
  }
}

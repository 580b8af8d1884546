import Tensors
import Testing

/// The permitted difference of a single-precision result from the oracle's.
public struct Tolerance: Sendable {
  /// The bound of one element, from its index and reference value.
  let bound: @Sendable (Int, Double) -> Double

  /// Equal, and -0 equals 0: for whole numbers, whose sums are exact.
  public static let exact = Tolerance { _, _ in 0 }

  /// absolute + relative · |reference|.
  public static func within(absolute: Double, relative: Double = 0) -> Tolerance {
    Tolerance { _, reference in absolute + relative * abs(reference) }
  }

  /// For sums of `terms` products, in any order: 8 · √terms · 2⁻²⁴ · magnitude, where `magnitude` is the same
  /// operator of absolute values.
  public static func sum(terms: Int, magnitude: OracleTensor) -> Tolerance {
    let factor = 8 * Double(max(1, terms)).squareRoot() * 0x1p-24
    return Tolerance { index, _ in factor * magnitude.values[index] + 1e-30 }
  }
}

/// The subject of a comparison, with what it takes to repeat it.
public struct TestCase: CustomStringConvertible {
  public var device: String
  public var name: String
  public var seed: UInt64

  public init(_ device: any Device, _ name: String, seed: UInt64 = 0) {
    self.device = device.properties.identifier
    self.name = name
    self.seed = seed
  }

  public var description: String { "\(name) on \(device), seed \(seed)" }
}

/// Records an issue for the element that exceeds its bound the most, with device, case, seed and index.
///
/// NaN exceeds every bound unless the reference is NaN; an infinite reference demands the same infinity.
public func expectClose(
  _ values: [Float], _ reference: OracleTensor, _ tolerance: Tolerance, _ test: TestCase,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard values.count == reference.count else {
    Issue.record("\(test): \(values.count) values, expected \(reference.count)", sourceLocation: sourceLocation)
    return
  }
  var failures = 0
  var worst = (index: 0, ratio: -1.0)
  for (index, (value, expected)) in zip(values, reference.values).enumerated() {
    if expected.isNaN && value.isNaN || expected.isInfinite && Double(value) == expected { continue }
    let error = abs(Double(value) - expected)
    let bound = tolerance.bound(index, expected)
    if !(error <= bound) {
      failures += 1
      let ratio = error.isNaN || bound == 0 ? Double.infinity : error / bound
      if ratio > worst.ratio { worst = (index, ratio) }
    }
  }
  if failures > 0 {
    let i = worst.index
    Issue.record(
      """
      \(test): \(failures) of \(values.count) out of bound; index \(i) of shape \(reference.shape) is \(values[i]), \
      expected \(reference.values[i]) within \(tolerance.bound(i, reference.values[i]))
      """, sourceLocation: sourceLocation)
  }
}

/// Compares the shape and then the values of a tensor.
public func expectClose(
  _ tensor: Tensor, _ reference: OracleTensor, _ tolerance: Tolerance, _ test: TestCase,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  guard tensor.shape == reference.shape else {
    Issue.record("\(test): shape \(tensor.shape), expected \(reference.shape)", sourceLocation: sourceLocation)
    return
  }
  expectClose(try tensor.values(), reference, tolerance, test, sourceLocation: sourceLocation)
}

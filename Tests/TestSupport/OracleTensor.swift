/// An array of doubles with a shape, in row-major order: what the oracle takes and gives.
///
/// The oracle is plain loops in double precision that share nothing with the sources. Images are `[N, H, W, C]`;
/// weights have the layouts that the operators' documentation states.
public struct OracleTensor: Sendable {
  public var shape: [Int]
  public var values: [Double]

  public init(_ shape: [Int], _ values: [Double]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }

  public init(zeros shape: [Int]) { self.init(shape, [Double](repeating: 0, count: shape.reduce(1, *))) }

  public init(_ shape: [Int], floats: [Float]) { self.init(shape, floats.map(Double.init)) }

  public var count: Int { values.count }

  /// The values rounded to single precision, as an operator takes them.
  public var floats: [Float] { values.map { Float($0) } }

  /// The absolute values: an operator of these gives the magnitude that rounding errors scale with.
  public var magnitude: OracleTensor { OracleTensor(shape, values.map { abs($0) }) }

  public func map(_ transform: (Double) -> Double) -> OracleTensor { OracleTensor(shape, values.map(transform)) }

  /// Element by element; the shapes must be equal.
  public func combined(with other: OracleTensor, _ combine: (Double, Double) -> Double) -> OracleTensor {
    precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
    return OracleTensor(shape, zip(values, other.values).map(combine))
  }
}

/// Namespace of the oracle's operators.
public enum Oracle {}

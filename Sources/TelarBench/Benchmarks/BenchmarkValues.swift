import Tensors

/// Values for measurements: small, never zero, and of no period that a matrix of usual size could share.
enum BenchmarkValues {
  static func values(_ count: Int, modulus: Int = 13) -> [Float] {
    (0..<count).map { (Float($0 * 7919 % modulus - modulus / 2) + 0.25) / Float(modulus) }
  }
}

extension Device {
  /// A tensor of ``BenchmarkValues``.
  func patterned(_ shape: [Int]) throws -> Tensor { try tensor(shape, BenchmarkValues.values(shape.reduce(1, *))) }
}

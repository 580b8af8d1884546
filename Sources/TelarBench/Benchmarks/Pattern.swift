import Tensors

/// Values to measure with: small, none of them zero, and without a period that a matrix of the usual sizes could share.
enum Pattern {
  static func values(_ count: Int, modulus: Int = 13) -> [Float] {
    (0..<count).map { (Float($0 * 7919 % modulus - modulus / 2) + 0.25) / Float(modulus) }
  }
}

extension Device {
  /// A tensor of ``Pattern`` values.
  func patterned(_ shape: [Int]) throws -> Tensor { try tensor(shape, Pattern.values(shape.reduce(1, *))) }
}

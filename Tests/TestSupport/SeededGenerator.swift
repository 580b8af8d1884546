/// SplitMix64: the same numbers from the same seed, everywhere.
public struct SeededGenerator: RandomNumberGenerator {
  public let seed: UInt64
  private var state: UInt64

  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Whole numbers -4 ... 4: sums of products of these are exact in single precision, in any order.
  public mutating func integers(_ shape: [Int]) -> OracleTensor {
    OracleTensor(shape, (0..<shape.reduce(1, *)).map { _ in Double(Int.random(in: -4...4, using: &self)) })
  }

  /// Nearly Gaussian numbers (the sum of twelve uniform ones) that single precision holds exactly.
  public mutating func gaussians(_ shape: [Int], scale: Double = 1, mean: Double = 0) -> OracleTensor {
    OracleTensor(
      shape,
      (0..<shape.reduce(1, *)).map { _ in
        let sum = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
        return Double(Float(mean + scale * sum))
      })
  }

  /// All different whole numbers in random order, centred: a window of these has no tie.
  public mutating func distinct(_ shape: [Int]) -> OracleTensor {
    let count = shape.reduce(1, *)
    return OracleTensor(shape, (0..<count).map { Double($0 - count / 2) }.shuffled(using: &self))
  }

  /// One of the choices.
  public mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &self)! }
}

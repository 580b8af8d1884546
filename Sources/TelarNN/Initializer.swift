/// How a parameter starts.
public enum Initializer: Sendable, Hashable {
  case constant(Float)
  /// Uniform in ±`bound`.
  case uniform(bound: Float)

  /// PyTorch's default for weights and biases alike: uniform in ±1/√fanIn.
  ///
  /// PyTorch writes it as `kaiming_uniform_(a=√5)` for weights, which is the same: a gain of √(2 / (1 + 5)) times
  /// √(3 / fanIn).
  public static func pyTorchDefault(fanIn: Int) -> Initializer { .uniform(bound: 1 / Float(fanIn).squareRoot()) }

  /// The first values, in PyTorch's order of elements.
  ///
  /// They depend on the seed and on the parameter's key only: the same on every device, and the same for a part in
  /// whatever network it stands.
  public func values(count: Int, seed: UInt64, key: String) -> [Float] {
    switch self {
    case .constant(let value): return [Float](repeating: value, count: count)
    case .uniform(let bound):
      var generator = SplitMix64(seed: seed, key: key)
      return (0..<count).map { _ in generator.uniform() * bound }
    }
  }
}

/// Steele, Lea and Flood's SplitMix64 (2014): small, and good enough for starting values.
package struct SplitMix64 {
  private var state: UInt64

  /// A stream of numbers for a seed and a name; the name is hashed by FNV-1a.
  package init(seed: UInt64, key: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    // One round of the seed, so that neighbouring seeds do not give shifted streams.
    state = seed
    state = next() ^ hash
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in -1 ..< 1, a multiple of 2^-23, so that every step of its arithmetic is exact.
  package mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }
}

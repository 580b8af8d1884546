/// The order of an epoch's images: a function of seed and epoch alone, the same on every device.
///
/// Fisher–Yates from the last index down, with random indices from SplitMix64 by Lemire's unbiased multiplication. The
/// generator's state is a mix of seed and epoch, so that streams of different epochs and seeds do not overlap.
///
/// - Sources: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014; Lemire, arXiv:1805.10941.
public struct Permutation: Sendable {
  /// `[count]`: each of 0 ..< count once.
  public let indices: [Int32]

  /// - Precondition: `count` fits 32 bits.
  public init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count >= 0 && count <= Int(Int32.max), "a permutation of \(count)")
    var indices = [Int32](0..<Int32(count))
    var generator = SplitMix64(state: SplitMix64(state: seed).mixed(with: UInt64(epoch)))
    for last in stride(from: count - 1, to: 0, by: -1) {
      indices.swapAt(last, Int(generator.next(below: UInt64(last + 1))))
    }
    self.indices = indices
  }
}

/// The SplitMix64 generator of 64-bit random numbers.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A uniform random number in 0 ..< bound.
  mutating func next(below bound: UInt64) -> UInt64 {
    var (high, low) = next().multipliedFullWidth(by: bound)
    if low < bound {
      let rejected = (0 &- bound) % bound
      while low < rejected { (high, low) = next().multipliedFullWidth(by: bound) }
    }
    return high
  }

  /// The state of an independent stream: the first number of this one plus `value`, mixed again.
  func mixed(with value: UInt64) -> UInt64 {
    var copy = self
    var second = SplitMix64(state: copy.next() &+ value)
    return second.next()
  }
}

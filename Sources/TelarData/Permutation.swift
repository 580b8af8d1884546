/// The order in which an epoch visits the images: a function of seed and epoch alone, the same on every device.
///
/// Fisher–Yates from the last place down, with indices from SplitMix64 by Lemire's unbiased multiplication. The
/// generator starts at the mix of the seed and the epoch, so that epochs and seeds do not overlap.
///
/// Sources: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014; Lemire,
/// arXiv:1805.10941.
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

/// A small generator of well-mixed 64-bit numbers.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number in 0 ..< bound, each as likely as the others.
  mutating func next(below bound: UInt64) -> UInt64 {
    var (high, low) = next().multipliedFullWidth(by: bound)
    if low < bound {
      let rejected = (0 &- bound) % bound
      while low < rejected { (high, low) = next().multipliedFullWidth(by: bound) }
    }
    return high
  }

  /// A state for a stream of its own: the first number here, with `value` added, mixed once more.
  func mixed(with value: UInt64) -> UInt64 {
    var copy = self
    var second = SplitMix64(state: copy.next() &+ value)
    return second.next()
  }
}

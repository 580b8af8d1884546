extension Oracle {
  /// A block of Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
  public static func philox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var c = counter
    var k = key
    for round in 0..<10 {
      if round > 0 {
        k[0] = k[0] &+ 0x9E37_79B9
        k[1] = k[1] &+ 0xBB67_AE85
      }
      let first = UInt64(0xD251_1F53) * UInt64(c[0])
      let second = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = [
        UInt32(second >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: first),
      ]
    }
    return c
  }

  /// Whether dropout keeps element `index`.
  ///
  /// Elements form groups of 128; element 16 · slot + lane of group g takes the 16-bit half `slot` of block
  /// 16 · g + lane, and stays when it is at least round(probability · 65536).
  public static func dropoutKeeps(
    _ index: Int, probability: Double, seed: UInt64, layer: UInt32, step: UInt32
  ) -> Bool {
    let group = index / 128
    let lane = index % 16
    let slot = index % 128 / 16
    let words = philox(
      counter: [UInt32(group * 16 + lane), 0, layer, step],
      key: [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)])
    let half = slot % 2 == 0 ? words[slot / 2] & 0xffff : words[slot / 2] >> 16
    return half >= UInt32((probability * 65536).rounded())
  }
}

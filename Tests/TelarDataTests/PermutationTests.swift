import TelarData
import Testing

@Suite("Permutation")
struct PermutationTests {
  @Test(arguments: [0, 1, 2, 3, 100, 60_000])
  func `holds every index once`(count: Int) {
    let indices = Permutation(count: count, seed: 7, epoch: 3).indices
    #expect(indices.sorted() == Array(0..<Int32(count)))
  }

  @Test func `follows from seed and epoch`() {
    let first = Permutation(count: 1000, seed: 1, epoch: 1).indices
    #expect(Permutation(count: 1000, seed: 1, epoch: 1).indices == first)
    #expect(Permutation(count: 1000, seed: 1, epoch: 2).indices != first)
    #expect(Permutation(count: 1000, seed: 2, epoch: 1).indices != first)
    // Neighbouring seeds and epochs do not give each other's order.
    #expect(Permutation(count: 1000, seed: 2, epoch: 0).indices != first)
  }

  /// Runs on record would not repeat if this changed.
  @Test func `known answer`() {
    #expect(Permutation(count: 10, seed: 0, epoch: 1).indices == [4, 3, 6, 2, 8, 0, 9, 7, 1, 5])
  }

  @Test func `every order of three is as likely`() {
    var counts: [[Int32]: Int] = [:]
    for seed in 0..<6_000 { counts[Permutation(count: 3, seed: UInt64(seed), epoch: 1).indices, default: 0] += 1 }
    #expect(counts.count == 6)
    // Six standard deviations of a binomial with 6,000 draws at 1/6.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 174 })
  }
}

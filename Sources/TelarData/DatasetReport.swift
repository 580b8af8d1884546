/// What there is in a data set: `telar data`.
public struct DatasetReport: Sendable {
  public let dataset: ImageDataset
  /// By split, in order.
  public let splits: [Split]
  /// Images of one split that another has too.
  public let overlaps: [Overlap]

  public struct Split: Sendable, Equatable {
    public var name: String
    public var count: Int
    /// Images of each class, by label.
    public var classCounts: [Int]
    /// Images that repeat an earlier one of the split, pixel for pixel.
    public var duplicates: Int
    /// Those of them that have another label than the earlier one.
    public var contradictions: Int
  }

  public struct Overlap: Sendable, Equatable {
    /// The split whose images are counted, and the one that has them too.
    public var split: String
    public var other: String
    public var count: Int
  }

  /// - Cost: reads all pixels, twice, and keeps 32 bytes an image.
  public init(_ dataset: ImageDataset) {
    self.dataset = dataset
    var splits: [Split] = []
    var overlaps: [Overlap] = []
    var known: [(name: String, sums: Set<[UInt8]>)] = []
    for (name, images) in dataset.splits {
      var classCounts = [Int](repeating: 0, count: dataset.classCount)
      for label in images.labels { classCounts[Int(label)] += 1 }
      var labels: [[UInt8]: UInt16] = [:]
      var (duplicates, contradictions) = (0, 0)
      var shared = [Int](repeating: 0, count: known.count)
      for index in 0..<images.count {
        let sum = images.sum(of: index)
        for (place, other) in known.enumerated() where other.sums.contains(sum) { shared[place] += 1 }
        if let first = labels[sum] {
          duplicates += 1
          if first != images.labels[index] { contradictions += 1 }
        } else {
          labels[sum] = images.labels[index]
        }
      }
      splits.append(
        Split(
          name: name, count: images.count, classCounts: classCounts, duplicates: duplicates,
          contradictions: contradictions))
      overlaps += zip(known, shared).filter { $0.1 > 0 }.map { Overlap(split: name, other: $0.0.name, count: $0.1) }
      known.append((name, Set(labels.keys)))
    }
    (self.splits, self.overlaps) = (splits, overlaps)
  }
}

extension LabelledImages {
  /// SHA-256 of an image's pixels.
  fileprivate func sum(of index: Int) -> [UInt8] {
    let sum = SHA256()
    pixels.withUnsafeBytes { bytes in
      sum.update(UnsafeRawBufferPointer(rebasing: bytes[(index * size.byteCount)..<((index + 1) * size.byteCount)]))
    }
    return sum.finishBytes()
  }
}

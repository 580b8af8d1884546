/// Images of one size with one label each.
public struct LabelledImages: Sendable {
  public let count: Int
  public let size: ImageSize
  /// `[count, height, width, channels]`, 0 black to 255 white.
  public let pixels: [UInt8]
  /// `[count]`, from 0.
  public let labels: [UInt16]
  /// Names of the classes, by label; `nil` where they are not known.
  public let classNames: [String]?

  public var height: Int { size.height }
  public var width: Int { size.width }
  public var channels: Int { size.channels }

  /// - Precondition: `pixels` and `labels` have the sizes that the other arguments say.
  public init(
    count: Int, height: Int, width: Int, channels: Int = 1, pixels: [UInt8], labels: [UInt16],
    classNames: [String]? = nil
  ) {
    self.init(
      count: count, size: ImageSize(height: height, width: width, channels: channels), pixels: pixels, labels: labels,
      classNames: classNames)
  }

  /// - Precondition: `pixels` and `labels` have the sizes that the other arguments say.
  public init(count: Int, size: ImageSize, pixels: [UInt8], labels: [UInt16], classNames: [String]? = nil) {
    precondition(pixels.count == count * size.byteCount, "\(pixels.count) bytes for \(count) images of \(size.text)")
    precondition(labels.count == count, "\(labels.count) labels for \(count) images")
    self.count = count
    self.size = size
    self.pixels = pixels
    self.labels = labels
    self.classNames = classNames
  }

  /// The first `count` images, or all if there are fewer.
  public func prefix(_ count: Int) -> LabelledImages { self[0..<min(count, self.count)] }

  /// The last `count` images, or all if there are fewer.
  public func suffix(_ count: Int) -> LabelledImages { self[max(0, self.count - count)..<self.count] }

  /// The images in a range.
  private subscript(range: Range<Int>) -> LabelledImages {
    if range.count == count { return self }
    return LabelledImages(
      count: range.count, size: size,
      pixels: Array(pixels[(range.lowerBound * size.byteCount)..<(range.upperBound * size.byteCount)]),
      labels: Array(labels[range]), classNames: classNames)
  }

  /// The index of the first image of each class, by label; classes without images are left out.
  public var firstOfEachClass: [Int] {
    var first: [UInt16: Int] = [:]
    for (index, label) in labels.enumerated() where first[label] == nil { first[label] = index }
    return first.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The images at the given indices.
  public func selecting(_ indices: [Int]) -> LabelledImages {
    var chosen: [UInt8] = []
    chosen.reserveCapacity(indices.count * size.byteCount)
    for index in indices { chosen += pixels[(index * size.byteCount)..<((index + 1) * size.byteCount)] }
    return LabelledImages(
      count: indices.count, size: size, pixels: chosen, labels: indices.map { labels[$0] }, classNames: classNames)
  }
}

/// The name of a class, or its number where it has none.
public func className(_ label: Int, in names: [String]?) -> String {
  guard let names, names.indices.contains(label) else { return "class \(label)" }
  return names[label]
}

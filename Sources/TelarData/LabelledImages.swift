/// Images with one label each.
public struct LabelledImages: Sendable {
  public let count: Int
  public let height: Int
  public let width: Int
  /// `[count, height, width]`, 0 black to 255 white.
  public let pixels: [UInt8]
  /// `[count]`, 0 to 9.
  public let labels: [UInt8]
  /// Names of the classes, by label; `nil` where they are not known.
  public let classNames: [String]?

  /// - Precondition: `pixels` and `labels` have the sizes that the other arguments say.
  public init(
    count: Int, height: Int, width: Int, pixels: [UInt8], labels: [UInt8], classNames: [String]? = nil
  ) {
    precondition(pixels.count == count * height * width, "\(pixels.count) pixels for \(count) images")
    precondition(labels.count == count, "\(labels.count) labels for \(count) images")
    self.count = count
    self.height = height
    self.width = width
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
    let size = height * width
    return LabelledImages(
      count: range.count, height: height, width: width,
      pixels: Array(pixels[(range.lowerBound * size)..<(range.upperBound * size)]), labels: Array(labels[range]),
      classNames: classNames)
  }

  /// The index of the first image of each class, by label; classes without images are left out.
  public var firstOfEachClass: [Int] { Set(labels).sorted().map { labels.firstIndex(of: $0)! } }

  /// The images at the given indices.
  public func selecting(_ indices: [Int]) -> LabelledImages {
    let size = height * width
    return LabelledImages(
      count: indices.count, height: height, width: width,
      pixels: indices.flatMap { pixels[($0 * size)..<(($0 + 1) * size)] }, labels: indices.map { labels[$0] },
      classNames: classNames)
  }
}

/// The name of a class, or its number where it has none.
public func className(_ label: Int, in names: [String]?) -> String {
  guard let names, names.indices.contains(label) else { return "class \(label)" }
  return names[label]
}

/// A small data set in the format of Fashion-MNIST for fast training: images of class c have a bright row at 2 · c.
public enum SmallDataSet {
  /// Writes the four files, uncompressed.
  ///
  /// - Parameter label: of the image at a place.
  public static func write(
    into folder: TemporaryFolder, trainingCount: Int = 40, testCount: Int = 20,
    label: (Int) -> UInt8 = { UInt8($0 % 10) }
  ) throws {
    for (name, count) in [("train", trainingCount), ("t10k", testCount)] {
      let labels = (0..<count).map(label)
      let pixels = labels.flatMap { label in (0..<784).map { UInt8($0 / 28 == 2 * Int(label) ? 200 : 10) } }
      try folder.write("\(name)-labels-idx1-ubyte", idx([UInt32(count)], labels))
      try folder.write("\(name)-images-idx3-ubyte", idx([UInt32(count), 28, 28], pixels))
    }
  }

  /// An IDX file; type 8 are unsigned bytes.
  public static func idx(_ dimensions: [UInt32], _ bytes: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(dimensions.count)]
      + dimensions.flatMap { d in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: d >> UInt32($0)) } } + bytes
  }
}

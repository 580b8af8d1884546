import TelarData
import TelarIO
import TelarTraining

/// The reconstructions in the folder of an autoencoder's run: see `ReconstructionSamples`.
package struct SampleFile {
  package let count: Int
  package let height: Int
  package let width: Int
  package let channels: Int
  /// The epochs with reconstructions, in order; 0 is before training.
  package let epochs: [Int]
  /// The images' labels; `nil` in a file without them.
  package let labels: [Int]?
  private let file: SafetensorsFile

  /// The most elements of a tensor: a dozen images of 500 × 500 pixels.
  private static let largestCount = 1 << 22

  /// - Returns: `nil` when the folder has no such file.
  package init?(_ folder: RunFolder) throws {
    guard folder.has(RunFolder.samplesName) else { return nil }
    file = try SafetensorsFile(folder.file(RunFolder.samplesName))
    let shape = try file.info("original").shape
    // Each dimension is checked by itself, because a zero would hide the others in the product.
    guard shape.count == 3 || shape.count == 4 && ImageSize.channelCounts.contains(shape[3]),
      shape.allSatisfy({ 1...Self.largestCount ~= $0 }),
      try file.info("original").count <= Self.largestCount, file.tensors.allSatisfy({ $0.value.shape == shape })
    else { throw SafetensorsError(.mismatch, path: file.path, "is no file of reconstructions") }
    (count, height, width) = (shape[0], shape[1], shape[2])
    channels = shape.count == 4 ? shape[3] : 1
    epochs = file.tensors.keys.compactMap { key in
      Int(key.dropFirst(6)).flatMap { key == "epoch-\($0)" && $0 >= 0 ? $0 : nil }
    }.sorted()
    labels = Self.labels(file, count: count)
  }

  private static func labels(_ file: SafetensorsFile, count: Int) -> [Int]? {
    guard let text = file.metadata["labels"], case .array(let elements)? = try? JSON(parsing: text) else { return nil }
    let labels = elements.compactMap { element -> Int? in
      guard case .integer(let label) = element, 0..<ImageDataset.mostClasses ~= label else { return nil }
      return label
    }
    return labels.count == count && elements.count == count ? labels : nil
  }

  /// Column titles: the names of the images' classes, or their indices in a file without labels.
  ///
  /// - Parameter classNames: class names by label; `nil` where the data has none.
  package func columnNames(_ classNames: [String]?) -> [String] {
    labels.map { $0.map { className($0, in: classNames) } } ?? (0..<count).map { "image \($0 + 1)" }
  }

  /// One array per image, 0 black to 1 white.
  package var originals: [[Float]] { get throws { try images("original") } }

  package func images(epoch: Int) throws -> [[Float]] { try images("epoch-\(epoch)") }

  /// The original images and the final reconstructions of several runs; `nil` for fewer than two runs, or when one has
  /// other images or no epoch. The caller leaves out runs without such a file.
  package static func sideBySide(_ files: [(name: String, samples: SampleFile)]) throws -> [(String, [[Float]])]? {
    guard files.count > 1 else { return nil }
    let originals = try files[0].samples.originals
    var rows = [("original", originals)]
    for (name, samples) in files {
      guard let epoch = samples.epochs.last, try samples.originals == originals else { return nil }
      rows.append((name, try samples.images(epoch: epoch)))
    }
    return rows
  }

  private func images(_ name: String) throws -> [[Float]] {
    let bytes = try file.values(name, as: UInt8.self)
    let size = height * width * channels
    return (0..<count).map { index in bytes[(index * size)..<((index + 1) * size)].map { Float($0) / 255 } }
  }
}

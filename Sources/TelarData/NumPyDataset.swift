import Foundation
import TelarIO

/// Arrays of NumPy: an `.npz` file, or a folder of `.npy` files, with images and labels.
///
/// | split | images | labels |
/// |---|---|---|
/// | training | `train_images`, `x_train`, `X_train`, `images_train` | `train_labels`, `y_train`, `labels_train` |
/// | validation | `val_images`, `x_val`, … | `val_labels`, `y_val`, … |
/// | test | `test_images`, `x_test`, … | `test_labels`, `y_test`, … |
/// | a single set | `images`, `x`, `X`, `data` | `labels`, `y` |
///
/// Images are `[N, H, W]` or `[N, H, W, C]`, with ``ImageDataset/Options/areChannelsFirst`` `[N, C, H, W]`; bytes, or
/// integers from 0 to 255, or floats from 0 to 1, or, where one is above 1, from 0 to 255. Labels are integers from 0,
/// `[N]` or `[N, 1]`.
public enum NumPyDataset: DatasetFormat {
  public static let name = "numpy"
  public static let description = "NumPy arrays, an .npz file or a folder of .npy files"

  private static let splits = ["train", "val", "test"]

  /// The names of a split's images and labels, without the ending.
  private static func names(_ split: String) -> (images: [String], labels: [String]) {
    (
      ["\(split)_images", "x_\(split)", "X_\(split)", "images_\(split)", "\(split)_x"],
      ["\(split)_labels", "y_\(split)", "Y_\(split)", "labels_\(split)", "\(split)_y"]
    )
  }
  private static let singleNames = (images: ["images", "x", "X", "data"], labels: ["labels", "y", "Y"])

  public static func recognizes(_ source: DatasetSource) -> Bool {
    source.isFolder ? source.names.contains { $0.hasSuffix(".npy") } : source.path.lowercased().hasSuffix(".npz")
  }

  public static func read(_ source: DatasetSource, _ options: ImageDataset.Options) throws -> ImageDataset {
    let arrays = try Arrays(source, options)
    var found = splits.compactMap { split in arrays.pair(names(split)).map { (split, $0) } }
    if found.isEmpty, let pair = arrays.pair(singleNames) { found = [("train", pair)] }
    func failure(_ problem: String) -> DataError { .unusable(path: source.path, problem: problem) }
    guard found.first?.0 == "train" else {
      throw failure(
        "it has no arrays train_images and train_labels, or x_train and y_train, or images and labels; there are "
          + arrays.names.prefix(20).joined(separator: ", "))
    }
    var sets: [String: LabelledImages] = [:]
    var room = options.memoryLimit
    for (split, pair) in found {
      let labels = try labels(arrays.array(pair.labels, room))
      let images = try arrays.array(pair.images, room)
      sets[split] = try set(images, labels, options)
      room -= sets[split]!.pixels.count
      guard sets[split]!.size == sets["train"]!.size else {
        throw failure(
          "the images of \(pair.images) are \(sets[split]!.size.text), those to train on \(sets["train"]!.size.text)")
      }
    }
    var notes: [String] = []
    if sets.count == 1 {
      let divided = try sets["train"]!.divided(options, path: source.path)
      (sets["train"], sets["val"]) = divided
      notes.append(
        "there is one set of images, of which \(divided.validation.count) validate (share \(options.validationShare) of "
          + "each class, seed \(options.splitSeed))")
    }
    let classCount = 1 + Int(sets.values.compactMap { $0.labels.max() }.max() ?? 0)
    guard classCount > 1 else { throw failure("all its labels are 0, and a classifier needs two classes") }
    return ImageDataset(
      path: source.path, format: name, training: sets["train"]!, validation: sets["val"], test: sets["test"],
      classCount: classCount, sums: sets.mapValues(\.digest), notes: notes)
  }

  // MARK: Values

  private static func labels(_ array: NPYArray) throws(DataError) -> [UInt16] {
    func fail(_ problem: String) -> DataError { .malformed(path: array.name, problem: problem) }
    guard array.shape.count == 1 || array.shape.count == 2 && array.shape[1] == 1 else {
      throw fail("labels are [N] or [N, 1], and this is \(array.shape); of scores a class, save numpy.argmax")
    }
    guard array.kind != .float else { throw fail("labels are integers, and these are floats") }
    var labels: [UInt16] = []
    labels.reserveCapacity(array.count)
    for index in 0..<array.count {
      guard let label = array.integer(index), 0..<ImageDataset.mostClasses ~= label else {
        throw fail(
          "label \(array.number(index).description) at position \(index) is not 0 to \(ImageDataset.mostClasses - 1)")
      }
      labels.append(UInt16(label))
    }
    return labels
  }

  private static func set(_ array: NPYArray, _ labels: [UInt16], _ options: ImageDataset.Options) throws(DataError)
    -> LabelledImages
  {
    func fail(_ problem: String) -> DataError { .malformed(path: array.name, problem: problem) }
    let shape = array.shape
    guard shape.count == 3 || shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw fail("images are [N, H, W] or [N, H, W, C], and this is \(shape)")
    }
    guard shape[0] == labels.count else {
      throw fail("it has \(shape[0]) images, and there are \(labels.count) labels")
    }
    let isFirst = options.areChannelsFirst && shape.count == 4
    let channels = shape.count == 3 ? 1 : isFirst ? shape[1] : shape[3]
    guard ImageSize.channelCounts.contains(channels) else {
      let mayBeFirst = shape.count == 4 && !isFirst && ImageSize.channelCounts.contains(shape[1])
      throw fail(
        "its images \(shape) have \(channels) channels, not 1, 3 or 4"
          + (mayBeFirst
            ? ": if they are [N, C, H, W], say --channels-first ([data] channels_first = true in a recipe)" : ""))
    }
    let (height, width) = isFirst ? (shape[2], shape[3]) : (shape[1], shape[2])
    let size = ImageSize(height: height, width: width, channels: channels)
    guard array.count <= options.memoryLimit else {
      throw .tooLarge(path: array.name, byteCount: array.count, limit: options.memoryLimit)
    }
    var pixels = try bytes(array)
    if isFirst, channels > 1 { pixels = channelsLast(pixels, size) }
    return LabelledImages(count: labels.count, size: size, pixels: pixels, labels: labels)
  }

  /// The values as bytes.
  private static func bytes(_ array: NPYArray) throws(DataError) -> [UInt8] {
    if array.kind == .unsigned, array.width == 1 { return Array(array.values) }
    func fail(_ index: Int, _ rule: String) -> DataError {
      .malformed(path: array.name, problem: "value \(array.number(index)) at position \(index) is not \(rule)")
    }
    let count = array.count
    let isFloat = array.kind == .float
    let isUnit = array.kind == .boolean || isFloat && (0..<count).allSatisfy { !(array.number($0) > 1) }
    let (largest, scale): (Double, Double) = isUnit ? (1, 255) : (255, 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in 0..<count {
      let value = array.number(index)
      guard value >= 0, value <= largest else {
        throw fail(index, isFloat ? "from 0 to 1, or from 0 to 255" : "from 0 to 255")
      }
      bytes.append(UInt8((value * scale).rounded()))
    }
    return bytes
  }

  /// `[N, C, H, W]` as `[N, H, W, C]`.
  private static func channelsLast(_ pixels: [UInt8], _ size: ImageSize) -> [UInt8] {
    let plane = size.height * size.width
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for start in stride(from: 0, to: pixels.count, by: size.byteCount) {
      for place in 0..<plane {
        for channel in 0..<size.channels { result.append(pixels[start + channel * plane + place]) }
      }
    }
    return result
  }

  /// The arrays of a file or folder, by name, read when they are asked for.
  private struct Arrays {
    let source: DatasetSource
    let options: ImageDataset.Options
    /// Without the ending.
    let names: [String]
    private var archive: ZipArchive?

    init(_ source: DatasetSource, _ options: ImageDataset.Options) throws(DataError) {
      (self.source, self.options) = (source, options)
      if source.isFolder {
        names = source.names.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
        return
      }
      let archive = try ZipArchive(Self.read(source.path, options.memoryLimit), path: source.path)
      names = archive.entries.filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
      self.archive = archive
    }

    /// The names of the images and labels that are there.
    func pair(_ names: (images: [String], labels: [String])) -> (images: String, labels: String)? {
      guard let images = names.images.first(where: self.names.contains),
        let labels = names.labels.first(where: self.names.contains)
      else { return nil }
      return (images, labels)
    }

    /// - Parameter room: the most bytes of values; floats have up to eight times those of pixels.
    func array(_ name: String, _ room: Int) throws(DataError) -> NPYArray {
      if let archive {
        let entry = archive.entries.first { $0.name == name + ".npy" }!
        return try NPYArray(
          archive.contents(of: entry, atMost: room)[...], name: "\(source.path), \(entry.name)")
      }
      let path = source.file(name + ".npy")
      return try NPYArray(Self.read(path, room)[...], name: path)
    }

    private static func read(_ path: String, _ limit: Int) throws(DataError) -> [UInt8] {
      do { return try InputFile.read(path, atMost: limit) } catch {
        switch error.kind {
        case .missing: throw .missing(path: path, source: "the path named")
        case .unreadable: throw .unreadable(path: path, reason: error.problem)
        case .tooLong:
          let length = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? nil
          throw .tooLarge(path: path, byteCount: length ?? limit, limit: limit)
        }
      }
    }
  }
}

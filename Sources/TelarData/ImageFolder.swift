import Foundation
import TelarIO

/// A folder with a folder of images for each class, as torchvision's `ImageFolder` reads it: `DIR/cat/1.png`,
/// `DIR/dog/7.jpg`; or one of these for each split, `DIR/train/cat/1.png`, with `val` and `test` beside `train`.
///
/// Classes are the names of the folders in order; their images are those in the folder and in folders below it. A set
/// without splits is divided: of each class, a share of the images chosen by a seed validates.
public enum ImageFolder: DatasetFormat {
  public static let name = "folder"
  public static let description = "a folder of PNG and JPEG images a class"

  public static func recognizes(_ source: DatasetSource) -> Bool {
    source.isFolder && (ImageFolderScan.hasImages(source.path, depth: 0))
  }

  public static func read(_ source: DatasetSource, _ options: ImageDataset.Options) throws -> ImageDataset {
    let scan = try ImageFolderScan(source)
    let files = scan.sets.flatMap(\.files)
    let cache = ImageCache(of: files.map(\.path), options.preparation)
    var failures: [Int: ImageFileError] = [:]
    let size: ImageSize
    let pixels: [UInt8]
    if let kept = cache.read(count: files.count) {
      (size, pixels) = (kept.size, kept.pixels)
      guard pixels.count <= options.memoryLimit else {
        throw DataError.tooLarge(path: source.path, byteCount: pixels.count, limit: options.memoryLimit)
      }
    } else {
      let decoder = ImageDecoder(
        preparation: options.preparation, memoryLimit: options.memoryLimit, path: source.path,
        progress: options.progress)
      let result = try decoder.decode(files.map(\.path))
      failures = result.failures
      guard let known = result.size, failures.isEmpty || options.skipsUnreadable else {
        throw unreadable(failures, of: files.count, source)
      }
      (size, pixels) = (known, result.pixels)
      if failures.isEmpty { cache.write(size, pixels, sum: sha256(pixels)) }
    }
    return try dataset(scan, size, pixels, failures, source, options)
  }

  private static func unreadable(_ failures: [Int: ImageFileError], of count: Int, _ source: DatasetSource) -> DataError
  {
    let first = failures.min { $0.key < $1.key }!.value
    let more = failures.count == 1 ? "" : " (telar data names \(failures.count - 1) more of the \(count) images)"
    return .unusable(
      path: source.path, problem: "\(first.path.dropFirst(source.file("").count)) \(first.problem)\(more)")
  }

  /// Divides the pixels of all images among the splits.
  private static func dataset(
    _ scan: ImageFolderScan, _ size: ImageSize, _ pixels: [UInt8], _ failures: [Int: ImageFileError],
    _ source: DatasetSource, _ options: ImageDataset.Options
  ) throws -> ImageDataset {
    var splits: [String: LabelledImages] = [:]
    var sums: [String: String] = [:]
    var (index, place) = (0, 0)
    for set in scan.sets {
      let kept = set.files.enumerated().filter { failures[index + $0.offset] == nil }.map(\.element)
      index += set.files.count
      let byteCount = kept.count * size.byteCount
      let images = LabelledImages(
        count: kept.count, size: size, pixels: Array(pixels[place..<(place + byteCount)]),
        labels: kept.map(\.label), classNames: scan.classNames)
      place += byteCount
      splits[set.name] = images
      sums[set.name] = images.digest
    }
    var notes = scan.notes
    if splits["val"] == nil, splits["test"] == nil {
      let divided = try splits["train"]!.divided(options, path: source.path)
      (splits["train"], splits["val"]) = divided
      notes.append(
        "there is one set of images, of which \(grouped(divided.validation.count)) validate (share "
          + "\(options.validationShare) of each class, seed \(options.splitSeed))")
      sums = ["train": divided.training.digest, "val": divided.validation.digest]
    }
    return ImageDataset(
      path: source.path, format: name, training: splits["train"]!, validation: splits["val"], test: splits["test"],
      classCount: scan.classNames.count, classNames: scan.classNames, sums: sums, notes: notes,
      preparation: options.preparation.isEmpty ? nil : options.preparation,
      unreadable: failures.sorted { $0.key < $1.key }.map(\.value))
  }

  private static func grouped(_ number: Int) -> String { number.formatted(.number.locale(Locale(identifier: "en_US"))) }
}

extension LabelledImages {
  /// SHA-256 of labels and pixels, in hexadecimal.
  var digest: String {
    let sum = SHA256()
    let numbers = labels.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    numbers.withUnsafeBytes { sum.update($0) }
    pixels.withUnsafeBytes { sum.update($0) }
    return sum.finish()
  }

  /// The images without a share of each class, and this share, each in their order.
  ///
  /// - Throws: ``DataError`` for a class with a single image.
  func divided(_ options: ImageDataset.Options, path: String) throws -> (
    training: LabelledImages, validation: LabelledImages
  ) {
    var members: [UInt16: [Int]] = [:]
    for (index, label) in labels.enumerated() { members[label, default: []].append(index) }
    var chosen: Set<Int> = []
    for (label, indices) in members {
      guard indices.count > 1 else {
        throw DataError.unusable(
          path: path,
          problem: "the class \(className(Int(label), in: classNames)) has one image, and it takes one to train on and "
            + "one to validate on: add images, or remove the class")
      }
      let count = min(indices.count - 1, max(1, Int((Double(indices.count) * options.validationShare).rounded())))
      let order = Permutation(count: indices.count, seed: options.splitSeed, epoch: Int(label)).indices
      chosen.formUnion(order.prefix(count).map { indices[Int($0)] })
    }
    return (
      selecting((0..<count).filter { !chosen.contains($0) }), selecting((0..<count).filter(chosen.contains))
    )
  }
}

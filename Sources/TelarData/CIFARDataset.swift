import Foundation
import TelarIO

/// The binary version of CIFAR-10 or CIFAR-100: a folder with `data_batch_1.bin` … and `test_batch.bin`, or with
/// `train.bin` and `test.bin`, or the folder that holds `cifar-10-batches-bin` or `cifar-100-binary`.
///
/// A record is a label, of CIFAR-100 a coarse one and then the fine one, which is used, and the red, green and blue planes
/// of an image of 32 × 32 pixels. Names of classes come from `batches.meta.txt` or `fine_label_names.txt`.
///
/// - Source: Krizhevsky, www.cs.toronto.edu/~kriz/cifar.html.
public enum CIFARDataset: DatasetFormat {
  public static let name = "cifar"
  public static let description = "the binary version of CIFAR-10 or CIFAR-100"

  private static let size = ImageSize(height: 32, width: 32, channels: 3)
  private static let folders = ["cifar-10-batches-bin", "cifar-100-binary"]
  private static let tenNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  public static func recognizes(_ source: DatasetSource) -> Bool { Files(source) != nil }

  /// The files of a set.
  private struct Files {
    var folder: DatasetSource
    var training: [String]
    var test: String
    var namesFile: String
    var classCount: Int
    /// The bytes before the label in a record.
    var skipped: Int

    init?(_ source: DatasetSource) {
      guard source.isFolder else { return nil }
      for folder in [source] + CIFARDataset.folders.map({ DatasetSource(path: source.file($0), origin: source.origin) })
      {
        let names = folder.names
        let batches = names.filter { $0.hasPrefix("data_batch_") && $0.hasSuffix(".bin") }
        if !batches.isEmpty {
          self.folder = folder
          training = batches.sorted { ($0.count, $0) < ($1.count, $1) }
          (test, namesFile, classCount, skipped) = ("test_batch.bin", "batches.meta.txt", 10, 0)
          return
        }
        if names.contains("train.bin") {
          self.folder = folder
          (training, test, namesFile) = (["train.bin"], "test.bin", "fine_label_names.txt")
          (classCount, skipped) = (100, 1)
          return
        }
      }
      return nil
    }
  }

  public static func read(_ source: DatasetSource, _ options: ImageDataset.Options) throws -> ImageDataset {
    guard let files = Files(source) else { throw DataError.missing(path: source.path, source: source.origin) }
    var sums: [String: String] = [:]
    var room = options.memoryLimit
    let names = try classNames(files)
    func images(_ names: [String]) throws -> (pixels: [UInt8], labels: [UInt16]) {
      var (pixels, labels): ([UInt8], [UInt16]) = ([], [])
      for name in names {
        let path = files.folder.file(name)
        guard FileManager.default.fileExists(atPath: path) else {
          throw DataError.missing(path: path, source: source.origin)
        }
        sums[name] = try append(path, files, to: &pixels, &labels, room: &room, options)
      }
      return (pixels, labels)
    }
    let training = try images(files.training)
    let test = try images([files.test])
    func set(_ images: (pixels: [UInt8], labels: [UInt16])) -> LabelledImages {
      LabelledImages(
        count: images.labels.count, size: size, pixels: images.pixels, labels: images.labels, classNames: names)
    }
    return ImageDataset(
      path: source.path, format: name, training: set(training), test: set(test), classCount: files.classCount,
      classNames: names, sums: sums)
  }

  /// Adds the images of a file.
  ///
  /// - Parameter room: the bytes of pixels that may still be added.
  /// - Returns: the SHA-256 of the file.
  private static func append(
    _ path: String, _ files: Files, to pixels: inout [UInt8], _ labels: inout [UInt16], room: inout Int,
    _ options: ImageDataset.Options
  ) throws -> String {
    func fail(_ problem: String) -> DataError { .malformed(path: path, problem: problem) }
    let length = files.skipped + 1 + size.byteCount
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, atMost: room) } catch {
      guard error.kind == .tooLong else { throw DataError.unreadable(path: path, reason: error.problem) }
      throw DataError.tooLarge(path: path, byteCount: options.memoryLimit - room, limit: options.memoryLimit)
    }
    room -= bytes.count
    guard !bytes.isEmpty, bytes.count % length == 0 else {
      throw fail("its \(bytes.count) bytes are not records of \(length), a label and an image of 32 × 32 × 3")
    }
    let plane = size.height * size.width
    pixels.reserveCapacity(pixels.count + bytes.count)
    for record in stride(from: 0, to: bytes.count, by: length) {
      let label = bytes[record + files.skipped]
      guard label < files.classCount else {
        throw fail("label \(label) of image \(record / length) is not 0 to \(files.classCount - 1)")
      }
      labels.append(UInt16(label))
      let first = record + files.skipped + 1
      for place in first..<(first + plane) {
        pixels.append(bytes[place])
        pixels.append(bytes[place + plane])
        pixels.append(bytes[place + 2 * plane])
      }
    }
    return sha256(bytes)
  }

  /// A name a line; of CIFAR-10 they are known without the file.
  private static func classNames(_ files: Files) throws -> [String]? {
    let path = files.folder.file(files.namesFile)
    guard let bytes = try? InputFile.read(path, atMost: 1 << 16) else { return files.classCount == 10 ? tenNames : nil }
    let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == files.classCount, ImageDataset.areClassNames(names) else {
      throw DataError.malformed(path: path, problem: "it does not name \(files.classCount) classes, one a line")
    }
    return names
  }
}

import Foundation

/// A folder of IDX files, as of MNIST, Fashion-MNIST, KMNIST and EMNIST: `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte`, and the same for `t10k` or `test`, and for `val`; each plain or with `.gz`.
///
/// Images have rank 3, `[N, H, W]`, or 4, `[N, H, W, C]`. Names may have a prefix, as in
/// `emnist-letters-train-images-idx3-ubyte`; of a folder with several, the path names one: `DIR/emnist-letters`. EMNIST's
/// images, which are stored transposed, are turned back, and labels that begin at 1 are lowered.
///
/// - Source: yann.lecun.com/exdb/mnist; Cohen et al., arXiv:1702.05373.
public enum IDXDataset: DatasetFormat {
  public static let name = "idx"
  public static let description = "a folder of IDX files, as MNIST has them"

  public static func recognizes(_ source: DatasetSource) -> Bool { !IDXNames.prefixes(in: source).isEmpty }

  public static func read(_ source: DatasetSource, _ options: ImageDataset.Options) throws -> ImageDataset {
    let names = try IDXNames(source)
    var files = IDXFiles(names: names, source: source, options: options)
    // The short files come first, so that their errors do not wait for the decompression of the long ones.
    let kinds = ["train", names.test, names.validation].compactMap(\.self)
    var labels = try kinds.map { try files.labels($0) }
    var sets: [(shape: [Int], pixels: [UInt8])] = Array(repeating: ([], []), count: kinds.count)
    for index in kinds.indices.reversed() { sets[index] = try files.pixels(kinds[index], count: labels[index].count) }
    var notes: [String] = []
    var classCount = 1 + Int(labels.map { $0.max() ?? 0 }.max() ?? 0)
    if Set(labels[0]).count == classCount - 1, labels.allSatisfy({ !$0.contains(0) }) {
      for index in labels.indices { labels[index] = labels[index].map { $0 - 1 } }
      classCount -= 1
      notes.append("labels begin at 1 and were lowered by one, to 0 to \(classCount - 1)")
    }
    if names.areTransposed { notes.append("EMNIST's images are stored transposed and were turned back") }
    let isPublished = files.sums == FashionMNIST.publishedSums
    let classNames = isPublished ? FashionMNIST.classNames : nil
    let splits = zip(labels, sets).map { labels, set in
      let size = ImageSize(height: set.shape[0], width: set.shape[1], channels: set.shape[2])
      return LabelledImages(
        count: labels.count, size: names.areTransposed ? size.transposed : size,
        pixels: names.areTransposed ? transposed(set.pixels, size) : set.pixels, labels: labels, classNames: classNames)
    }
    return ImageDataset(
      path: source.path, format: name, training: splits[0],
      validation: names.validation == nil ? nil : splits.last, test: names.test == nil ? nil : splits[1],
      classCount: classCount, classNames: classNames, sums: files.sums, notes: notes)
  }

  /// Images with rows and columns exchanged.
  private static func transposed(_ pixels: [UInt8], _ size: ImageSize) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count) { to, count in
      count = pixels.count
      var place = 0
      for start in stride(from: 0, to: pixels.count, by: size.byteCount) {
        for x in 0..<size.width {
          for y in 0..<size.height {
            for channel in 0..<size.channels {
              to[place] = pixels[start + (y * size.width + x) * size.channels + channel]
              place += 1
            }
          }
        }
      }
    }
  }
}

extension ImageSize {
  fileprivate var transposed: ImageSize { ImageSize(height: width, width: height, channels: channels) }
}

/// The names of a folder's IDX files.
private struct IDXNames {
  let folder: DatasetSource
  /// What stands before `train`, with its dash.
  let prefix: String
  /// `t10k` or `test`; `nil` where there is no test set.
  let test: String?
  /// `val` or `valid`; `nil` where there is none.
  let validation: String?

  var areTransposed: Bool { prefix.hasPrefix("emnist") }

  /// - Throws: ``DataError`` where there are no files, or several sets of them.
  init(_ source: DatasetSource) throws {
    let found = Self.prefixes(in: source)
    guard found.count < 2 else {
      let names = found.map { $0.isEmpty ? "train" : String($0.dropLast()) }
      throw DataError.unusable(
        path: source.path, problem: "it holds several data sets; name one, as --data \(source.file(names[0]))")
    }
    let (folder, prefix) =
      source.isFolder || found.isEmpty ? (source, found.first ?? "") : (Self.parent(of: source), found[0])
    (self.folder, self.prefix) = (folder, prefix)
    let present = Set(folder.names)
    func has(_ kind: String) -> Bool {
      Self.spellings(prefix + kind, "labels", rank: 1).contains { present.contains($0) }
    }
    validation = ["val", "valid"].first(where: has)
    // Without any test set, the error names the usual one.
    test = ["t10k", "test"].first(where: has) ?? (validation == nil ? "t10k" : nil)
  }

  /// The prefixes of the sets in a folder, each with its dash; those of the path's own name where it is no folder.
  static func prefixes(in source: DatasetSource) -> [String] {
    let folder = source.isFolder ? source : parent(of: source)
    let marks = [
      "train-images-idx3-ubyte", "train-images.idx3-ubyte", "train-images-idx4-ubyte", "train-labels-idx1-ubyte",
    ]
    let found = folder.names.compactMap { name in
      let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
      return marks.first(where: plain.hasSuffix).map { String(plain.dropLast($0.count)) }
    }
    let all = Set(found).sorted()
    return source.isFolder ? all : all.filter { $0 == (source.path as NSString).lastPathComponent + "-" }
  }

  private static func parent(of source: DatasetSource) -> DatasetSource {
    DatasetSource(path: (source.path as NSString).deletingLastPathComponent, origin: source.origin)
  }

  /// The names that a file may have, the usual one first.
  static func spellings(_ kind: String, _ what: String, rank: Int) -> [String] {
    ["\(kind)-\(what)-idx\(rank)-ubyte", "\(kind)-\(what).idx\(rank)-ubyte"].flatMap { [$0 + ".gz", $0] }
  }
}

/// Reads the files of one folder and keeps their check sums.
private struct IDXFiles {
  let names: IDXNames
  let source: DatasetSource
  let options: ImageDataset.Options
  var sums: [String: String] = [:]
  /// Whether the files must be Fashion-MNIST's: all have the names of its, and its size, and no others are allowed.
  private let mayBeFashionMNIST: Bool
  private var shape: (name: String, sizes: [Int])?
  private var byteCount = 0

  init(names: IDXNames, source: DatasetSource, options: ImageDataset.Options) {
    (self.names, self.source, self.options) = (names, source, options)
    let candidates = IDXNames.spellings("train", "images", rank: 3).prefix(2).map(names.folder.file)
    let path = candidates.first { FileManager.default.fileExists(atPath: $0) }
    let dimensions = path.flatMap { try? IDXStream(path: $0, rank: 3).dimensions }
    let hasColours = IDXNames.spellings("train", "images", rank: 4).contains(where: names.folder.names.contains)
    mayBeFashionMNIST =
      names.prefix.isEmpty && !options.allowsOtherData && (path != nil || !hasColours)
      && dimensions.map { Array($0[1...]) == [28, 28] } ?? true
  }

  mutating func labels(_ kind: String) throws -> [UInt16] {
    let (path, name) = try find(kind, "labels", ranks: [1])
    let file = try IDXFile(path: path, rank: 1, maximumByteCount: options.memoryLimit)
    try check(file, name, path)
    return file.bytes.map(UInt16.init)
  }

  /// The pixels of `count` images, and their height, width and channels.
  mutating func pixels(_ kind: String, count: Int) throws -> (shape: [Int], pixels: [UInt8]) {
    let (path, name) = try find(kind, "images", ranks: [3, 4])
    let rank = name.contains("idx4") ? 4 : 3
    let first = shape
    let file = try IDXFile(path: path, rank: rank, maximumByteCount: .max) { d in
      if d[0] != count { return "it has \(d[0]) images and its labels file \(count) labels" }
      let sizes = rank == 4 ? Array(d[1...]) : d[1...] + [1]
      guard ImageSize.channelCounts.contains(sizes[2]) else {
        return "its images have \(sizes[2]) channels, not 1, 3 or 4"
      }
      guard let first, first.sizes != sizes else { return nil }
      return "its images are \(Self.text(sizes)), and those of \(first.name) \(Self.text(first.sizes))"
    } checked: { [byteCount, options, source] size in
      guard size <= options.memoryLimit - byteCount else {
        throw DataError.tooLarge(path: source.path, byteCount: byteCount + size, limit: options.memoryLimit)
      }
    }
    byteCount += file.bytes.count
    let sizes = rank == 4 ? Array(file.dimensions[1...]) : file.dimensions[1...] + [1]
    shape = shape ?? (name, sizes)
    try check(file, name, path)
    return (sizes, file.bytes)
  }

  private static func text(_ sizes: [Int]) -> String {
    sizes.prefix(sizes[2] == 1 ? 2 : 3).map(String.init).joined(separator: " × ")
  }

  private func find(_ kind: String, _ what: String, ranks: [Int]) throws -> (path: String, name: String) {
    let candidates = ranks.flatMap { IDXNames.spellings(names.prefix + kind, what, rank: $0) }
    guard
      let name = candidates.first(where: { FileManager.default.fileExists(atPath: names.folder.file($0)) })
    else { throw DataError.missing(path: names.folder.file(candidates[0]), source: source.origin) }
    return (names.folder.file(name), name.hasSuffix(".gz") ? String(name.dropLast(3)) : name)
  }

  /// Keeps a file's sum, which must be Fashion-MNIST's where the files have the names and the form of its.
  private mutating func check(_ file: IDXFile, _ name: String, _ path: String) throws {
    if let expected = FashionMNIST.publishedSums[name], file.sum != expected, mayBeFashionMNIST {
      throw DataError.unexpectedContents(path: path, expectedSum: expected, actualSum: file.sum)
    }
    sums[name] = file.sum
  }
}

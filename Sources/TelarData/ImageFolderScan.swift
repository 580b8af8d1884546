import Foundation

/// The image files of a folder, by split and class.
struct ImageFolderScan {
  struct File {
    var path: String
    var label: UInt16
  }

  /// The sets that are there, `train` first, then `val` and `test`.
  private(set) var sets: [(name: String, files: [File])] = []
  private(set) var classNames: [String] = []
  private(set) var notes: [String] = []

  /// The names that folders of splits have.
  private static let splitNames: [(split: String, names: [String])] = [
    ("train", ["train", "training"]), ("val", ["val", "valid", "validation"]), ("test", ["test", "testing"]),
  ]
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "ppm", "pgm",
  ]
  /// The most folders within one another, and the most files.
  private static let deepest = 16
  private static let mostFiles = 20_000_000

  /// - Throws: ``DataError`` that says what is wrong with the folders and what to do.
  init(_ source: DatasetSource) throws(DataError) {
    let folders = Self.folders(in: source.path)
    let splits = Self.splitNames.compactMap { split, names in
      names.first(where: folders.contains).map { (split: split, folder: source.file($0)) }
    }
    if splits.contains(where: { $0.split == "train" }) {
      for (split, folder) in splits { try add(split, folder, source) }
    } else {
      guard splits.isEmpty else {
        throw .unusable(
          path: source.path,
          problem: "it has a folder \((splits[0].folder as NSString).lastPathComponent) and none named train: name the "
            + "folder of the training images train")
      }
      try Self.checkLevel(source, folders)
      try add("train", source.path, source)
      let name = (source.path as NSString).lastPathComponent
      let parent = (source.path as NSString).deletingLastPathComponent
      if Self.splitNames[0].names.contains(name),
        Self.folders(in: parent).contains(where: { Self.splitNames[1...].flatMap(\.names).contains($0) })
      {
        notes.append("only \(name) is read; name \(parent) to use the sets beside it")
      }
    }
    guard classNames.count > 1 else {
      throw .unusable(
        path: source.path,
        problem: "it has images of one class, \(classNames[0]), and a classifier needs two: name the folder that holds "
          + "a folder for each class")
    }
  }

  /// Refuses folders of images without classes, and folders that hold a data set each.
  private static func checkLevel(_ source: DatasetSource, _ folders: [String]) throws(DataError) {
    for folder in folders where Self.folders(in: source.file(folder)).contains(where: splitNames[0].names.contains) {
      throw .unusable(
        path: source.path, problem: "its folder \(folder) holds the data set: name \(source.file(folder))")
    }
    guard folders.isEmpty || hasOwnImages(source.path) else { return }
    let parent = (source.path as NSString).deletingLastPathComponent
    throw .unusable(
      path: source.path,
      problem:
        "it holds images itself, and not a folder for each class: name the folder above it, \(parent), or put the "
        + "images of each class into a folder of their own")
  }

  /// Adds the images of a split.
  private mutating func add(_ split: String, _ folder: String, _ source: DatasetSource) throws(DataError) {
    let names = Self.folders(in: folder)
    let place = folder == source.path ? "" : (folder as NSString).lastPathComponent + "/"
    func failure(_ problem: String) -> DataError { .unusable(path: source.path, problem: problem) }
    if names.isEmpty {
      throw failure(
        "\(place.isEmpty ? "it" : place) has no folders: put the images of each class into a folder of their own")
    }
    if split == "train" {
      classNames = names
      guard names.count <= ImageDataset.mostClasses else {
        throw failure("it has \(names.count) folders, more than the \(ImageDataset.mostClasses) classes allowed")
      }
      if let name = names.first(where: { !ImageDataset.isClassName($0) }) {
        throw failure(
          "the name of the folder \(name.debugDescription) is too long for a class or has control characters: rename it"
        )
      }
    } else if let name = names.first(where: { !classNames.contains($0) }) {
      throw failure(
        "\(place)\(name) is a class that train lacks: remove it, or put images of it into train/\(name)")
    }
    var files: [File] = []
    for (label, name) in classNames.enumerated() where names.contains(name) {
      let paths = Self.images(below: folder + "/" + name, depth: 0)
      if paths.isEmpty {
        throw failure("the class \(place)\(name) has no images: put PNG or JPEG files there, or remove the folder")
      }
      files += paths.map { File(path: $0, label: UInt16(label)) }
      guard files.count <= Self.mostFiles else { throw failure("it has more than \(Self.mostFiles) images") }
    }
    let missing = classNames.filter { !names.contains($0) }
    if let first = missing.first {
      notes.append(
        "\(place) has no images of \(missing.count == 1 ? first : "\(missing.count) classes, such as \(first)")")
    }
    sets.append((split, files))
  }

  // MARK: Folders

  /// The names in a folder in the order of their bytes, without hidden ones.
  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func folders(in folder: String) -> [String] {
    names(in: folder).filter { isFolder(folder + "/" + $0) }
  }

  private static func isImage(_ name: String) -> Bool {
    endings.contains((name as NSString).pathExtension.lowercased())
  }

  private static func hasOwnImages(_ folder: String) -> Bool { names(in: folder).contains(where: isImage) }

  /// Whether a folder or one below it, not deep, has images.
  static func hasImages(_ folder: String, depth: Int) -> Bool {
    let names = names(in: folder)
    return names.contains(where: isImage)
      || depth < 4 && names.contains { isFolder(folder + "/" + $0) && hasImages(folder + "/" + $0, depth: depth + 1) }
  }

  /// The paths of the images in a folder and in those below it.
  private static func images(below folder: String, depth: Int) -> [String] {
    guard depth < deepest else { return [] }
    return names(in: folder).flatMap { name -> [String] in
      let path = folder + "/" + name
      if isFolder(path) { return images(below: path, depth: depth + 1) }
      return isImage(name) ? [path] : []
    }
  }
}

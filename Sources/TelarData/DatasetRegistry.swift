import Foundation

/// Where a data set is to be read from.
public struct DatasetSource: Sendable {
  public var path: String
  /// How the path came about, for errors: `the folder named`.
  public var origin: String

  public init(path: String, origin: String = "the folder named") {
    self.path = path
    self.origin = origin
  }

  /// Whether the path is a folder.
  public var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The names in the folder, sorted, without hidden ones; none for a file.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The path of a name in the folder.
  public func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }
}

/// A format of data sets.
public protocol DatasetFormat: Sendable {
  /// Its name in records and messages.
  static var name: String { get }
  /// What a path of this format holds, for messages: `a folder of IDX files`.
  static var description: String { get }

  /// Whether a source has this format, by the names in it and the first bytes of files.
  static func recognizes(_ source: DatasetSource) -> Bool

  /// - Throws: ``DataError``.
  static func read(_ source: DatasetSource, _ options: ImageDataset.Options) throws -> ImageDataset
}

/// The formats of data sets. The first that recognizes a path reads it.
public enum DatasetRegistry {
  public static let formats: [any DatasetFormat.Type] = [
    IDXDataset.self, CIFARDataset.self, NumPyDataset.self, ImageFolder.self,
  ]

  /// - Throws: ``DataError`` for a path that is not there, or that no format recognizes.
  static func format(of source: DatasetSource) throws -> any DatasetFormat.Type {
    if let format = formats.first(where: { $0.recognizes(source) }) { return format }
    let names = source.isFolder ? source.names : []
    func failure(_ problem: String) -> DataError { .unusable(path: source.path, problem: problem) }
    if names.contains("data_batch_1") || names.contains("cifar-10-batches-py") || names.contains("cifar-100-python") {
      throw failure("it holds CIFAR's version for Python, which is not read: download the binary version")
    }
    guard FileManager.default.fileExists(atPath: source.path), !source.isFolder || !names.isEmpty,
      !names.contains(where: { $0.contains("-ubyte") })
    else {
      // A path without anything in it gets the error of the default format, which names its package.
      return IDXDataset.self
    }
    throw failure("it is no data set that is known: " + formats.map { $0.description }.joined(separator: "; "))
  }
}

import Foundation
import TelarIO

/// The folder of a run's results.
///
/// Files are written atomically, except metrics and events, to which each epoch appends. `run.json` records what the
/// run is; `result.json` its result, so its presence means that the run has ended. Until then `state.safetensors` holds
/// everything needed to resume.
///
/// Symbolic links are followed in the path that the folder is created with, and never below it.
public struct RunFolder: Sendable {
  public let path: String
  /// The folder that the user named, and the names of the folders from there to this one.
  private let root: String
  private let names: [String]

  public static let recordName = "run.json"
  public static let resultName = "result.json"
  public static let stateName = "state.safetensors"
  public static let bestName = "best.safetensors"
  public static let lastName = "last.safetensors"
  public static let averageName = "average.safetensors"
  public static let samplesName = "samples.safetensors"
  public static let metricsName = "metrics.jsonl"
  static let metricsTableName = "metrics.csv"
  /// The prefix of the names of TensorBoard event files.
  static let eventsPrefix = "events.out.tfevents."
  /// Files in the folder of a study: its name, and the recipe that it was read from, if any.
  public static let studyName = "study.json"
  public static let recipeName = "recipe.toml"

  /// The longest metrics file that is read: some 300,000 epochs.
  private static let longestMetrics = 64 << 20

  public init(_ path: String) { self.init(root: path, names: []) }

  private init(root: String, names: [String]) {
    path = ([root] + names).joined(separator: "/")
    self.root = root
    self.names = names
  }

  /// The state of a run's folder.
  public enum Contents: Sendable {
    /// Nothing, or the folder does not exist.
    case nothing
    /// Files that are not those of a run.
    case other
    /// A run that is under way or was interrupted.
    case unfinished(record: JSON.Members)
    /// A run that has ended, whose `result.json` cannot be read.
    case damaged(record: JSON.Members)
    /// A run that has ended.
    case finished(EndedRun)
  }

  /// The files of a run that has ended: `run.json` and `result.json`.
  public struct EndedRun: Sendable {
    public var record: JSON.Members
    public var result: JSON.Members

    public init(record: JSON.Members, result: JSON.Members) {
      self.record = record
      self.result = result
    }
  }

  public var contents: Contents {
    guard let record = members(of: Self.recordName) else {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      // A process that is killed while it writes its first file leaves a hidden temporary file.
      return names.allSatisfy { $0.hasPrefix(".") } ? .nothing : .other
    }
    guard let result = members(of: Self.resultName) else {
      return has(Self.resultName) ? .damaged(record: record) : .unfinished(record: record)
    }
    return .finished(EndedRun(record: record, result: result))
  }

  /// The object in a JSON file; `nil` when the file is missing or invalid.
  public func members(of name: String) -> JSON.Members? {
    guard let bytes = try? InputFile.read(file(name), atMost: JSON.maximumLength),
      case .object(let members)? = try? JSON(parsing: String(decoding: bytes, as: UTF8.self))
    else { return nil }
    return members
  }

  /// The metrics in `metrics.jsonl`, without lines that are invalid or truncated.
  public var history: [EpochMetrics] {
    TextLines((try? InputFile.read(file(Self.metricsName), atMost: Self.longestMetrics)) ?? [])
      .compactMap { line in line.text.flatMap { try? JSON(parsing: $0) }.flatMap(EpochMetrics.init(json:)) }
  }

  /// The names of checkpoints and metrics in the folder: files that cannot be made again without training.
  public var results: [String] { [Self.bestName, Self.lastName, Self.averageName, Self.metricsName].filter(has) }

  /// Removes the files of a run, and only those, and writes the record of a new one. If this is interrupted, the folder
  /// is that of an unfinished run.
  public func begin(_ record: JSON.Members) throws {
    let folder = try made()
    folder.remove(Self.resultName)
    for name in folder.names where Self.isOfRun(name) && name != Self.recordName { folder.remove(name) }
    try write(record, to: Self.recordName)
  }

  private static func isOfRun(_ name: String) -> Bool {
    let own = [
      recordName, resultName, stateName, bestName, lastName, averageName, samplesName, metricsName, metricsTableName,
    ]
    let figures = ["loss", "accuracy", "confusion", "reconstructions"]
    return own.contains(name) || name.hasPrefix(eventsPrefix)
      || figures.contains { name == $0 + ".png" || name == $0 + ".csv" }
  }

  /// A subfolder.
  public func folder(_ name: String) -> RunFolder { RunFolder(root: root, names: names + [name]) }

  /// Opens the folder, creating it and its parents where they are missing.
  ///
  /// - Throws: `OutputError`, also for a symbolic link below the folder that the user named.
  @discardableResult
  public func made() throws(OutputError) -> Folder {
    var folder = try Folder(making: root)
    for name in names { folder = try folder.folder(name) }
    return folder
  }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  public func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// Writes a file atomically.
  public func write(_ bytes: [UInt8], to name: String) throws { try made().write(bytes, to: name) }

  public func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  /// Removes a file.
  public func remove(_ name: String) throws { try made().remove(name) }

  /// Writes a JSON object with one member per line, for people to read.
  public func write(_ members: JSON.Members, to name: String) throws {
    let lines = members.map { "  \(JSON.quoted($0.key)): \($0.value.text)" }
    try write("{\n" + lines.joined(separator: ",\n") + "\n}\n", to: name)
  }
}

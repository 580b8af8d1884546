import Foundation
import TelarIO

/// The folder that a run leaves its results in. Files in it appear whole or not at all, but for metrics and events, to
/// which each epoch adds.
///
/// `run.json` says what the run is, `result.json` what it came to, and so that it has ended. In between, `state.safetensors`
/// holds all that it takes to go on.
///
/// The path that it is made with may lead over links; below that path none is followed when something is written.
public struct RunFolder: Sendable {
  public let path: String
  /// The folder that the user named, and those below it on the way to this one.
  private let root: String
  private let names: [String]

  public static let recordName = "run.json"
  public static let resultName = "result.json"
  public static let stateName = "state.safetensors"
  public static let bestName = "best.safetensors"
  public static let lastName = "last.safetensors"
  public static let samplesName = "samples.safetensors"
  public static let metricsName = "metrics.jsonl"
  static let metricsTableName = "metrics.csv"
  /// What the name of TensorBoard's event file begins with.
  static let eventsPrefix = "events.out.tfevents."
  /// In the folder of a study: which it is, and the recipe that it was read from, if any.
  public static let studyName = "study.json"
  public static let recipeName = "recipe.toml"

  /// Bytes of the longest metrics that are read: some 300,000 epochs.
  private static let longestMetrics = 64 << 20

  public init(_ path: String) { self.init(root: path, names: []) }

  private init(root: String, names: [String]) {
    path = ([root] + names).joined(separator: "/")
    self.root = root
    self.names = names
  }

  /// What a folder holds.
  public enum Contents: Sendable {
    /// Nothing, or it is not there.
    case nothing
    /// Something that no run left.
    case other
    /// A run that has not ended, or was ended before it had.
    case unfinished(record: JSON.Members)
    /// A run that has ended, as there is a file of what it came to, which is not readable any more.
    case damaged(record: JSON.Members)
    /// A run that has ended.
    case finished(record: JSON.Members, result: JSON.Members)
  }

  public var contents: Contents {
    guard let record = members(of: Self.recordName) else {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      // A process that was killed while it wrote its first file leaves a hidden one.
      return names.allSatisfy { $0.hasPrefix(".") } ? .nothing : .other
    }
    guard let result = members(of: Self.resultName) else {
      return has(Self.resultName) ? .damaged(record: record) : .unfinished(record: record)
    }
    return .finished(record: record, result: result)
  }

  /// The object in a JSON file; `nil` where there is none.
  public func members(of name: String) -> JSON.Members? {
    guard let bytes = try? InputFile.read(file(name), atMost: JSON.maximumLength),
      case .object(let members)? = try? JSON(parsing: String(decoding: bytes, as: UTF8.self))
    else { return nil }
    return members
  }

  /// The metrics of the epochs, as they were written. What is no line of metrics, such as one that is being written, is
  /// left out.
  public var history: [EpochMetrics] {
    TextLines((try? InputFile.read(file(Self.metricsName), atMost: Self.longestMetrics)) ?? [])
      .compactMap { line in line.text.flatMap { try? JSON(parsing: $0) }.flatMap(EpochMetrics.init(json:)) }
  }

  /// What a run left here that cost time to make and cannot be had again without its state: the names of checkpoints
  /// and metrics.
  public var results: [String] { [Self.bestName, Self.lastName, Self.metricsName].filter(has) }

  /// Removes what a run left, and nothing else, and says what the next one is. Whenever that is interrupted, the folder
  /// is that of a run which has not ended.
  public func begin(_ record: JSON.Members) throws {
    let folder = try made()
    folder.remove(Self.resultName)
    for name in folder.names where Self.isOfRun(name) && name != Self.recordName { folder.remove(name) }
    try write(record, to: Self.recordName)
  }

  private static func isOfRun(_ name: String) -> Bool {
    let own = [
      recordName, resultName, stateName, bestName, lastName, samplesName, metricsName, metricsTableName,
    ]
    let figures = ["loss", "accuracy", "confusion", "reconstructions"]
    return own.contains(name) || name.hasPrefix(eventsPrefix)
      || figures.contains { name == $0 + ".png" || name == $0 + ".csv" }
  }

  /// A folder inside this one.
  public func folder(_ name: String) -> RunFolder { RunFolder(root: root, names: names + [name]) }

  /// Opens the folder, which is made where it is missing, with those above it.
  ///
  /// - Throws: `OutputError`, also where there is a link on the way from the folder that the user named.
  @discardableResult
  public func made() throws(OutputError) -> Folder {
    var folder = try Folder(making: root)
    for name in names { folder = try folder.folder(name) }
    return folder
  }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  public func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// Writes a file, whole or not at all.
  public func write(_ bytes: [UInt8], to name: String) throws { try made().write(bytes, to: name) }

  public func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  /// Removes a file.
  public func remove(_ name: String) throws { try made().remove(name) }

  /// Writes a JSON object, one member a line, for people to read.
  public func write(_ members: JSON.Members, to name: String) throws {
    let lines = members.map { "  \(JSON.quoted($0.key)): \($0.value.text)" }
    try write("{\n" + lines.joined(separator: ",\n") + "\n}\n", to: name)
  }
}

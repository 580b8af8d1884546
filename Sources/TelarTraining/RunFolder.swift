import Files
import Foundation
import Safetensors

/// Folders that runs leave their results in.
///
/// Nothing is ever overwritten: each start of a study makes a folder of its own, `aldecoa-001`, `aldecoa-002`, … under
/// the one that was named. Every file in it appears whole or not at all.
public struct RunFolder: Sendable {
  public let path: String

  /// Makes a numbered folder: the number after the highest that is there.
  ///
  /// - Throws: `OutputError` where it cannot be made.
  public static func numbered(_ name: String, under parent: String) throws -> RunFolder {
    try AtomicFile.makeFolder(parent)
    let present: [String]
    do { present = try FileManager.default.contentsOfDirectory(atPath: parent) } catch {
      throw OutputError.cannotCreate(path: parent + "/" + name, reason: "the folder above it cannot be read")
    }
    let numbers = present.compactMap { $0.hasPrefix(name + "-") ? Int($0.dropFirst(name.count + 1)) : nil }
    var number = (numbers.max() ?? 0) + 1
    while true {
      let digits = String(number)
      let path = "\(parent)/\(name)-\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits)"
      // mkdir fails where something is, so that two runs which start together get a folder each.
      if mkdir(path, 0o755) == 0 { return RunFolder(path: path) }
      guard errno == EEXIST else {
        throw OutputError.cannotCreate(path: path, reason: String(cString: strerror(errno)))
      }
      number += 1
    }
  }

  /// A folder inside this one.
  public func folder(_ name: String) throws -> RunFolder {
    try AtomicFile.makeFolder(path + "/" + name)
    return RunFolder(path: path + "/" + name)
  }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  public func write(_ text: String, to name: String) throws { try AtomicFile.write(text, to: file(name)) }

  /// Writes a JSON object, one member a line, for people to read.
  public func write(_ members: JSON.Members, to name: String) throws {
    let lines = members.map { "  \(JSON.quoted($0.key)): \($0.value.text)" }
    try write("{\n" + lines.joined(separator: ",\n") + "\n}\n", to: name)
  }

  /// Writes the metrics so far, as JSON lines and as CSV.
  public func write(_ metrics: [EpochMetrics]) throws {
    try write(metrics.map { JSON.object($0.json).text + "\n" }.joined(), to: "metrics.jsonl")
    try write(EpochMetrics.csvHeader + metrics.map(\.csvLine).joined(), to: "metrics.csv")
  }
}

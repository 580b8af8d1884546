import Foundation
import SwiftProtobuf
import TelarIO

/// An event file of scalars, which TensorBoard shows as curves while it grows.
///
/// Records are only ever added, each by one call of the system. What a crash leaves of a record that it interrupts is
/// taken away when the file is opened again.
public final class EventFileWriter {
  /// As errors name it.
  public var path: String { file.path }
  private let file: AppendedFile

  private static let version = "brain.Event:2"
  /// A longer file is none of curves, whose longest runs leave some 20 MB; refused before it is read to be added to.
  package static let longestFile = 64 << 20

  /// A value of a curve: `val/loss`, 0.3.
  public typealias Scalar = (tag: String, value: Double)

  /// A name by which TensorBoard finds the file in its folder: `events.out.tfevents.<unix seconds>.<host>`.
  public static func fileName(startedAt start: Date = .now) -> String {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays zero.
    gethostname(&name, name.count - 1)
    let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return "events.out.tfevents.\(Int(start.timeIntervalSince1970)).\(String(decoding: host, as: UTF8.self))"
  }

  /// Makes a file in a folder.
  ///
  /// - Parameter wallTime: when it starts, in seconds since 1970.
  /// - Throws: `OutputError`, also where there is something of that name.
  public init(
    creating name: String, in folder: Folder, wallTime: Double = Date.now.timeIntervalSince1970
  ) throws {
    guard !folder.has(name) else {
      let path = folder.file(name)
      throw OutputError.cannotCreate(path: path, reason: "there is something of that name")
    }
    let first = try Record.framed(
      BoardEvent.with {
        $0.wallTime = wallTime
        $0.fileVersion = Self.version
      }.serializedBytes())
    // Whole or not at all, so that a file which is there begins as it must.
    try folder.write(first, to: name)
    file = try AppendedFile(name, in: folder)
  }

  /// Opens a file to go on where a run is resumed.
  ///
  /// What was written of `step` and of steps after it is dropped, and so is what follows the last whole record.
  ///
  /// - Throws: ``EventFileError`` for what is no event file, which stays as it is; `InputError`, `OutputError`.
  public init(appendingTo name: String, in folder: Folder, from step: Int) throws {
    let path = folder.file(name)
    let bytes = try InputFile.read(name, in: folder, atMost: Self.longestFile)
    var kept: [UInt8] = []
    var rest = bytes[...]
    while let (data, next) = Record.first(of: rest) {
      guard let event = try? BoardEvent(serializedBytes: Array(data)) else {
        throw EventFileError(path: path, "holds a record that is no event")
      }
      if kept.isEmpty, !event.fileVersion.hasPrefix("brain.Event:") { break }
      if kept.isEmpty || event.step < step { kept += bytes[rest.startIndex..<next.startIndex] }
      rest = next
    }
    guard !kept.isEmpty else { throw EventFileError(path: path, "is not an event file of TensorBoard") }
    if kept.count < bytes.count { try folder.write(kept, to: name) }
    file = try AppendedFile(name, in: folder)
  }

  /// Adds a record of one step.
  ///
  /// - Parameter wallTime: when it was, in seconds since 1970.
  /// - Throws: `OutputError`; the file then ends with the record before.
  public func write(scalars: [Scalar], step: Int, wallTime: Double = Date.now.timeIntervalSince1970) throws {
    let event = BoardEvent.with {
      $0.wallTime = wallTime
      $0.step = Int64(step)
      $0.summary.value = scalars.map { scalar in
        .with {
          $0.tag = scalar.tag
          $0.simpleValue = Float(scalar.value)
        }
      }
    }
    try file.append(Record.framed(event.serializedBytes()))
  }

  /// Waits until what was written is on the disk.
  public func flush() throws { try file.flush() }
}

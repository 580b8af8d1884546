import Foundation
import SwiftProtobuf
import TelarIO

/// Writes TensorBoard event files of scalars, which TensorBoard follows while they grow.
///
/// Each record is appended by one system call. A partial record that a crash leaves is removed when the file is
/// reopened.
public final class EventFileWriter {
  /// The path, for error messages.
  public var path: String { file.path }
  private let file: AppendedFile

  private static let version = "brain.Event:2"
  /// The longest file that is reopened. The longest runs write some 20 MB.
  package static let longestFile = 64 << 20

  /// A value of a curve: `val/loss`, 0.3.
  public typealias Scalar = (tag: String, value: Double)

  /// A file name that TensorBoard recognises: `events.out.tfevents.<unix seconds>.<host>`.
  public static func fileName(startedAt start: Date = .now) -> String {
    var name = [CChar](repeating: 0, count: 256)
    // Leaves room for the terminating zero.
    gethostname(&name, name.count - 1)
    let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return "events.out.tfevents.\(Int(start.timeIntervalSince1970)).\(String(decoding: host, as: UTF8.self))"
  }

  /// Creates a file in a folder.
  ///
  /// - Parameter wallTime: the start of the run, in seconds since 1970.
  /// - Throws: `OutputError`, also when the name exists.
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
    // Atomic, so that an existing file always begins with its version record.
    try folder.write(first, to: name)
    file = try AppendedFile(name, in: folder)
  }

  /// Reopens a file to continue a resumed run.
  ///
  /// Records of `step` and later steps are removed, and so is everything behind the last complete record.
  ///
  /// - Throws: ``EventFileError`` for a file that is not an event file, which stays unchanged; `InputError`,
  ///   `OutputError`.
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

  /// Appends the record of one step.
  ///
  /// - Parameter wallTime: the time of the step, in seconds since 1970.
  /// - Throws: `OutputError`; the file then ends with the previous record.
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

  /// Waits until everything written is on the disk.
  public func flush() throws { try file.flush() }
}

import Foundation
import TelarIO
import TelarTraining
import TestSupport
import Testing

/// An event as an independent reader of the bytes finds it.
struct ReadEvent: Equatable {
  var wallTime = 0.0
  var step = 0
  var version: String?
  var scalars: [String: Float] = [:]
}

/// Reads event files by the descriptions of their two formats, sharing nothing with what writes them.
enum EventFileReader {
  /// CRC-32C, a bit at a time.
  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt32 = 0xffff_ffff
    for byte in bytes {
      for bit in 0..<8 {
        let feedback = (remainder ^ UInt32(byte >> UInt8(bit))) & 1
        remainder >>= 1
        if feedback == 1 { remainder ^= 0x82f6_3b78 }
      }
    }
    return remainder ^ 0xffff_ffff
  }

  static func records(_ file: [UInt8]) throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var at = 0
    func bytes(_ count: Int) throws -> [UInt8] {
      try #require(at + count <= file.count, "the file ends within a record")
      defer { at += count }
      return Array(file[at..<(at + count)])
    }
    func number(_ bytes: [UInt8]) -> Int { bytes.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) } }
    func checkSum(of data: [UInt8]) throws {
      let sum = Int(crc32c(data))
      let masked = ((sum >> 15 | sum << 17 & 0xffff_ffff) + 0xa282_ead8) & 0xffff_ffff
      #expect(number(try bytes(4)) == masked)
    }
    while at < file.count {
      let length = try bytes(8)
      try checkSum(of: length)
      let data = try bytes(number(length))
      try checkSum(of: data)
      records.append(data)
    }
    return records
  }

  /// The fields of a message: number, and bytes of a number (little-endian) or of what has a length.
  static func fields(_ message: [UInt8]) throws -> [(number: Int, bytes: [UInt8])] {
    var at = 0
    func varint() throws -> Int {
      var (value, shift) = (0, 0)
      while true {
        try #require(at < message.count && shift < 64, "a number that does not end")
        value |= Int(message[at] & 0x7f) << shift
        shift += 7
        at += 1
        if message[at - 1] < 0x80 { return value }
      }
    }
    var fields: [(Int, [UInt8])] = []
    while at < message.count {
      let key = try varint()
      let count: Int
      switch key & 7 {
      case 0:
        let value = try varint()
        fields.append((key >> 3, (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }))
        continue
      case 1: count = 8
      case 2: count = try varint()
      case 5: count = 4
      default: throw CocoaError(.coderInvalidValue)
      }
      try #require(0...(message.count - at) ~= count, "a field that is longer than its message")
      fields.append((key >> 3, Array(message[at..<(at + count)])))
      at += count
    }
    return fields
  }

  static func events(_ path: String) throws -> [ReadEvent] {
    let file = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    return try records(file).map { record in
      var event = ReadEvent()
      for (number, bytes) in try fields(record) {
        switch number {
        case 1: event.wallTime = bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
        case 2: event.step = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
        case 3: event.version = String(decoding: bytes, as: UTF8.self)
        case 5:
          for (_, value) in try fields(bytes) {
            let parts = try fields(value)
            let tag = try #require(parts.first { $0.number == 1 }).bytes
            let number = try #require(parts.first { $0.number == 2 }).bytes
            event.scalars[String(decoding: tag, as: UTF8.self)] = number.withUnsafeBytes {
              $0.loadUnaligned(as: Float.self)
            }
          }
        default: Issue.record("field \(number)")
        }
      }
      return event
    }
  }
}

@Suite("Event files")
struct EventFileTests {
  let folder: TemporaryFolder
  let opened: Folder
  let name = EventFileWriter.fileName()
  private var path: String { "\(folder.path)/\(name)" }

  init() throws {
    folder = try TemporaryFolder()
    opened = try Folder(folder.path)
  }

  private func event(_ step: Int, _ loss: Float) -> ReadEvent {
    ReadEvent(wallTime: 1000 + Double(step), step: step, scalars: ["val/loss": loss, "train/loss": loss / 2])
  }

  private func write(_ steps: ClosedRange<Int>, _ loss: Float, to writer: EventFileWriter) throws {
    for step in steps {
      try writer.write(
        scalars: [("val/loss", Double(loss)), ("train/loss", Double(loss / 2))], step: step,
        wallTime: 1000 + Double(step))
    }
    try writer.flush()
  }

  private let first = ReadEvent(wallTime: 999.5, version: "brain.Event:2")

  /// A file of steps 1 to 5.
  private func five() throws -> [UInt8] {
    try write(1...5, 0.5, to: EventFileWriter(creating: name, in: opened, wallTime: 999.5))
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The reader's own sums are held to the answers of RFC 3720, B.4, and with it those that are written.
  @Test func `check sums are CRC-32C`() {
    #expect(EventFileReader.crc32c([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(EventFileReader.crc32c([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
    #expect(EventFileReader.crc32c(Array(0..<32)) == 0x46dd_794e)
    #expect(EventFileReader.crc32c((0..<32).reversed()) == 0x113f_db5c)
    #expect(EventFileReader.crc32c(Array("123456789".utf8)) == 0xe306_9283)
  }

  @Test func `what is written is read`() throws {
    let writer = try EventFileWriter(creating: name, in: opened, wallTime: 999.5)
    #expect(try EventFileReader.events(path) == [first])
    try write(0...3, 0.25, to: writer)
    try writer.write(scalars: [("é", .infinity)], step: 1 << 40, wallTime: 0.1)
    try writer.write(scalars: [], step: 4, wallTime: 0)
    #expect(
      try EventFileReader.events(path) == [first] + (0...3).map { event($0, 0.25) } + [
        ReadEvent(wallTime: 0.1, step: 1 << 40, scalars: ["é": .infinity]), ReadEvent(step: 4),
      ])
  }

  @Test func `the name is one that TensorBoard looks for`() throws {
    let name = EventFileWriter.fileName(startedAt: Date(timeIntervalSince1970: 1_700_000_000.9))
    #expect(name.wholeMatch(of: /events\.out\.tfevents\.1700000000\.[A-Za-z0-9.-]*/) != nil, "\(name)")
  }

  @Test func `a resumed run drops what it does again`() throws {
    _ = try five()
    let writer = try EventFileWriter(appendingTo: name, in: opened, from: 4)
    #expect(try EventFileReader.events(path) == [first] + (1...3).map { event($0, 0.5) })
    try write(4...6, 0.125, to: writer)
    #expect(
      try EventFileReader.events(path) == [first] + (1...3).map { event($0, 0.5) } + (4...6).map { event($0, 0.125) })
    #expect(folder.contents().count == 1)
  }

  @Test func `steps out of order are dropped wherever they stand`() throws {
    let writer = try EventFileWriter(creating: name, in: opened, wallTime: 999.5)
    for step in [1, 5, 2, 6, 3] { try write(step...step, 0.5, to: writer) }
    _ = try EventFileWriter(appendingTo: name, in: opened, from: 4)
    #expect(try EventFileReader.events(path).map(\.step) == [0, 1, 2, 3])
  }

  @Test func `a file that needs no change stays as it is`() throws {
    let bytes = try five()
    let writer = try EventFileWriter(appendingTo: name, in: opened, from: 6)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    try write(6...6, 0.5, to: writer)
    #expect(try EventFileReader.events(path).map(\.step) == [0, 1, 2, 3, 4, 5, 6])
  }

  @Test func `a last record that was cut short is dropped`() throws {
    let bytes = try five()
    let record = (bytes.count - 40) / 5
    // Within the last record and at both of its ends.
    for count in (bytes.count - record)...bytes.count {
      try Data(bytes.prefix(count)).write(to: URL(fileURLWithPath: path))
      let writer = try EventFileWriter(appendingTo: name, in: opened, from: 100)
      try write(7...7, 0.5, to: writer)
      let last = count == bytes.count ? [5] : []
      #expect(try EventFileReader.events(path).map(\.step) == [0, 1, 2, 3, 4] + last + [7], "\(count)")
    }
    // Damage is the end as well: no reader looks behind it.
    for place in [bytes.count - record, bytes.count - record + 9, bytes.count - record + 20, bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 1
      try Data(damaged).write(to: URL(fileURLWithPath: path))
      _ = try EventFileWriter(appendingTo: name, in: opened, from: 100)
      #expect(try EventFileReader.events(path).map(\.step) == [0, 1, 2, 3, 4], "\(place)")
    }
  }

  @Test func `what is no event file is refused and stays`() throws {
    for bytes in [[], [1, 2, 3], [UInt8](repeating: 0, count: 100), Array(try five().dropFirst(1))] {
      let other = try folder.write("other", bytes)
      let error = #expect(throws: EventFileError.self) {
        try EventFileWriter(appendingTo: "other", in: opened, from: 1)
      }
      #expect(error?.path == other && error?.description.contains("Move it away") == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == Data(bytes))
    }
    // A record whose length is far beyond the file's end.
    var long = try Data(contentsOf: URL(fileURLWithPath: path))
    long[6] = 0x7f
    try folder.write("other", Array(long))
    #expect(throws: EventFileError.self) { try EventFileWriter(appendingTo: "other", in: opened, from: 1) }
    #expect(throws: InputError.self) { try EventFileWriter(appendingTo: "nothing", in: opened, from: 1) }
    #expect(throws: InputError.self) { try EventFileWriter(appendingTo: ".", in: opened, from: 1) }
  }

  @Test func `a file that is too long is refused before it is read`() throws {
    _ = try folder.writeSparse("long", length: 3 << 30)
    let error = #expect(throws: InputError.self) { try EventFileWriter(appendingTo: "long", in: opened, from: 1) }
    #expect(error?.kind == .tooLong)
  }

  @Test func `nothing is overwritten`() throws {
    let bytes = try five()
    let error = #expect(throws: OutputError.self) { try EventFileWriter(creating: name, in: opened) }
    #expect(error == .cannotCreate(path: path, reason: "there is something of that name"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    #expect(throws: OutputError.self) { try EventFileWriter(creating: "no/folder", in: opened) }
  }
}

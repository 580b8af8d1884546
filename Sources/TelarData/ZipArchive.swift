import CZlib
import Foundation

/// The files of a ZIP archive, stored or deflated, as NumPy's `savez` writes it: also beyond 4 GiB (ZIP64).
///
/// - Source: PKWARE, APPNOTE.TXT 6.3.
package struct ZipArchive {
  package struct Entry {
    var name: String
    var isDeflated: Bool
    var packedCount: Int
    package var count: Int
    var checkSum: UInt32
    /// Where its local header begins.
    var place: Int
  }

  let path: String
  package private(set) var entries: [Entry] = []
  private let bytes: [UInt8]

  static let signature: [UInt8] = [0x50, 0x4b, 0x03, 0x04]
  private static let mostEntries = 10_000

  /// Reads the directory of an archive; nothing is unpacked.
  ///
  /// - Throws: ``DataError``.
  package init(_ bytes: [UInt8], path: String) throws(DataError) {
    self.path = path
    self.bytes = bytes
    func fail(_ problem: String) -> DataError { .malformed(path: path, problem: problem) }
    // The end of the directory is at the end of the file, but for a comment.
    guard let end = Self.last([0x50, 0x4b, 0x05, 0x06], in: bytes, within: 65_557), var count = number(end + 10, 2),
      var place = number(end + 16, 4)
    else { throw fail("the directory at the end of the archive is missing") }
    if count == 0xffff || place == 0xffff_ffff,
      let locator = Self.last([0x50, 0x4b, 0x06, 0x07], in: bytes, within: 65_577),
      let long = number(locator + 8, 8), let longCount = number(long + 32, 8), let longPlace = number(long + 48, 8)
    {
      (count, place) = (longCount, longPlace)
    }
    guard count <= Self.mostEntries else {
      throw fail("it holds \(count) files, more than the \(Self.mostEntries) allowed")
    }
    for _ in 0..<count {
      guard number(place, 4) == 0x0201_4b50, let flags = number(place + 8, 2), let method = number(place + 10, 2),
        let sum = number(place + 16, 4), var packed = number(place + 20, 4), var unpacked = number(place + 24, 4),
        let nameLength = number(place + 28, 2), let extraLength = number(place + 30, 2),
        let commentLength = number(place + 32, 2), var local = number(place + 42, 4),
        place + 46 + nameLength + extraLength <= bytes.count
      else { throw fail("its directory is damaged") }
      let name = String(decoding: bytes[(place + 46)..<(place + 46 + nameLength)], as: UTF8.self)
      guard flags & 1 == 0 else { throw fail("\(name) in it is encrypted") }
      guard method == 0 || method == 8 else {
        throw fail("\(name) in it is packed by a method that is not read (\(method))")
      }
      var extra = place + 46 + nameLength
      let extraEnd = extra + extraLength
      while extra + 4 <= extraEnd, let tag = number(extra, 2), let length = number(extra + 2, 2) {
        if tag == 1 {
          var field = extra + 4
          for (isLong, set) in [
            (unpacked == 0xffff_ffff, { unpacked = $0 }), (packed == 0xffff_ffff, { packed = $0 }),
            (local == 0xffff_ffff, { local = $0 }),
          ] as [(Bool, (Int) -> Void)] where isLong {
            guard let value = number(field, 8) else { throw fail("its directory is damaged") }
            set(value)
            field += 8
          }
        }
        extra += 4 + length
      }
      entries.append(
        Entry(
          name: name, isDeflated: method == 8, packedCount: packed, count: unpacked, checkSum: UInt32(sum), place: local
        ))
      place += 46 + nameLength + extraLength + commentLength
    }
  }

  /// The contents of a file in the archive.
  ///
  /// - Parameter limit: the most bytes that it may have, checked before anything is unpacked.
  /// - Throws: ``DataError``, also when contents and check sum differ.
  package func contents(of entry: Entry, atMost limit: Int) throws(DataError) -> [UInt8] {
    func fail(_ problem: String) -> DataError { .malformed(path: "\(path), \(entry.name)", problem: problem) }
    guard entry.count <= limit else { throw .tooLarge(path: path, byteCount: entry.count, limit: limit) }
    guard number(entry.place, 4) == 0x0403_4b50, let nameLength = number(entry.place + 26, 2),
      let extraLength = number(entry.place + 28, 2)
    else { throw fail("its place in the archive is damaged") }
    let start = entry.place + 30 + nameLength + extraLength
    guard start <= bytes.count, entry.packedCount <= bytes.count - start else { throw fail("it is cut short") }
    let packed = bytes[start..<(start + entry.packedCount)]
    let contents: [UInt8]
    if entry.isDeflated {
      // Deflate makes at most 258 bytes from two bits.
      guard entry.count <= max(1024, packed.count * 1032), let unpacked = Self.inflated(packed, count: entry.count)
      else {
        throw fail("it is damaged or longer than it says")
      }
      contents = unpacked
    } else {
      guard entry.packedCount == entry.count else { throw fail("its sizes differ") }
      contents = Array(packed)
    }
    guard Self.checkSum(contents) == entry.checkSum else { throw fail("its check sum is wrong") }
    return contents
  }

  /// A little-endian number; `nil` beyond the end of the file, and when it does not fit.
  private func number(_ place: Int, _ length: Int) -> Int? {
    guard place >= 0, place <= bytes.count - length else { return nil }
    let value = bytes[place..<(place + length)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return value <= UInt64(Int.max >> 1) ? Int(value) : nil
  }

  /// The last place of a signature near the end of the file.
  private static func last(_ signature: [UInt8], in bytes: [UInt8], within length: Int) -> Int? {
    let first = max(0, bytes.count - length)
    var place = bytes.count - signature.count
    while place >= first {
      if bytes[place..<(place + signature.count)].elementsEqual(signature) { return place }
      place -= 1
    }
    return nil
  }

  private static func inflated(_ packed: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
    var stream = z_stream()
    // A negative window: deflate without a header.
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var unpacked = [UInt8](repeating: 0, count: count)
    // One byte more shows that there is more than there should be.
    var surplus: UInt8 = 0
    let isWhole = packed.withUnsafeBufferPointer { input in
      unpacked.withUnsafeMutableBufferPointer { output in
        var (taken, made) = (0, 0)
        while true {
          let (available, room) = (min(input.count - taken, 1 << 30), min(count - made, 1 << 30))
          stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.advanced(by: taken))
          stream.avail_in = UInt32(available)
          let status = withUnsafeMutablePointer(to: &surplus) { surplus in
            stream.next_out = room > 0 ? output.baseAddress! + made : surplus
            stream.avail_out = room > 0 ? UInt32(room) : 1
            return inflate(&stream, Z_NO_FLUSH)
          }
          let produced = (room > 0 ? room : 1) - Int(stream.avail_out)
          taken += available - Int(stream.avail_in)
          if room == 0, produced > 0 { return false }
          made += produced
          if status == Z_STREAM_END { return made == count }
          if status != Z_OK || produced == 0 && available == Int(stream.avail_in) { return false }
        }
      }
    }
    return isWhole ? unpacked : nil
  }

  private static func checkSum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }
}

import CZlib
import Foundation
import TelarIO

/// The bytes of a file in order, decompressed if it is gzip, which its first two bytes tell.
///
/// Memory use is two fixed blocks, whatever the file. Several gzip members may follow one another; zeros behind a
/// member are padding, as for gzip(1). Other data behind the last member, and a truncated member, are errors.
final class ByteStream {
  private static let blockSize = 1 << 16

  private let path: String
  private let descriptor: Int32
  private let length: Int
  private var stream = z_stream()
  private var isCompressed = false
  private var memberEnded = false
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 16)
  private var inputRange = 0..<0

  init(path: String) throws {
    self.path = path
    // O_NONBLOCK makes a named pipe without a writer an error instead of a hang.
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw DataError.unreadable(path: path, reason: systemError()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw DataError.unreadable(path: path, reason: "it is not a regular file")
    }
    length = Int(status.st_size)
    try refill()
    if inputRange.count >= 2, input[0] == 0x1f, input[1] == 0x8b {
      // 16 selects gzip's header and check sum, 15 the largest window.
      let status = inflateInit2_(&stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      guard status == Z_OK else { throw DataError.unreadable(path: path, reason: "zlib cannot start (\(status))") }
      isCompressed = true
    }
  }

  deinit {
    if isCompressed { inflateEnd(&stream) }
    if descriptor >= 0 { close(descriptor) }
    input.deallocate()
  }

  /// The number of bytes of an uncompressed file; `nil` for gzip, whose length is unknown before it is decompressed.
  var plainLength: Int? { isCompressed ? nil : length }

  /// An upper bound of the bytes in the stream: deflate produces at most 258 bytes from two bits.
  var mostBytes: Int { isCompressed ? length * 1032 : length }

  /// Fills `output`; returns fewer bytes only at the end of the file.
  func read(into output: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < output.count {
      let count = try step(UnsafeMutableRawBufferPointer(rebasing: output[filled...]))
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Skips bytes; returns fewer only at the end of the file.
  func skip(_ count: Int) throws -> Int {
    var skipped = 0
    if !isCompressed {
      skipped = min(count, inputRange.count)
      inputRange = (inputRange.lowerBound + skipped)..<inputRange.upperBound
      let place = lseek(descriptor, 0, SEEK_CUR)
      let jump = max(0, min(count - skipped, length - Int(place)))
      guard place >= 0, lseek(descriptor, off_t(jump), SEEK_CUR) >= 0 else {
        throw DataError.unreadable(path: path, reason: systemError())
      }
      return skipped + jump
    }
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, Self.blockSize), alignment: 16)
    defer { block.deallocate() }
    while skipped < count {
      let wanted = min(block.count, count - skipped)
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: block[..<wanted]))
      skipped += got
      if got < wanted { break }
    }
    return skipped
  }

  /// Returns at least one byte, or 0 at the end.
  private func step(_ output: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      if inputRange.isEmpty { try refill() }
      if memberEnded {
        let padding = input[inputRange].prefix { $0 == 0 }.count
        inputRange = (inputRange.lowerBound + padding)..<inputRange.upperBound
        if inputRange.isEmpty && padding > 0 { continue }
      }
      guard isCompressed else {
        let count = min(output.count, inputRange.count)
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[inputRange].prefix(count)))
        inputRange = (inputRange.lowerBound + count)..<inputRange.upperBound
        return count
      }
      if inputRange.isEmpty {
        guard memberEnded else { throw DataError.malformed(path: path, problem: "the gzip stream is cut short") }
        return 0
      }
      if memberEnded {
        inflateReset(&stream)
        memberEnded = false
      }
      let available = UInt32(min(output.count, 1 << 30))
      stream.next_in = input.baseAddress!.assumingMemoryBound(to: UInt8.self) + inputRange.lowerBound
      stream.avail_in = UInt32(inputRange.count)
      stream.next_out = output.baseAddress!.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = available
      let status = inflate(&stream, Z_NO_FLUSH)
      inputRange = (inputRange.upperBound - Int(stream.avail_in))..<inputRange.upperBound
      switch status {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: memberEnded = true
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "error \(status)"
        throw DataError.malformed(path: path, problem: "the gzip stream is damaged (\(reason))")
      }
      let count = Int(available - stream.avail_out)
      if count > 0 { return count }
    }
  }

  private func refill() throws {
    var count: Int
    repeat { count = Foundation.read(descriptor, input.baseAddress!, input.count) } while count < 0 && errno == EINTR
    guard count >= 0 else { throw DataError.unreadable(path: path, reason: systemError()) }
    inputRange = 0..<count
  }
}

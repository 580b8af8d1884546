import Foundation

/// A regular file open for reading.
final class OpenFile {
  let path: String
  let length: Int
  private let descriptor: Int32

  init(_ path: String) throws(SafetensorsError) {
    self.path = path
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    do { length = try InputFile.length(descriptor, path) } catch {
      throw SafetensorsError(error.kind == .missing ? .missing : .unreadable, path: path, error.problem)
    }
  }

  deinit { close(descriptor) }

  /// Reads `count` elements at a byte offset.
  func read<Element: BitwiseCopyable>(at offset: Int, _ type: Element.Type, count: Int) throws(SafetensorsError)
    -> [Element]
  {
    var failure: SafetensorsError?
    let elements = [Element](unsafeUninitializedCapacity: count) { memory, initialized in
      let bytes = UnsafeMutableRawBufferPointer(memory)
      let wanted = count * MemoryLayout<Element>.stride
      var done = 0
      while done < wanted {
        let got = pread(descriptor, bytes.baseAddress! + done, wanted - done, off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else {
          let reason = got == 0 ? "the file became shorter while it was read" : systemError()
          failure = SafetensorsError(.unreadable, path: path, "cannot be read: \(reason)")
          return
        }
        done += got
      }
      initialized = count
    }
    if let failure { throw failure }
    return elements
  }

  /// The check sum of the whole file except a range, read in pieces.
  func checksum(leavingOut hole: Range<Int>) throws(SafetensorsError) -> Checksum {
    var sum = Checksum()
    for (start, end) in [(0, hole.lowerBound), (hole.upperBound, length)] {
      var offset = start
      while offset < end {
        let piece = try read(at: offset, UInt8.self, count: min(Self.pieceLength, end - offset))
        piece.withUnsafeBytes { sum.update($0) }
        offset += piece.count
      }
    }
    return sum
  }

  private static let pieceLength = 1 << 18
}

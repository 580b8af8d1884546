import Foundation

/// A file that grows by whole pieces at its end.
///
/// A piece is written by one call of the system where it takes it, and taken away again where it does not; what a crash
/// leaves of one is the reader's to recognise. For files that would be long to write anew each time.
public final class AppendedFile {
  /// As errors name it.
  public let path: String
  private let descriptor: Int32
  /// Bytes of whole pieces.
  private var length: off_t

  /// Opens a file that is there.
  ///
  /// - Throws: ``OutputError``, also where a link is in its place.
  public init(_ name: String, in folder: Folder) throws(OutputError) {
    path = folder.file(name)
    descriptor = folder.openToAppend(name)
    guard descriptor >= 0 else { throw Self.failure(path) }
    length = lseek(descriptor, 0, SEEK_END)
    guard length >= 0 else { throw Self.failure(path) }
  }

  deinit { close(descriptor) }

  /// Adds bytes at the end.
  ///
  /// - Throws: ``OutputError``; the file then ends as it did before.
  public func append(_ bytes: [UInt8]) throws(OutputError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = Self.failure(path)
        // Half a piece would hide all that comes after it.
        _ = ftruncate(descriptor, length)
        throw failure
      }
      written += count
    }
    length += off_t(bytes.count)
  }

  /// Waits until what was written is on the disk.
  public func flush() throws(OutputError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
  }

  private static func failure(_ path: String) -> OutputError {
    .writeFailed(path: path, reason: systemError())
  }
}

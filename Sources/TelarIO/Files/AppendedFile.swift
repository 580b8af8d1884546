import Foundation

/// A file that grows at its end, one record at a time.
///
/// A record is written by a single system call where possible and removed again when the write fails. A crash may leave
/// a partial record, which the reader has to recognise. For files that are too long to be rewritten for each record.
public final class AppendedFile {
  /// The path, for error messages.
  public let path: String
  private let descriptor: Int32
  /// Bytes of complete records.
  private var length: off_t

  /// Opens an existing file.
  ///
  /// - Throws: ``OutputError``, also for a symbolic link.
  public init(_ name: String, in folder: Folder) throws(OutputError) {
    path = folder.file(name)
    descriptor = folder.openToAppend(name)
    guard descriptor >= 0 else { throw Self.failure(path) }
    length = lseek(descriptor, 0, SEEK_END)
    guard length >= 0 else { throw Self.failure(path) }
  }

  deinit { close(descriptor) }

  /// Appends a record.
  ///
  /// - Throws: ``OutputError``; the file is then truncated to its former length.
  public func append(_ bytes: [UInt8]) throws(OutputError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = Self.failure(path)
        // A partial record would corrupt the ones that follow.
        _ = ftruncate(descriptor, length)
        throw failure
      }
      written += count
    }
    length += off_t(bytes.count)
  }

  /// Waits until everything written is on the disk.
  public func flush() throws(OutputError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
  }

  private static func failure(_ path: String) -> OutputError {
    .writeFailed(path: path, reason: systemError())
  }
}

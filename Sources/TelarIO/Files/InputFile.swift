import Foundation

/// Reading a whole small file at once.
public enum InputFile {
  /// The bytes of a regular file.
  ///
  /// - Parameter limit: the most bytes; a longer file is refused before it is read.
  /// - Throws: ``InputError``.
  public static func read(_ path: String, atMost limit: Int) throws(InputError) -> [UInt8] {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    try contents(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), path, atMost: limit)
  }

  /// The bytes of a regular file in a folder; a symbolic link is not followed.
  ///
  /// - Parameter limit: the most bytes; a longer file is refused before it is read.
  /// - Throws: ``InputError``.
  public static func read(_ name: String, in folder: Folder, atMost limit: Int) throws(InputError) -> [UInt8] {
    try contents(
      openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), folder.file(name),
      atMost: limit)
  }

  /// The length of a regular file from the result of opening it; closes any other file.
  ///
  /// - Parameter descriptor: negative when opening failed, with the reason in `errno`.
  static func length(_ descriptor: Int32, _ path: String) throws(InputError) -> Int {
    guard descriptor >= 0 else {
      let isMissing = errno == ENOENT || errno == ENOTDIR
      throw InputError(isMissing ? .missing : .unreadable, path: path, "cannot be opened: \(systemError())")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw InputError(.unreadable, path: path, "is not a regular file")
    }
    return Int(status.st_size)
  }

  /// Reads all bytes of a file from the result of opening it, and closes it.
  private static func contents(_ descriptor: Int32, _ path: String, atMost limit: Int) throws(InputError) -> [UInt8] {
    let length = try length(descriptor, path)
    defer { close(descriptor) }
    Self.noteRead(path)
    guard length <= limit else {
      throw InputError(.tooLong, path: path, "has \(length) bytes, more than the \(limit) allowed")
    }
    var failure: InputError?
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { memory, count in
      while count < length {
        let got = Foundation.read(descriptor, memory.baseAddress! + count, length - count)
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else {
          failure = InputError(.unreadable, path: path, "cannot be read: \(systemError())")
          return
        }
        // Another process truncated the file: return what it holds now.
        if got == 0 { return }
        count += got
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// A file that cannot be read.
public struct InputError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The file does not exist.
    case missing
    /// The file exists and cannot be read.
    case unreadable
    /// The file is longer than its format allows.
    case tooLong
  }

  public var kind: Kind
  public var path: String
  public var problem: String

  public init(_ kind: Kind, path: String, _ problem: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}

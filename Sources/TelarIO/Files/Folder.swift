import Foundation

/// An open folder. Operations go to this folder even when its path is renamed or replaced meanwhile.
///
/// Names are single path components. A name that is a symbolic link is never followed.
public final class Folder: Sendable {
  public let path: String
  let descriptor: Int32

  private init(_ path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a folder, following a symbolic link.
  ///
  /// - Throws: ``OutputError``.
  public convenience init(_ path: String) throws(OutputError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: systemError()) }
    self.init(path, descriptor: descriptor)
  }

  /// Opens a folder, creating it and its parents where they are missing.
  ///
  /// - Throws: ``OutputError``.
  public convenience init(making path: String) throws(OutputError) {
    try AtomicFile.makeFolder(path)
    try self.init(path)
  }

  deinit { close(descriptor) }

  /// Opens a subfolder, creating it where it is missing.
  ///
  /// - Parameter mode: permissions of a new folder, reduced by the umask.
  /// - Throws: ``OutputError``, also for a symbolic link.
  public func folder(_ name: String, mode: mode_t = 0o755) throws(OutputError) -> Folder {
    try check(name)
    guard mkdirat(descriptor, name, mode) == 0 || errno == EEXIST else {
      throw .cannotCreate(path: file(name), reason: systemError())
    }
    guard let folder = try existingFolder(name) else {
      throw .cannotCreate(path: file(name), reason: "it was removed at the same time")
    }
    return folder
  }

  /// Opens a subfolder; `nil` where there is none.
  ///
  /// - Throws: ``OutputError`` when it cannot be opened, or is a symbolic link or a file.
  public func existingFolder(_ name: String) throws(OutputError) -> Folder? {
    try check(name)
    let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if opened >= 0 { return Folder(file(name), descriptor: opened) }
    let (code, problem) = (errno, systemError())
    if code == ENOENT { return nil }
    let reason =
      switch status(of: name).map({ $0.st_mode & S_IFMT }) {
      case S_IFLNK: "it is a symbolic link, and none is followed there"
      case S_IFDIR, nil: problem
      default: "there is a file of that name"
      }
    throw .cannotCreate(path: file(name), reason: reason)
  }

  /// The path of a file in the folder, for messages.
  public func file(_ name: String) -> String {
    path == "." ? name : path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }

  /// Whether the name exists, also as a dangling symbolic link.
  public func has(_ name: String) -> Bool { status(of: name) != nil }

  /// The `stat` of a name, without following a symbolic link; `nil` where it does not exist.
  public func status(of name: String) -> stat? {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  /// The `stat` of the folder.
  public var status: stat {
    var status = stat()
    fstat(descriptor, &status)
    return status
  }

  /// The names in the folder, in no particular order.
  public var names: [String] {
    // The stream closes this descriptor, and has a read position of its own.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let stream = fdopendir(copy) else {
      close(copy)
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes a file or a symbolic link; does nothing for a folder or a missing name.
  public func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  /// Removes an empty subfolder.
  public func removeFolder(_ name: String) { unlinkat(descriptor, name, AT_REMOVEDIR) }

  /// Writes a file atomically, replacing an existing one.
  ///
  /// - Throws: ``OutputError``; an existing file is then unchanged.
  public func write(_ bytes: [UInt8], to name: String) throws(OutputError) {
    try AtomicFile.write([(folder: self, name: name, bytes: bytes)])
  }

  /// Opens an existing file for appending.
  ///
  /// - Returns: a descriptor that the caller closes; negative on failure, with `errno` set.
  public func openToAppend(_ name: String) -> Int32 {
    openat(descriptor, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
  }

  func check(_ name: String) throws(OutputError) {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else { throw .cannotCreate(path: file(name), reason: "that is no name of a file") }
  }
}

/// The message for `errno`.
package func systemError() -> String { String(cString: strerror(errno)) }

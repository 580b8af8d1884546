import Foundation

/// A folder that is held open, so that what is done in it stays in it, whatever becomes of its path meanwhile.
///
/// Names are those of single files and folders in it. A name that is a symbolic link is never followed.
public final class Folder: Sendable {
  public let path: String
  let descriptor: Int32

  private init(_ path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a folder that the user names, which may be a link to one.
  ///
  /// - Throws: ``OutputError``.
  public convenience init(_ path: String) throws(OutputError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: systemError()) }
    self.init(path, descriptor: descriptor)
  }

  /// Opens a folder that the user names, which is made where it is missing, with those above it.
  ///
  /// - Throws: ``OutputError``.
  public convenience init(making path: String) throws(OutputError) {
    try AtomicFile.makeFolder(path)
    try self.init(path)
  }

  deinit { close(descriptor) }

  /// A folder in this one, which is made where it is missing.
  ///
  /// - Parameter mode: permissions of one that is made, less the user's mask.
  /// - Throws: ``OutputError``, also where a link is of that name.
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

  /// A folder in this one; `nil` where there is none of that name.
  ///
  /// - Throws: ``OutputError`` where it cannot be opened, or a link or a file is of that name.
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

  /// The path of a file in the folder, as messages have it.
  public func file(_ name: String) -> String {
    path == "." ? name : path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }

  /// Whether there is anything of that name, be it a link that leads nowhere.
  public func has(_ name: String) -> Bool { status(of: name) != nil }

  /// What the system says of a file in the folder, of a link itself; `nil` where there is none.
  public func status(of name: String) -> stat? {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  /// What the system says of the folder.
  public var status: stat {
    var status = stat()
    fstat(descriptor, &status)
    return status
  }

  /// The names of what is in the folder, in no order.
  public var names: [String] {
    // A descriptor of its own, which the stream closes and whose place in the folder nobody shares.
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

  /// Removes a file, or a link itself; what is not there or no file stays so.
  public func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  /// Removes a folder in this one when nothing is in it.
  public func removeFolder(_ name: String) { unlinkat(descriptor, name, AT_REMOVEDIR) }

  /// Writes a file, replacing one of that name, whole or not at all.
  ///
  /// - Throws: ``OutputError``; the file that was there before, if any, is then untouched.
  public func write(_ bytes: [UInt8], to name: String) throws(OutputError) {
    try AtomicFile.write([(folder: self, name: name, bytes: bytes)])
  }

  /// Opens a file that is there to add to its end.
  ///
  /// - Returns: a descriptor for the caller to close; below zero for an error, with the reason in `errno`.
  public func openToAppend(_ name: String) -> Int32 {
    openat(descriptor, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
  }

  func check(_ name: String) throws(OutputError) {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else { throw .cannotCreate(path: file(name), reason: "that is no name of a file") }
  }
}

/// What the system says of its last error.
func systemError() -> String { String(cString: strerror(errno)) }

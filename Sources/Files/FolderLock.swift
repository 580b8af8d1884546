import Foundation

/// Keeps other processes from working in a folder, for as long as it lives; the system lets go of it when the process
/// ends, however it does.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the folder.
  ///
  /// - Throws: ``OutputError/cannotCreate(path:reason:)`` when another process has it.
  public init(_ path: String) throws {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw OutputError.cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    // File systems without locks, as some networks have them, are not a reason to refuse.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw OutputError.cannotCreate(path: path, reason: "another process is working there now")
    }
  }

  deinit { close(descriptor) }
}

import Foundation

/// An exclusive lock on a folder, held until it is deinitialized. The system releases it when the process ends in any
/// way.
public final class FolderLock {
  private let descriptor: Int32

  /// Locks the folder.
  ///
  /// - Throws: ``OutputError/cannotCreate(path:reason:)`` when another process holds the lock.
  public init(_ folder: Folder) throws(OutputError) {
    // A descriptor of its own: closing a descriptor releases the locks taken through it.
    descriptor = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotCreate(path: folder.path, reason: systemError()) }
    // File systems without locks, such as some network file systems, are used without one.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw .cannotCreate(path: folder.path, reason: "another process is working there now")
    }
  }

  deinit { close(descriptor) }
}

import Foundation

/// Keeps other processes from working in a folder, for as long as it lives; the system lets go of it when the process
/// ends, however it does.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the folder.
  ///
  /// - Throws: ``OutputError/cannotCreate(path:reason:)`` when another process has it.
  public init(_ folder: Folder) throws(OutputError) {
    // Opened once more: a lock is let go of with the descriptor that it was taken by.
    descriptor = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotCreate(path: folder.path, reason: systemError()) }
    // File systems without locks, as some networks have them, are not a reason to refuse.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw .cannotCreate(path: folder.path, reason: "another process is working there now")
    }
  }

  deinit { close(descriptor) }
}

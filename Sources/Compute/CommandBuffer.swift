/// Commands that a device has recorded, to be enqueued again as they are: the same kernels with the same arguments on the
/// same memory.
public protocol CommandBuffer: AnyObject {
  /// Launches in it.
  var launchCount: Int { get }

  /// Enqueues the commands.
  ///
  /// - Throws: ``DeviceError/driver(device:call:code:kernel:)``.
  func enqueue() throws
}

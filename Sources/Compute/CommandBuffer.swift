/// Commands that a device has recorded, to be enqueued again as they are: the same kernels with the same arguments on the
/// same memory.
public protocol CommandBuffer: AnyObject {
  /// Whether it can be enqueued. A device that runs out of memory takes back that of its recordings.
  var isUsable: Bool { get }

  /// Enqueues the commands.
  ///
  /// - Precondition: ``isUsable``.
  /// - Throws: ``DeviceError/driver(device:call:code:kernel:)``.
  func enqueue() throws
}

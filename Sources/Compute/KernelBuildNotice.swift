import Synchronization

/// Tells a program that a driver has begun to compile kernels, which can take it a minute the first time.
public enum KernelBuildNotice {
  private static let handler = Mutex<(@Sendable (_ device: String) -> Void)?>(nil)

  /// Sets what is called, once for each device that is opened, before the first kernel is compiled by its driver; not
  /// for kernels that come from the cache.
  public static func observe(_ handler: @escaping @Sendable (_ device: String) -> Void) {
    self.handler.withLock { $0 = handler }
  }

  static func post(_ device: String) { handler.withLock { $0 }?(device) }
}

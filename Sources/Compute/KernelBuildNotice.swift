import Synchronization

/// Reports that a driver compiles kernels, which can take a minute the first time.
public enum KernelBuildNotice {
  private static let handler = Mutex<(@Sendable (_ device: String) -> Void)?>(nil)

  /// Sets the handler, which is called once for each opened device, before its driver compiles the first kernel.
  /// Kernels from the cache do not count.
  public static func observe(_ handler: @escaping @Sendable (_ device: String) -> Void) {
    self.handler.withLock { $0 = handler }
  }

  static func post(_ device: String) { handler.withLock { $0 }?(device) }
}

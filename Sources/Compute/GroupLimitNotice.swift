import Synchronization

/// Reports that a driver runs kernels of the tile family in small work-groups only, so that smaller tiles are used.
public enum GroupLimitNotice {
  public typealias Handler = @Sendable (_ device: String, _ kernel: String, _ limit: Int) -> Void

  private static let handler = Mutex<Handler?>(nil)

  /// Sets the handler, which is called when a device's limit becomes known.
  public static func observe(_ handler: @escaping Handler) { self.handler.withLock { $0 = handler } }

  static func post(_ device: String, kernel: String, limit: Int) { handler.withLock { $0 }?(device, kernel, limit) }
}

import Synchronization

/// Reports that a cache is not used because other users could have written to it.
public enum CacheNotice {
  private struct State {
    var handler: (@Sendable (_ path: String, _ reason: String) -> Void)?
    var posted: Set<String> = []
  }

  private static let state = Mutex(State())

  /// Sets the handler, which is called once for each folder or file.
  public static func observe(_ handler: @escaping @Sendable (_ path: String, _ reason: String) -> Void) {
    state.withLock { $0.handler = handler }
  }

  static func post(_ path: String, _ reason: String) {
    let handler = state.withLock { $0.posted.insert(path).inserted ? $0.handler : nil }
    handler?(path, reason)
  }
}

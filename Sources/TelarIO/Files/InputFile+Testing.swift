import Synchronization

extension InputFile {
  private static let observers = Mutex<[Int: @Sendable (String) -> Void]>([:])

  /// Runs `body` while `observer` is called with the path of each file that is read whole, by any thread.
  package static func observed<Result>(
    by observer: @escaping @Sendable (String) -> Void, _ body: () throws -> Result
  ) rethrows -> Result {
    let key = observers.withLock { observers in
      let key = (observers.keys.max() ?? 0) + 1
      observers[key] = observer
      return key
    }
    defer { observers.withLock { observers in observers[key] = nil } }
    return try body()
  }

  /// Tells the observers that the file at `path` was read.
  static func noteRead(_ path: String) {
    for observer in observers.withLock({ Array($0.values) }) { observer(path) }
  }
}
